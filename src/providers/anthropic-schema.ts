import { type Fields, fields, isFields, list } from '../dialects/loose-json.ts'

/** The name of the tool that carries an answer in a given form, where the model has no other way to keep it. LiteLLM's. */
export const ANSWER_TOOL = 'json_tool_call'

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])
/** Words of JSON Schema that only narrow a value: the grammar lacks them, so the model reads them as a description. */
const NARROWING = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]
/** Words that change what a value is: a schema with one of them cannot be a grammar. */
const BEYOND = [
  'not',
  'if',
  'patternProperties',
  'propertyNames',
  'dependentSchemas',
  'dependentRequired',
  'prefixItems',
  'contains',
  'unevaluatedProperties',
  'additionalItems',
]

/**
 * A JSON schema in the part of the language that the vendor makes grammars of; undefined when it says more than a grammar
 * can hold (recursion, free keys, `not`). Bounds on numbers and lengths move into descriptions, as in the vendor's SDKs.
 */
export function grammarOf(schema: Fields): Fields | undefined {
  if (isRecursive(schema)) return undefined
  try {
    return rewritten(schema)
  } catch (error) {
    if (error instanceof Beyond) return undefined
    throw error
  }
}

class Beyond extends Error {}

function rewritten(schema: Fields): Fields {
  if (BEYOND.some((word) => schema[word] !== undefined)) throw new Beyond()
  const isObject = schema.type === 'object' || isFields(schema.properties)
  const free = schema.additionalProperties
  if (isObject && free !== undefined && free !== false) throw new Beyond()
  if (isObject && !isFields(schema.properties) && free !== false) throw new Beyond()
  if (typeof schema.$ref === 'string' && !schema.$ref.startsWith('#')) throw new Beyond()
  if (list(schema.enum).some((value) => typeof value === 'object' && value !== null)) throw new Beyond()
  const told: string[] = []
  const kept: Record<string, unknown> = {}
  for (const [word, value] of Object.entries(schema)) {
    if (NARROWING.includes(word) || (word === 'minItems' && value !== 0 && value !== 1))
      told.push(`${word}: ${JSON.stringify(value)}`)
    else if (word === 'format' && !FORMATS.has(String(value))) told.push(`format: ${String(value)}`)
    else if (word === 'properties' || word === '$defs' || word === 'definitions') kept[word] = eachOf(value)
    else if (word === 'anyOf' || word === 'allOf') kept[word] = list(value).map(within)
    else if (word === 'oneOf') kept.anyOf = list(value).map(within)
    else if (word === 'items') kept[word] = within(value)
    else if (word !== '$schema' && word !== '$id') kept[word] = value
  }
  if (isObject) kept.additionalProperties = false
  if (told.length > 0)
    kept.description = [schema.description, `(${told.join(', ')})`].filter((one) => typeof one === 'string').join(' ')
  return kept
}

function within(schema: unknown): unknown {
  if (!isFields(schema)) throw new Beyond()
  return rewritten(schema)
}

function eachOf(schemas: unknown): Fields {
  return Object.fromEntries(Object.entries(fields(schemas)).map(([key, schema]) => [key, within(schema)]))
}

/** Whether a definition leads back to itself, or anything to the whole. */
function isRecursive(root: Fields): boolean {
  const visiting = new Set<string>()
  const walk = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(walk)
    if (!isFields(value)) return false
    const { $ref: ref, $defs, definitions, ...rest } = value
    if (typeof ref === 'string' && ref.startsWith('#')) {
      if (ref === '#' || visiting.has(ref)) return true
      visiting.add(ref)
      const leads = walk(target(root, ref))
      visiting.delete(ref)
      if (leads) return true
    }
    return Object.values(rest).some(walk) || (value !== root && [$defs, definitions].some(walk))
  }
  return walk(root)
}

function target(root: Fields, ref: string): unknown {
  return ref
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => fields(at)[key.replaceAll('~1', '/').replaceAll('~0', '~')], root)
}
