import type { Price } from '../prices/price.ts'

/** A value of the file that names an environment variable (`os.environ/NAME`). Stays a reference until it is used. */
export interface EnvRef {
  readonly env: string
  /** What it means where the variable is not set; the empty text says that nothing is needed. */
  readonly otherwise?: string
}

export type Text = string | EnvRef
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** One way to reach a model: a row of `model_list`, resolved as far as the file alone can resolve it. */
export interface Deployment {
  /** `model_info.id`, else SHA-256 of group and params, so that it survives restarts. */
  readonly id: string
  /** `model_name`: what callers ask for. */
  readonly group: string
  /** The registry's name of the vendor (`openai`, `hosted_vllm`, …). */
  readonly provider: string
  /** The model's name at the vendor, without the provider's prefix. */
  readonly model: string
  readonly apiKey?: Text
  readonly apiBase?: Text
  readonly organization?: Text
  readonly extraHeaders?: Readonly<Record<string, Text>>
  /** Provider parameters given in the file: sent unless the request says otherwise (`temperature`, `extra_body`, …). */
  readonly params: { readonly [key: string]: Json }
  /** Absent when nobody knows: then budgeted callers are refused. */
  readonly price?: Price
  readonly maxInputTokens?: number
  readonly maxOutputTokens?: number
  readonly mode: string
  readonly weight?: number
  readonly rpm?: number
  readonly tpm?: number
  readonly timeoutMs?: number
  readonly streamTimeoutMs?: number
  readonly tags?: readonly string[]
  /** Why it takes no requests, as far as the file alone tells (a vendor not built yet). */
  readonly disabled?: string
}

export interface Notice {
  readonly level: 'error' | 'warning' | 'notice' | 'advice'
  /** `litellm_settings.cache_params.ttl`. */
  readonly path: string
  readonly line?: number
  readonly message: string
}

/**
 * What `config.yaml` says, validated, with defaults applied, as one plain value made at build time. LiteLLM keys that
 * are not active yet are not here; they stand in `notices`.
 */
export interface Config {
  /** SHA-256 of the file, short: names the configuration in logs and at `/health/readiness`. */
  readonly version: string
  readonly priceVersion: string
  readonly deployments: readonly Deployment[]
  readonly router: {
    readonly timeoutMs: number
    readonly streamTimeoutMs?: number
    /** Whom to ask when a group has failed, by group or `*`: groups in their order. */
    readonly fallbacks?: Readonly<Record<string, readonly string[]>>
    /** Other names for groups. */
    readonly modelGroupAlias: Readonly<Record<string, string>>
    /** Those of them that work and are not listed. */
    readonly hiddenAliases?: readonly string[]
  }
  readonly litellm: {
    readonly dropParams: boolean
    /** Of budget windows (`timezone`, IANA). */
    readonly timeZone: string
    /** What a new user may spend, where its maker does not say (`max_internal_user_budget`). */
    readonly newUserBudget?: { readonly limitUsd: number; readonly duration?: string }
    /** What all keys together may spend (`max_budget`). */
    readonly budget?: { readonly limitUsd: number; readonly duration: string }
    /** What a customer without a budget of its own may spend (`max_end_user_budget`). */
    readonly customerUsd?: number
    /** The same by the name of a budget (`max_end_user_budget_id`). */
    readonly customerBudgetId?: string
  }
  readonly general: {
    readonly masterKey: Text
    readonly databaseUrl: Text
    readonly redisUrl: Text
    readonly redisToken: Text
    readonly allowRequestsOnDbUnavailable: boolean
    readonly keyHeaderName?: string
    readonly maxRequestBytes: number
    /** The longest a call may last; also the hold's deadline. */
    readonly totalTimeoutMs: number
  }
  /** The ledger's times (slices.md §5); shortened by proofs. */
  readonly ledger: LedgerSettings
  /** `environment_variables` of the file: what a reference finds where the environment itself has nothing. */
  readonly environment: Readonly<Record<string, Text>>
  readonly notices: readonly Notice[]
}

export interface LedgerSettings {
  /** How long a grant may wait before it starts. */
  readonly grantLifeMs: number
  /** Added to the longest call for `settle_by`. */
  readonly skewMs: number
  /** After which the queue has delivered a row or given it up. */
  readonly horizonMs: number
  readonly exchangeTimeoutMs: number
  /** Slices are sized for this much spending ahead. */
  readonly sliceAheadMs: number
  /** Free money goes back after this long without a reserve. */
  readonly idleReturnMs: number
  /** A request that only open holds keep from its money waits this long for it. */
  readonly budgetWaitMs: number
}

export const ledgerDefaults: LedgerSettings = {
  grantLifeMs: 2_000,
  skewMs: 30_000,
  horizonMs: 4 * 24 * 3_600_000 + 3_600_000,
  exchangeTimeoutMs: 2_000,
  sliceAheadMs: 5_000,
  idleReturnMs: 5_000,
  budgetWaitMs: 2_000,
}
