import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { keyNameOf } from '../../tenants/key-text.ts'
import type { Changes } from '../../tenants/port.ts'
import { routeGroups } from '../may-call.ts'
import { name } from '../text.ts'
import { changedLimits, limitTypes, shownLimits, temporary } from './fields.ts'
import { allowedIps, bound } from './governed.ts'

/** A key or its hash, as the caller writes it. */
export const keyText = z.string().min(1).max(512)
export const customKey = z
  .string()
  .max(512)
  .regex(/^sk-[\x21-\x7e]+$/, "must start with 'sk-' and have no spaces")

const allowedRoute = name.refine(
  (text) => text.startsWith('/') || routeGroups.includes(text),
  `is a path, or one of: ${routeGroups.join(', ')}`,
)
const TYPES = {
  default: [],
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
} as const

/** What a key may call, and by which names it may call models. */
export const reach = {
  aliases: z.record(name, name).nullish(),
  allowed_routes: z.array(allowedRoute).max(100).nullish(),
  key_type: z.enum(['default', 'llm_api', 'management', 'read_only']).nullish(),
}

/** `key_type` is a word for some routes; who names routes says more. */
export function reachOf({
  aliases,
  allowed_routes: routes,
  key_type: type,
}: {
  readonly [F in keyof typeof reach]?: z.output<(typeof reach)[F]>
}): Pick<Changes<'key'>, 'aliases' | 'allowedRoutes'> {
  return { aliases, allowedRoutes: routes?.length ? routes : type ? TYPES[type] : (routes ?? undefined) }
}

/** What a change of a key may say. */
export const changes = {
  key_alias: name.nullish(),
  user_id: name.nullish(),
  team_id: name.nullish(),
  organization_id: name.nullish(),
  duration: name.nullish(),
  ...reach,
  ...changedLimits,
  ...limitTypes,
  ...bound,
  ...allowedIps,
  ...temporary,
}

export type ChangeFields = z.output<z.ZodObject<typeof changes>>

export const shown = z.object({
  key_name: z.string(),
  key_alias: z.string().nullable(),
  user_id: z.string().nullable(),
  team_id: z.string().nullable(),
  organization_id: z.string().nullable(),
  expires: z.string().nullable(),
  aliases: z.record(z.string(), z.string()),
  allowed_routes: z.array(z.string()),
  allowed_cache_controls: z.array(z.string()),
  allowed_ips: z.array(z.string()),
  enforced_params: z.array(z.string()),
  object_permission: z.object({ vector_stores: z.array(z.string()) }).nullable(),
  ...shownLimits,
  temp_budget_increase: z.number().nullable(),
  temp_budget_expiry: z.string().nullable(),
})
export const made = shown.extend({ key: z.string(), token: z.string(), token_id: z.string() })

export const notFound = (key: string) =>
  new GatewayError('not_found', `Key not found in database: ${shortened(key)}. GET /key/list lists the keys.`, {
    param: 'key',
  })

/** A hash may be repeated to its asker, a key may not. */
const shortened = (key: string) => (/^[0-9a-f]{64}$/.test(key) ? key : keyNameOf(key))
