import type { Principal } from './principal.ts'
import type { BudgetRecord, KeyRecord, OrganizationRecord, TeamRecord } from './record.ts'

/** Where principals are read from: Postgres, or its twin. Throws when it cannot tell; undefined means: no such key. */
export interface PrincipalSource {
  principalOf(keyHash: string, nowMs: number): Promise<Principal | undefined>
}

/** A request's now, and its way to leave work behind. */
export interface Moment {
  readonly nowMs: number
  readonly defer: (name: string, work: Promise<unknown>) => void
}

/**
 * Who a key is, as of at most five seconds ago. Throws `database_unavailable` when nobody can tell; undefined means: no
 * such key.
 */
export interface Tenants {
  principalOf(keyHash: string, moment: Moment): Promise<Principal | undefined>
  /** Whether this isolate has met the key lately. Asks nobody. */
  knows(keyHash: string): boolean
  /** Every copy in reach is dropped: this isolate's at once, the shared one before the promise resolves. Never throws. */
  forget(keyHashes: readonly string[]): Promise<void>
}

/** Copies of principals that isolates share. Advisory: a fault is a miss, and nothing here throws. */
export interface Copies {
  get(keyHash: string): Promise<Principal | undefined>
  put(principal: Principal, ttlMs: number): Promise<void>
  drop(keyHashes: readonly string[]): Promise<void>
}

/** A budget as it is set, with the start of its window that is open now. */
export interface NewBudget extends BudgetRecord {
  readonly windowStartMs: number
}

/** What an admin write may set. Undefined leaves a field as it is; a budget of null takes the limit away. */
export interface EntityChanges {
  readonly models?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly rpmLimit?: number | null | undefined
  readonly tpmLimit?: number | null | undefined
  readonly blocked?: boolean | undefined
  readonly budget?: NewBudget | null | undefined
}

export interface KeyChanges extends EntityChanges {
  readonly keyAlias?: string | null | undefined
  readonly userId?: string | null | undefined
  readonly teamId?: string | null | undefined
  readonly organizationId?: string | null | undefined
  readonly expiresAtMs?: number | null | undefined
}

export interface NewKey extends KeyChanges {
  readonly id: string
  readonly token: string
  readonly keyName: string
}

export interface NewTeam extends EntityChanges {
  readonly teamId: string
  readonly teamAlias?: string | null | undefined
  readonly organizationId?: string | null | undefined
}

export interface NewOrganization extends EntityChanges {
  readonly organizationId: string
  readonly organizationAlias: string
}

export const keySorts = ['created_at', 'updated_at', 'key_alias', 'token', 'spend', 'max_budget'] as const

export interface KeyQuery {
  readonly page: number
  readonly size: number
  readonly userId?: string | undefined
  readonly teamId?: string | undefined
  readonly organizationId?: string | undefined
  readonly token?: string | undefined
  readonly keyAlias?: string | undefined
  readonly sortBy: (typeof keySorts)[number]
  readonly sortOrder: 'asc' | 'desc'
}

/** Who made a change, and when. */
export interface Author {
  readonly by: string
  readonly nowMs: number
}

/** One key, by whichever name the caller has. */
export type KeyName = { readonly token: string } | { readonly id: string } | { readonly alias: string }

/**
 * The admin's side of tenants. A write is whole or absent and raises the generation; names that clash or do not exist
 * are refused with a GatewayError that says which.
 */
export interface TenantStore {
  findKey(name: KeyName): Promise<KeyRecord | undefined>
  listKeys(query: KeyQuery): Promise<{ readonly keys: readonly KeyRecord[]; readonly total: number }>
  createKey(key: NewKey, author: Author): Promise<KeyRecord>
  /** Undefined when there is no such key. */
  updateKey(id: string, changes: KeyChanges, author: Author): Promise<KeyRecord | undefined>
  /** The hashes that were there and are gone. */
  deleteKeys(tokens: readonly string[]): Promise<readonly string[]>
  findTeam(teamId: string): Promise<TeamRecord | undefined>
  teamsOf(organizationId: string): Promise<readonly TeamRecord[]>
  createTeam(team: NewTeam, author: Author): Promise<TeamRecord>
  findOrganization(organizationId: string): Promise<OrganizationRecord | undefined>
  createOrganization(organization: NewOrganization, author: Author): Promise<OrganizationRecord>
}
