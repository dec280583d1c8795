import type { NanoUsd } from '../money.ts'

/** One row of `budget`: the one place of a limit. */
export interface BudgetRecord {
  /** `key:0192…@30d`. */
  readonly scope: string
  readonly limitNano: NanoUsd
  /** LiteLLM's grammar, or `life`. */
  readonly duration: string
  readonly timeZone: string
  readonly anchorMs: number
}

/** What was spent in the newest window of a scope. */
export interface WindowRecord {
  readonly scope: string
  readonly startMs: number
  readonly spentNano: NanoUsd
}

/** What keys, teams and organizations have in common. */
export interface EntityRecord {
  readonly models: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly rpmLimit: number | null
  readonly tpmLimit: number | null
  readonly blocked: boolean
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string | null
  readonly updatedBy: string | null
  readonly budgets: readonly BudgetRecord[]
  /** The newest window of `@life` and of each budget; a scope that never spent has none. */
  readonly windows: readonly WindowRecord[]
}

export interface OrganizationRecord extends EntityRecord {
  readonly organizationId: string
  readonly organizationAlias: string
}

export interface TeamRecord extends EntityRecord {
  readonly teamId: string
  readonly teamAlias: string | null
  readonly organizationId: string | null
}

export interface KeyRecord extends EntityRecord {
  /** Never changes; scopes, ledgers and rows name it. */
  readonly id: string
  /** SHA-256 hex of the key. */
  readonly token: string
  /** `sk-...last4`. */
  readonly keyName: string
  readonly keyAlias: string | null
  readonly userId: string | null
  readonly teamId: string | null
  readonly organizationId: string | null
  readonly expiresAtMs: number | null
}
