import * as z from 'zod'
import type { Copy, KnownGeneration } from './port.ts'
import { roles } from './principal.ts'

const nano = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt)

const level = z.enum(['key', 'user', 'team', 'org', 'customer'])

const models = z.array(z.object({ level, names: z.array(z.string()) }))
const scopes = z.array(
  z.object({
    name: z.string(),
    duration: z.string(),
    timeZone: z.string(),
    anchorMs: z.number(),
    limited: z.boolean(),
    model: z.string().exactOptional(),
  }),
)
const limits = z.array(
  z.object({
    entity: z.string(),
    rpm: z.number().exactOptional(),
    tpm: z.number().exactOptional(),
    maxParallel: z.number().exactOptional(),
    dynamic: z.array(z.enum(['rpm', 'tpm'])).exactOptional(),
    model: z.string().exactOptional(),
  }),
)

export const principal = z.object({
  kind: z.literal('key'),
  role: z.enum(roles),
  keyId: z.string(),
  keyHash: z.string(),
  keyName: z.string(),
  keyAlias: z.string().exactOptional(),
  userId: z.string().exactOptional(),
  teamId: z.string().exactOptional(),
  teamAlias: z.string().exactOptional(),
  organizationId: z.string().exactOptional(),
  ledger: z.string(),
  models,
  scopes,
  limits,
  aliases: z.array(z.record(z.string(), z.string())).exactOptional(),
  allowedRoutes: z.array(z.string()).exactOptional(),
  teamRole: z.enum(['admin', 'user']).exactOptional(),
  teamPermissions: z.array(z.string()).exactOptional(),
  allowedCacheControls: z.array(z.string()).exactOptional(),
  enforcedParams: z.array(z.string()).exactOptional(),
  vectorStores: z.array(z.object({ level: z.enum(['key', 'team']), ids: z.array(z.string()) })).exactOptional(),
  allowedIps: z.array(z.string()).exactOptional(),
  ownTags: z.array(z.string()).exactOptional(),
  blocked: level.exactOptional(),
  expiresAtMs: z.number().exactOptional(),
  maxBudgetNano: nano.exactOptional(),
  spendNano: nano,
  metadata: z.record(z.string(), z.unknown()),
  readAtMs: z.number(),
})

export const standing = z.object({
  scopes,
  limits,
  models,
  blocked: level.exactOptional(),
  region: z.string().exactOptional(),
})

const generation = z.object({
  number: z.int().nonnegative(),
  changed: z.array(z.object({ number: z.int(), ids: z.array(z.string()) })),
  readAtMs: z.number(),
})

export function copyToJson(copy: Copy<unknown>): string {
  return JSON.stringify(copy, (_, field) => (typeof field === 'bigint' ? String(field) : field))
}

/** Undefined for anything that is not a copy of this version: an old one is a miss. */
export function copyFromJson<T>(value: z.ZodType<T>, text: string): Copy<T> | undefined {
  const copy = z.object({ value, names: z.array(z.string()), generation: z.int(), readAtMs: z.number() })
  return parsed(copy, text)
}

export function generationFromJson(text: string): KnownGeneration | undefined {
  return parsed(generation, text)
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(text))
    return result.success ? result.data : undefined
  } catch {
    return undefined
  }
}
