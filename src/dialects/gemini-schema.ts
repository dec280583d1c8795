import { camelOf } from './gemini-words.ts'
import { type Fields, fields, isFields, list } from './loose-json.ts'

/** Keywords whose value is a number that protobuf writes as text. */
const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

/** Google's `Schema` (OpenAPI 3.0, types in capitals, `nullable`) as JSON Schema. */
export function jsonSchema(schema: Fields): Fields {
  const made: Record<string, unknown> = {}
  let nullable = false
  for (const [written, value] of Object.entries(schema)) {
    const name = camelOf(written)
    if (value === undefined || value === null || name === 'propertyOrdering') continue
    if (name === 'nullable') nullable = value === true
    else if (name === 'type') made.type = typeof value === 'string' ? value.toLowerCase() : value
    else if (name === 'properties')
      made.properties = Object.fromEntries(
        Object.entries(fields(value)).map(([key, inner]) => [key, jsonSchema(fields(inner))]),
      )
    else if (name === 'items' || name === 'additionalProperties')
      made[name] = isFields(value) ? jsonSchema(value) : value
    else if (name === 'anyOf' || name === 'oneOf' || name === 'allOf' || name === 'prefixItems')
      made[name] = list(value).map((inner) => jsonSchema(fields(inner)))
    else if (name === 'example') made.examples = [value]
    else if (name === 'format' && value === 'enum') continue
    else made[name] = COUNTS.has(name) ? Number(value) : value
  }
  if (made.type === 'type_unspecified') delete made.type
  if (nullable && typeof made.type === 'string') made.type = [made.type, 'null']
  if (nullable && Array.isArray(made.enum)) made.enum = [...made.enum, null]
  return made
}
