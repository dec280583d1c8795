import type { Price } from '../prices/price.ts'
import type { CostTerms, Terms } from '../prices/terms.ts'
import type { AccessSettings } from './access.ts'
import type { AlertSettings } from './alerts.ts'
import type { JwtSettings } from './identity.ts'
import type { NewEntityRules } from './new-entities.ts'
import type { PassThroughSettings } from './pass-through.ts'
import type { SemanticCacheSettings } from './semantic-cache.ts'
import type { VectorStoreSettings } from './vector-stores.ts'

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
  /** Azure's (`api_version`), and a Microsoft Entra token, or the application that can get one. */
  readonly apiVersion?: Text
  readonly azure?: AzureAccount
  readonly aws?: AwsAccount
  readonly vertex?: VertexAccount
  readonly extraHeaders?: Readonly<Record<string, Text>>
  /** Provider parameters given in the file: sent unless the request says otherwise (`temperature`, `extra_body`, …). */
  readonly params: { readonly [key: string]: Json }
  /** Absent when nobody knows: then budgeted callers are refused. */
  readonly price?: Price
  /** How its price is made anew from another list: under which name there, and what its row says itself, in USD. */
  readonly pricing?: {
    readonly as?: string
    readonly own?: Readonly<Record<string, number>>
    readonly search?: Json
  }
  /** What is taken off and put on, where only its vendor knows the price. */
  readonly terms?: Terms
  readonly maxInputTokens?: number
  readonly maxOutputTokens?: number
  readonly mode: string
  readonly weight?: number
  readonly rpm?: number
  readonly tpm?: number
  readonly timeouts?: Timeouts
  readonly timeoutMs?: number
  readonly streamTimeoutMs?: number
  readonly tags?: readonly string[]
  /** Regular expressions over `User-Agent: …` that let requests in beside the tags. */
  readonly tagRegex?: readonly string[]
  /** 1 is asked before 2: always. */
  readonly order?: number
  readonly maxParallelRequests?: number
  readonly numRetries?: number
  readonly cooldownTimeMs?: number
  readonly allowedFails?: number
  readonly allowedFailsPolicy?: FailurePolicy
  /** `eu`, `us`, or a vendor's own region. */
  readonly regionName?: string
  /** What the catalogue or `model_info` says it can or cannot; absent is unknown, and counts as can. */
  readonly supports?: Readonly<Partial<Record<Capability, boolean>>>
  /** It reasons before it shows anything, so silence is no sign of trouble. */
  readonly reasonsInSilence?: boolean
  /** A budget of its own, over all callers. */
  readonly budget?: FileBudget
  /** Its account also serves what is only passed on (`use_in_pass_through`). */
  readonly passThrough?: true
  /** How it is asked beside its traffic (`health_check_model`, `health_check_timeout`, …). */
  readonly healthCheck?: {
    readonly model?: string
    readonly timeoutMs?: number
    readonly maxTokens?: number
    /** `disable_background_health_check`. */
    readonly background?: false
  }
  /** Only this team may ask it (`model_info.team_id`), also by the team's own name for it (`team_public_model_name`). */
  readonly teamId?: string
  readonly teamModelName?: string
  /** Names that lists of allowed models may give instead of this one's (`model_info.access_groups`). */
  readonly accessGroups?: readonly string[]
  readonly dropParams?: boolean
  readonly additionalDropParams?: readonly string[]
  readonly allowedOpenaiParams?: readonly string[]
  /** What it thinks is told to OpenAI's chats inside the text (`merge_reasoning_content_in_choices`). */
  readonly mergesReasoning?: true
  /** Fields that a request may bring itself (`configurable_clientside_auth_params`). */
  readonly clientsideAuthParams?: readonly string[]
  /** `group` or `model` has a `*`: the deployment serves what fits it, under the name that was asked for. */
  readonly wildcard?: boolean
  /** One of many that a catch-all row stands for: its variables may be missing, then it is left out. */
  readonly optional?: boolean
  /** Why it takes no requests, as far as the file alone tells (a vendor not built yet). */
  readonly disabled?: string
}

