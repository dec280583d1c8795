import * as z from 'zod'
import { metadata, name } from '../text.ts'

/** What fits a bigint of nano-USD. */
const MAX_USD = 9_000_000_000
const MAX_INTEGER = 2_147_483_647

export const usd = z.number().nonnegative().max(MAX_USD)
export const count = z.int().nonnegative().max(MAX_INTEGER)
const tokens = z.int().nonnegative()

/** One of several windows that hold at once. */
const budgetWindow = z.strictObject({ budget_duration: name, max_budget: usd })

/** A budget for one model: LiteLLM writes it in two ways. */
const modelBudget = z.strictObject({
  budget_limit: usd.optional(),
  max_budget: usd.optional(),
  time_period: name.optional(),
  budget_duration: name.optional(),
})

/** Limits that a template may have too. */
export const templateLimits = {
  max_budget: usd.nullish(),
  budget_duration: name.nullish(),
  soft_budget: usd.nullish(),
  model_max_budget: z.record(name, modelBudget).nullish(),
  rpm_limit: count.nullish(),
  tpm_limit: tokens.nullish(),
  max_parallel_requests: count.nullish(),
}

/** The limits of everything that has some, as a new one may have them; null is as good as absent. */
export const newLimits = {
  ...templateLimits,
  models: z.array(name).max(1_000).nullish(),
  budget_limits: z.array(budgetWindow).max(10).nullish(),
  budget_id: name.nullish(),
  model_rpm_limit: z.record(name, count).nullish(),
  model_tpm_limit: z.record(name, tokens).nullish(),
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

const limitType = z.enum(['best_effort_throughput', 'guaranteed_throughput', 'dynamic']).nullish()

/** Whether limits are promised to be there: of keys within their team, of teams within their organization. */
export const limitTypes = { rpm_limit_type: limitType, tpm_limit_type: limitType }

/** A limit that is higher for a while: both or neither. */
export const temporary = {
  temp_budget_increase: usd.nullish(),
  temp_budget_expiry: z
    .union([z.iso.datetime({ offset: true, local: true }), z.iso.date()])
    .nullish()
    .transform((text) =>
      text == null ? text : Date.parse(/[zZ]|[+-]\d\d:\d\d$|^[\d-]+$/.test(text) ? text : `${text}Z`),
    ),
}

export type TemplateFields = { readonly [F in keyof typeof templateLimits]?: z.output<(typeof templateLimits)[F]> }
export type LimitFields = { readonly [F in keyof typeof newLimits]?: z.output<(typeof newLimits)[F]> } & {
  readonly allowed_cache_controls?: readonly string[] | null | undefined
  readonly allowed_ips?: readonly string[] | null | undefined
  readonly enforced_params?: readonly string[] | null | undefined
  readonly object_permission?: { readonly vector_stores?: readonly string[] | null | undefined } | null | undefined
  readonly rpm_limit_type?: string | null | undefined
  readonly tpm_limit_type?: string | null | undefined
  readonly temp_budget_increase?: number | null | undefined
  readonly temp_budget_expiry?: number | null | undefined
}

const perModel = z.record(z.string(), z.number()).nullable()

/** The answer's half of the same fields. */
export const shownLimits = {
  models: z.array(z.string()),
  spend: z.number(),
  max_budget: z.number().nullable(),
  soft_budget: z.number().nullable(),
  budget_duration: z.string().nullable(),
  budget_reset_at: z.string().nullable(),
  budget_limits: z.array(z.record(z.string(), z.unknown())),
  model_max_budget: z.record(z.string(), z.record(z.string(), z.unknown())),
  budget_id: z.string().nullable(),
  rpm_limit: z.number().nullable(),
  tpm_limit: z.number().nullable(),
  max_parallel_requests: z.number().nullable(),
  model_rpm_limit: perModel,
  model_tpm_limit: perModel,
  rpm_limit_type: z.string().nullable(),
  tpm_limit_type: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  blocked: z.boolean(),
  created_at: z.string(),
  created_by: z.string().nullable(),
  updated_at: z.string(),
  updated_by: z.string().nullable(),
}
