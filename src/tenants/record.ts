import type { NanoUsd } from '../money.ts'

/** Where a budget comes from: `max_budget`, one of `budget_limits`, one of `model_max_budget`, or `config.yaml`. */
export type BudgetPart = 'main' | 'window' | 'model' | 'file'

/** One row of `budget`: the one place of a limit. */
export interface BudgetRecord {
  /** `key:0192…@30d`. */
  readonly scope: string
  readonly part: BudgetPart
  /** Of a part `model`: which. */
  readonly model: string | null
  readonly limitNano: NanoUsd
  /** Added to the limit until `extraUntilMs`. */
  readonly extraNano: NanoUsd
  readonly extraUntilMs: number | null
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

interface Written {
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string | null
  readonly updatedBy: string | null
}

interface Rates {
  readonly rpmLimit: number | null
  readonly tpmLimit: number | null
  readonly maxParallelRequests: number | null
  readonly softBudgetNano: NanoUsd | null
}

/** Other names for models: what a caller may write, and what it stands for. */
export type Aliases = Readonly<Record<string, string>>

export type PerModel = Readonly<Record<string, number>>

/** Limits by name (`/budget/new`): entities share the definition, each has its own money. */
export interface TemplateRecord extends Rates, Written {
  readonly budgetId: string
  readonly maxBudgetNano: NanoUsd | null
  readonly budgetDuration: string | null
  readonly timeZone: string
  readonly anchorMs: number
  /** As the admin wrote it. */
  readonly modelMaxBudget: Readonly<Record<string, unknown>> | null
}

/** What everything with limits has in common. */
export interface EntityRecord extends Rates, Written {
  readonly models: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  readonly modelRpmLimit: PerModel | null
  readonly modelTpmLimit: PerModel | null
  readonly rpmLimitType: string | null
  readonly tpmLimitType: string | null
  readonly budgetId: string | null
  readonly blocked: boolean
  /** What `budgetId` names; its rates count where the entity has none. */
  readonly template: TemplateRecord | null
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
  /** The template that new members get. */
  readonly memberBudgetId: string | null
  readonly modelAliases: Aliases | null
  /** The routes that members may call on their own keys in the team. */
  readonly memberPermissions: readonly string[]
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
  readonly aliases: Aliases | null
  /** Paths, their beginnings (`/key/*`), or names of groups (`llm_api_routes`); none means all. */
  readonly allowedRoutes: readonly string[]
}

export interface UserRecord extends EntityRecord {
  readonly userId: string
  readonly userAlias: string | null
  readonly userEmail: string | null
  readonly userRole: string
}

export interface MemberRecord extends EntityRecord {
  readonly teamId: string
  readonly userId: string
  readonly role: string
}

export interface CustomerRecord extends EntityRecord {
  readonly userId: string
  readonly alias: string | null
  readonly allowedModelRegion: string | null
}

export interface TagRecord extends EntityRecord {
  readonly name: string
  readonly description: string | null
}

/** Everything that can have limits of its own. */
export interface Entities {
  readonly key: KeyRecord
  readonly team: TeamRecord
  readonly org: OrganizationRecord
  readonly user: UserRecord
  readonly member: MemberRecord
  readonly customer: CustomerRecord
  readonly tag: TagRecord
}

export type EntityKind = keyof Entities
