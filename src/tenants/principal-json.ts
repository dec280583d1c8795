import * as z from 'zod'
import type { Principal } from './principal.ts'

const nano = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt)

const level = z.enum(['key', 'user', 'team', 'org', 'customer'])

const principal = z.object({
  kind: z.literal('key'),
  role: z.enum(['proxy_admin', 'internal_user']),
  keyId: z.string(),
  keyHash: z.string(),
  keyName: z.string(),
  keyAlias: z.string().exactOptional(),
  userId: z.string().exactOptional(),
  teamId: z.string().exactOptional(),
  teamAlias: z.string().exactOptional(),
  organizationId: z.string().exactOptional(),
  ledger: z.string(),
  models: z.array(z.object({ level, names: z.array(z.string()) })),
  scopes: z.array(
    z.object({
      name: z.string(),
      duration: z.string(),
      timeZone: z.string(),
      anchorMs: z.number(),
      limited: z.boolean(),
      model: z.string().exactOptional(),
    }),
  ),
  limits: z.array(
    z.object({
      entity: z.string(),
      rpm: z.number().exactOptional(),
      tpm: z.number().exactOptional(),
      maxParallel: z.number().exactOptional(),
      model: z.string().exactOptional(),
    }),
  ),
  blocked: level.exactOptional(),
  expiresAtMs: z.number().exactOptional(),
  maxBudgetNano: nano.exactOptional(),
  spendNano: nano,
  metadata: z.record(z.string(), z.unknown()),
  readAtMs: z.number(),
})

export function principalToJson(value: Principal): string {
  return JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? String(field) : field))
}

/** Undefined for anything that is not a principal of this version: an old copy is a miss. */
export function principalFromJson(text: string): Principal | undefined {
  try {
    const parsed = principal.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