export type Capability =
  | 'vision'
  | 'tools'
  | 'jsonSchema'
  | 'audioInput'
  | 'audioOutput'
  | 'pdfInput'
  | 'reasoning'
  | 'webSearch'

/** What is publicly known of a model. */
export interface KnownModel {
  /** Absent when it is known and not billed by tokens. */
  readonly price?: Price
  readonly maxInputTokens?: number
  readonly maxOutputTokens?: number
  readonly mode: string
  readonly supports?: Readonly<Partial<Record<Capability, boolean>>>
  readonly reasonsInSilence?: boolean
}

/** Names of models that are one, as price lists write them: in small letters. */
export type NameMatch =
  | { readonly or: readonly NameMatch[] }
  | { readonly and: readonly NameMatch[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }

export interface KnownFamily extends KnownModel {
  readonly match: NameMatch
}

/** Everything of an AWS account that a file can say. */
export interface AwsAccount {
  readonly region?: Text
  readonly accessKeyId?: Text
  readonly secretAccessKey?: Text
  readonly sessionToken?: Text
}

export interface AzureAccount {
  readonly adToken?: Text
  readonly tenantId?: Text
  readonly clientId?: Text
  readonly clientSecret?: Text
}

export interface VertexAccount {
  readonly project?: Text
  readonly location?: Text
  /** The JSON of a service account's key. */
  readonly credentials?: Text
}

/** How long silences may be, and the whole; absent falls through to the router's. */
export interface Timeouts {
  readonly connectMs?: number
  readonly ttftMs?: number
  readonly streamIdleMs?: number
  readonly totalMs?: number
}

export interface FileBudget {
  readonly limitUsd: number
  readonly duration: string
}

/** LiteLLM's names of failures, by which retries and cooldowns may differ. */
export type FailureName =
  | 'BadRequestError'
  | 'AuthenticationError'
  | 'TimeoutError'
  | 'RateLimitError'
  | 'ContentPolicyViolationError'
  | 'InternalServerError'

/** How many failures of each kind: retries in `retry_policy`, allowed fails in `allowed_fails_policy`. */
export type FailurePolicy = Readonly<Partial<Record<FailureName, number>>>

export type StrategyName =
  | 'simple-shuffle'
  | 'least-busy'
  | 'latency-based-routing'
  | 'usage-based-routing-v2'
  | 'cost-based-routing'

/** A target of `fallbacks`: a group, or a group with other parameters of the request (`{model, messages, …}`). */
export type FallbackTarget = string

export type Fallbacks = Readonly<Record<string, readonly FallbackTarget[]>>

export interface Notice {
  readonly level: 'error' | 'warning' | 'notice' | 'advice'
  /** `litellm_settings.cache_params.ttl`. */
  readonly path: string
  readonly line?: number
  readonly message: string
}

/**
 * What `config.yaml` says, validated, with defaults applied, as one plain value made at build time. LiteLLM keys that
 * are never active are not here; they stand in `notices`.
 */
export interface Config {
  /** SHA-256 of the file, short: names the configuration in logs and at `/health/readiness`. */
  readonly version: string
  readonly priceVersion: string
  readonly deployments: readonly Deployment[]
  /** By vendor, what its models cost: of those vendors only that a wildcard names. The first family that fits holds. */
  readonly knownModels?: Readonly<Record<string, readonly KnownFamily[]>>
  readonly router: {
    readonly timeoutMs: number
    readonly streamTimeoutMs?: number
    /** Whom to ask when a group has failed, by group or `*`: groups in their order. */
    readonly fallbacks?: Fallbacks
    readonly contextWindowFallbacks?: Fallbacks
    readonly contentPolicyFallbacks?: Fallbacks
    readonly defaultFallbacks?: readonly FallbackTarget[]
    /** How deep fallbacks of fallbacks go (5). */
    readonly maxFallbacks?: number
    readonly timeouts?: Timeouts
    /** `simple-shuffle` where nothing is said. */
    readonly strategy?: StrategyName
    /** Other strategies for some groups. */
    readonly groupStrategies?: Readonly<Record<string, StrategyName>>
    readonly strategyArgs?: { readonly ttlMs?: number; readonly lowestLatencyBuffer?: number }
    readonly numRetries?: number
    /** The shortest pause before a retry. */
    readonly retryAfterMs?: number
    readonly retryPolicy?: FailurePolicy
    readonly groupRetryPolicies?: Readonly<Record<string, FailurePolicy>>
    readonly allowedFails?: number
    readonly allowedFailsPolicy?: FailurePolicy
    readonly cooldownTimeMs?: number
    readonly disableCooldowns?: boolean
    /** How long a request waits for the first of a group whose deployments all cool down. */
    readonly cooldownWaitMs?: number
    readonly preCallChecks?: boolean
    readonly tagFiltering?: { readonly matchAny: boolean }
    /** What becomes of a stream that breaks off in the middle: completed elsewhere, or ended with an error event. */
    readonly midStreamFallback?: 'continue' | 'error'
    /** Groups that ask a second deployment when the first is slower than its own p95. */
    readonly hedgedGroups?: readonly string[]
    /** Requests with the same long beginning prefer the deployment that has it cached. */
    readonly promptCacheAffinity?: boolean
    readonly stickySessions?: boolean
    /** Groups that share kept answers (`caching_groups`). */
    readonly cachingGroups?: readonly (readonly string[])[]
    /** `provider_budget_config`, by vendor. */
    readonly providerBudgets?: Readonly<Record<string, FileBudget>>
    /** Other names for groups. */
    readonly modelGroupAlias: Readonly<Record<string, string>>
    /** Those of them that work and are not listed. */
    readonly hiddenAliases?: readonly string[]
  }
  readonly litellm: {
    readonly dropParams: boolean
    /** Streams of OpenAI's dialects say their cost with their usage (`include_cost_in_streaming_usage`). */
    readonly streamedCost?: boolean
    /** What is taken off and put on what vendors charge (`cost_discount_config`, `cost_margin_config`); prices carry it. */
    readonly costTerms?: CostTerms
    /** Of budget windows (`timezone`, IANA). */
    readonly timeZone: string
    /** What a new user may spend, where its maker does not say (`max_internal_user_budget`). */
    readonly newUserBudget?: { readonly limitUsd: number; readonly duration?: string }
    /** Rules for what admins and users make; absent where there are none. */
    readonly newEntities?: NewEntityRules
    /** What all keys together may spend (`max_budget`). */
    readonly budget?: { readonly limitUsd: number; readonly duration: string }
    /** What a customer without a budget of its own may spend (`max_end_user_budget`). */
    readonly customerUsd?: number
    /** The same by the name of a budget (`max_end_user_budget_id`). */
    readonly customerBudgetId?: string
    /** `tag_budget_config`, by tag. */
    readonly tagBudgets?: Readonly<Record<string, FileBudget>>
    /** Stored Responses are kept (`responses_store`). */
    readonly responsesStore?: boolean
    /** `store_audit_logs: false`: what admins change is not written down. */
    readonly auditLogs?: false
    /** Absent where answers are not cached. */
    readonly cache?: CacheSettings
  }
  /** What is passed on to vendors beside the operations that are known here; absent where the file says nothing of it. */
  readonly passThrough?: PassThroughSettings
  /** What may be searched; absent where the file names nothing. */
  readonly vectorStores?: readonly VectorStoreSettings[]
  /** Who is told of what needs attention; absent where nobody is. */
  readonly alerts?: AlertSettings
  /** Who is told of finished requests; absent where nobody is. */
  readonly observe?: {
    readonly sinks: readonly { readonly name: string; readonly told: 'all' | 'success' | 'failure' }[]
    /** `redact_user_api_key_info`: sinks are not told who asked. */
    readonly redactKeyInfo?: boolean
    /** `turn_off_message_logging: false`: what was asked and answered is kept so long, and sinks are told of it. */
    readonly bodies?: { readonly keptMs: number }
    /** `require_auth_for_metrics_endpoint`. */
    readonly metricsNeedKey?: boolean
    /** `enable_end_user_cost_tracking_prometheus_only`. */
    readonly metricsByCustomer?: boolean
    /** `forward_traceparent_to_llm_provider`. */
    readonly forwardsTrace?: boolean
    /** What sinks' variables hold, by variable: those they need, and what `callback_settings` says. */
    readonly settings: Readonly<Record<string, Text>>
  }
  readonly general: {
    readonly masterKey: Text
    readonly databaseUrl: Text
    readonly redisUrl: Text
    readonly redisToken: Text
    readonly allowRequestsOnDbUnavailable: boolean
    readonly keyHeaderName?: string
    /** Tokens of identity providers in the place of keys (`enable_jwt_auth`). */
    readonly jwt?: JwtSettings
    /** `ui_access_mode: admin_only`: nobody else signs in. */
    readonly onlyAdminsSignIn?: true
    readonly maxRequestBytes: number
    /** Hosts of private addresses that callers may name all the same (`user_url_allowed_hosts`). */
    readonly allowedHosts?: readonly string[]
    readonly forwardClientHeaders?: boolean
    /** LiteLLM's old answer to an exhausted budget instead of 429: `legacy_budget_status`. */
    readonly legacyBudgetStatus?: 400
    /** Every stream tells its usage: `always_include_stream_usage`. */
    readonly alwaysStreamUsage?: boolean
    /** What tpm counts: `token_rate_limit_type`. */
    readonly tokenRateLimitType?: 'total' | 'input' | 'output'
    /** What becomes of vendors that bill on after their client left: read on to the end, up to so long. */
    readonly drainMs?: number
    readonly saltKey?: Text
    /** Models, credentials and access groups may be kept in Postgres, over those of the file (`store_model_in_db`). */
    readonly storeModels?: boolean
    /** Deployments are asked beside their traffic (`background_health_checks`): how often, and which groups if not all. */
    readonly healthChecks?: { readonly everyMs: number; readonly groups?: readonly string[] }
    /** Who may come in, from where and by which routes; absent where nothing is said. */
    readonly access?: AccessSettings
    /** How long what admins changed is known; absent means for ever (`maximum_audit_logs_retention_period`). */
    readonly auditLogsMs?: number
    /** How long rows of the spend log are kept, in whole days of at least 15; absent means for ever (`maximum_spend_logs_retention_period`). */
    readonly spendLogsMs?: number
    /** The longest a call may last; also the hold's deadline. */
    readonly totalTimeoutMs: number
  }
  /** The ledger's times (slices.md §5); shortened by proofs. */
  readonly ledger: LedgerSettings
  /** `environment_variables` of the file: what a reference finds where the environment itself has nothing. */
  readonly environment: Readonly<Record<string, Text>>
  readonly notices: readonly Notice[]
}

/** `cache_params`: which answers are kept, where, how long, and who shares them. */
export interface CacheSettings {
  /** In this isolate alone, or shared through Redis. */
  readonly type: 'local' | 'redis'
  readonly scope: 'key' | 'team' | 'org' | 'global'
  /** `mode: default_off`: only requests that ask for it (`use-cache`). */
  readonly optIn: boolean
  readonly ttlMs: number
  /** Other times for some keys, tags, teams and models: `ttl_by`. */
  readonly ttlMsBy?: Readonly<Partial<Record<'key' | 'tag' | 'team' | 'model', Readonly<Record<string, number>>>>>
  readonly namespace?: string
  /** LiteLLM's names of calls (`acompletion`, `aembedding`, …); all of them where nothing is said. */
  readonly callTypes?: readonly string[]
  /** What a look-up in Redis may take. */
  readonly timeoutMs: number
  /** `stream: false`: requests for a stream are never answered from the cache. */
  readonly streams: boolean
  /** Requests above it are neither answered nor kept. */
  readonly maxTemperature?: number
  readonly maxEntryBytes: number
  /** Of each isolate. */
  readonly memoryBytes: number
  /** What lies in Redis is sealed with the salt key. */
  readonly encrypt: boolean
  /** Like questions are found, beside equal ones. */
  readonly semantic?: SemanticCacheSettings
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
