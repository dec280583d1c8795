import type { Scope } from './scope.ts'

/** Sliding limits of one entity (`key:0192…`), per minute. Absent means no limit; zero means block. */
export interface RateLimit {
  readonly entity: string
  readonly rpm?: number
  readonly tpm?: number
  /** Requests at the same time. */
  readonly maxParallel?: number
  /** Those that count only while the deployment that serves the request is failing. */
  readonly dynamic?: readonly ('rpm' | 'tpm')[]
  /** It counts requests to this model alone; `entity` says so too. */
  readonly model?: string
}

/** Who can be blocked, and who can restrict models. */
export type PrincipalLevel = 'key' | 'user' | 'team' | 'org' | 'customer'

/** LiteLLM's roles. A person's holds on keys that are the person's own; a key of a team has no more than its team. */
export const roles = ['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'] as const
export type Role = (typeof roles)[number]

/** Who is asking, with everything a decision needs, so that deciding costs no call. Plain data. */
export interface Principal {
  readonly kind: 'key' | 'master'
  readonly role: Role
  /** Never changes; the hash may. `proxy` for the master key. */
  readonly keyId: string
  /** SHA-256 hex of the key: LiteLLM's `api_key` in spend rows. Empty for the master key. */
  readonly keyHash: string
  /** `sk-...last4`. */
  readonly keyName: string
  readonly keyAlias?: string
  readonly userId?: string
  readonly teamId?: string
  readonly teamAlias?: string
  readonly organizationId?: string
  /** The customer that this request is for. */
  readonly customerId?: string
  /** The tags that this request's spend is recorded under. */
  readonly tags?: readonly string[]
  /** The ledger that lends to this caller: `org:…`, `team:…`, `user:…`, `key:…`, or `proxy` (DESIGN §5.2). */
  readonly ledger: string
  /** One list per level that restricts; a model must be in each. An empty list allows all. */
  readonly models: readonly { readonly level: PrincipalLevel; readonly names: readonly string[] }[]
  /** Every scope that its spend is recorded under: `@life` of each entity, and each limited window. */
  readonly scopes: readonly Scope[]
  readonly limits: readonly RateLimit[]
  /** Other names for models, of the key and of its team: each map is applied once, in this order. */
  readonly aliases?: readonly Readonly<Record<string, string>>[]
  /** Its customer's `allowed_model_region`: where answers must come from. */
  readonly region?: string
  /** Paths, their beginnings (`/key/*`), or names of groups; absent means all. */
  readonly allowedRoutes?: readonly string[]
  /** What its user is in its team. */
  readonly teamRole?: 'admin' | 'user'
  /** The admin routes that its team lets members call on their own keys. */
  readonly teamPermissions?: readonly string[]
  /** What it may say about the cache (`allowed_cache_controls` of the key and the team); absent means everything. */
  readonly allowedCacheControls?: readonly string[]
  /** What its calls of models must say: `enforced_params` of the key and the team. */
  readonly enforcedParams?: readonly string[]
  /** The vector stores that its key and its team let it search (`object_permission`); absent means all. */
  readonly vectorStores?: readonly { readonly level: 'key' | 'team'; readonly ids: readonly string[] }[]
  /** From where it may be used: addresses and networks; absent means from anywhere. */
  readonly allowedIps?: readonly string[]
  /** What all of its spend is recorded under beside a request's own tags: `metadata.tags` of its key and its team. */
  readonly ownTags?: readonly string[]
  /** A person who is signed in: at routes for people alone. */
  readonly session?: true
  readonly blocked?: PrincipalLevel
  readonly expiresAtMs?: number
  readonly maxBudgetNano?: bigint
  /** The key's spend in its window when it was read. */
  readonly spendNano: bigint
  readonly metadata: Readonly<Record<string, unknown>>
  /** When this was read from Postgres. Its age counts from here, wherever the copy lies. */
  readonly readAtMs: number
}
