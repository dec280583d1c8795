import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { keyNameOf } from '../../tenants/key-text.ts'
import { name } from '../text.ts'
import { changedLimits, limitTypes, shownLimits, temporary } from './fields.ts'

/** A key or its hash, as the caller writes it. */
export const keyText = z.string().min(1).max(512)
export const customKey = z
  .string()
  .max(512)
  .regex(/^sk-[\x21-\x7e]+$/, "must start with 'sk-' and have no spaces")

/** What a change of a key may say. */
export const changes = {
  key_alias: name.nullish(),
  user_id: name.nullish(),
  team_id: name.nullish(),
  organization_id: name.nullish(),
  duration: name.nullish(),
  ...changedLimits,
  ...limitTypes,
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
