import * as z from 'zod'
import { metadata, name } from '../text.ts'

/** What fits a bigint of nano-USD. */
const MAX_USD = 9_000_000_000
const MAX_INTEGER = 2_147_483_647

const usd = z.number().nonnegative().max(MAX_USD)

/** The limits of keys, teams and organizations, as a new one may have them; null is as good as absent. */
export const newLimits = {
  models: z.array(name).max(1_000).nullish(),
  max_budget: usd.nullish(),
  budget_duration: name.nullish(),
  rpm_limit: z.int().nonnegative().max(MAX_INTEGER).nullish(),
  tpm_limit: z.int().nonnegative().nullish(),
  metadata: metadata.nullish(),
  blocked: z.boolean().nullish(),
}

/** The same where they may change: absent leaves, null takes away; what has no null is given or left. */
export const changedLimits = {
  ...newLimits,
  models: z.array(name).max(1_000).optional(),
  metadata: metadata.optional(),
  blocked: z.boolean().optional(),
}

export interface LimitFields {
  readonly models?: readonly string[] | null | undefined
  readonly max_budget?: number | null | undefined
  readonly budget_duration?: string | null | undefined
  readonly rpm_limit?: number | null | undefined
  readonly tpm_limit?: number | null | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined
  readonly blocked?: boolean | null | undefined
}

/** The answer's half of the same fields. */
export const shownLimits = {
  models: z.array(z.string()),
  spend: z.number(),
  max_budget: z.number().nullable(),
  budget_duration: z.string().nullable(),
  budget_reset_at: z.string().nullable(),
  rpm_limit: z.number().nullable(),
  tpm_limit: z.number().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  blocked: z.boolean(),
  created_at: z.string(),
  created_by: z.string().nullable(),
  updated_at: z.string(),
  updated_by: z.string().nullable(),
}
