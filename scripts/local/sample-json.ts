import * as z from 'zod'

const schemaPart = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).min(1).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  minItems: z.number().optional(),
  minimum: z.number().optional(),
  anyOf: z.array(z.unknown()).min(1).optional(),
  oneOf: z.array(z.unknown()).min(1).optional(),
  $ref: z.string().optional(),
})

/** A value that fits a JSON schema, as far as its shape goes; `text` fills the strings. */
export function sampleJson(schema: unknown, text: string, root: unknown = schema, depth = 0): unknown {
  const parsed = schemaPart.safeParse(schema)
  if (!parsed.success || depth > 8) return text
  const part = parsed.data
  const inner = (next: unknown) => sampleJson(next, text, root, depth + 1)
  if (part.$ref !== undefined) return inner(resolvePointer(root, part.$ref))
  if (part.const !== undefined) return part.const
  if (part.default !== undefined) return part.default
  if (part.enum) return part.enum[0]
  const choice = part.anyOf?.[0] ?? part.oneOf?.[0]
  if (choice !== undefined) return inner(choice)
  const type = Array.isArray(part.type) ? part.type[0] : (part.type ?? (part.properties ? 'object' : 'string'))
  switch (type) {
    case 'object':
      return Object.fromEntries(Object.entries(part.properties ?? {}).map(([name, next]) => [name, inner(next)]))
    case 'array':
      return Array.from({ length: Math.max(1, part.minItems ?? 1) }, () => inner(part.items ?? {}))
    case 'integer':
    case 'number':
      return Math.max(1, part.minimum ?? 1)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return text
  }
}

function resolvePointer(root: unknown, ref: string): unknown {
  let found: unknown = root
  for (const step of ref.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    found = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[step] : undefined
  }
  return found
}
