import type { Origin } from '../db/author.ts'
import type { NanoUsd } from '../money.ts'
import type { EntityId, entities } from './entities.ts'
import type { Governed } from './governed.ts'
import type { CallbackChange } from './own-callbacks.ts'
import type { Principal } from './principal.ts'
import type { BudgetRecord, Entities, EntityKind, EntityRecord, KeyRecord, TemplateRecord } from './record.ts'
import type { Standing } from './standing.ts'
import type { Bearer } from './without-key.ts'

/**
 * Something read from Postgres, with what tells whether it still holds: it does as long as the generation is the one it
 * was read under, or no change since then names one of its entities.
 */
export interface Copy<T> {
  readonly value: T
  /** The entities it was made of: `key:0192…`, `team:…`. */
  readonly names: readonly string[]
  readonly generation: number
  readonly readAtMs: number
}

/** The setting `generation`, and when it was read from Postgres. */
export interface KnownGeneration {
  readonly number: number
  /** The latest changes. Who knows a number below the one before the first must forget everything. */
  readonly changed: readonly { readonly number: number; readonly ids: readonly string[] }[]
  readonly readAtMs: number
}

/** Where principals are read from: Postgres, or its twin. Throws when it cannot tell; undefined means: no such key. */
export interface PrincipalSource {
  principalOf(keyHash: string, nowMs: number): Promise<Copy<Principal> | undefined>
  /** Who acts without a key; undefined unless everyone that is named is there. */
  withoutKey(bearer: Bearer, nowMs: number): Promise<Copy<Principal> | undefined>
  /** A customer or a tag; one that nobody made has no limits. */
  standingOf(kind: 'customer' | 'tag', id: string, nowMs: number): Promise<Copy<Standing>>
  generation(nowMs: number): Promise<KnownGeneration>
}

/** A request's now, and its way to leave work behind. */
export interface Moment {
  readonly nowMs: number
  readonly defer: (name: string, work: Promise<unknown>) => void
}

/** Whom a request is for beside its key, as it says itself. */
export interface Others {
  readonly customerId?: string | undefined
  readonly tags?: readonly string[]
}

/**
 * Who a key is, as of at most five seconds ago. Throws `database_unavailable` when nobody can tell; undefined means: no
 * such key.
 */
export interface Tenants {
  principalOf(keyHash: string, moment: Moment): Promise<Principal | undefined>
  /** The same of who acts without a key; undefined unless everyone that is named is there. */
  withoutKey(bearer: Bearer, moment: Moment): Promise<Principal | undefined>
  /** The principal with the scopes and limits of its customer and its tags. */
  withOthers(principal: Principal, others: Others, moment: Moment): Promise<Principal>
  /** Whether this isolate has met the key lately. Asks nobody. */
  knows(keyHash: string): boolean
  /** Something was written: this isolate knows at once, the others when they next read the generation. Never throws. */
  changed(): Promise<void>
}

/** Copies that isolates share, by name. Advisory: a fault is a miss, and nothing here throws. */
export interface Copies<T> {
  get(name: string): Promise<Copy<T> | undefined>
  put(name: string, copy: Copy<T>, ttlMs: number): Promise<void>
}

/** The generation as isolates share it. Advisory, like copies. */
export interface SharedGeneration {
  get(): Promise<KnownGeneration | undefined>
  put(known: KnownGeneration): Promise<void>
}

/** A budget as it is set, with the start of its window that is open now. */
export interface NewBudget extends BudgetRecord {
  readonly windowStartMs: number
}

type Optional<T> = { readonly [F in keyof T]?: T[F] | undefined }
/** Lists that bind an entity, changed one by one: an empty one is taken away, and those that are not named stay. */
export type BoundLists = { readonly [G in Governed]?: readonly string[] }
type Unset = 'template' | 'budgets' | 'windows' | 'createdAtMs' | 'updatedAtMs' | 'createdBy' | 'updatedBy'

/**
 * What an admin write may set. Undefined leaves a field as it is. `budgets` are all that the entity has afterwards, but
 * for those that come from a template while `budgetId` names one. With `bound`, `metadata` is what lies beside such lists;
 * without, it is all of it.
 */
export type Changes<K extends EntityKind> = Optional<Omit<Entities[K], Unset | 'id'>> & Together

export type EntityChanges = Optional<Omit<EntityRecord, Unset>> & Together

interface Together {
  readonly budgets?: readonly NewBudget[] | undefined
  readonly bound?: BoundLists | undefined
  /** Of a write that sets no `metadata`: whom it wants told changes, and nothing else of its metadata does. */
  readonly callback?: CallbackChange | undefined
}

export type TemplateChanges = Optional<
  Omit<TemplateRecord, 'budgetId' | 'createdAtMs' | 'updatedAtMs' | 'createdBy' | 'updatedBy'>
>

export interface NewEntity<K extends EntityKind> {
  readonly id: EntityId
  readonly fields: Changes<K>
}

/** What is written in the same transaction: template and users before, members and the key after what they come with. */
export interface Beside {
  /** With `budgets`, one that is there changes with everyone linked, as in `updateTemplate`; without, it is made. */
  readonly template?: {
    readonly budgetId: string
    readonly fields: TemplateChanges
    readonly budgets?: readonly NewBudget[]
  }
  readonly users?: readonly NewEntity<'user'>[]
  readonly members?: readonly NewEntity<'member'>[]
  readonly key?: NewEntity<'key'>
  /** What they spent elsewhere: it counts before anyone may use them. */
  readonly spent?: readonly WindowReset[]
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
  /** Only keys whose alias has this in it; an empty text means any alias. */
  readonly aliasHas?: string | undefined
  /** Only keys to which requests or tokens are guaranteed. */
  readonly isGuaranteed?: boolean | undefined
  /** Only those of this user or of one of these teams. */
  readonly seenBy?: { readonly userId?: string | undefined; readonly teamIds: readonly string[] } | undefined
  readonly sortBy: (typeof keySorts)[number]
  readonly sortOrder: 'asc' | 'desc'
}

/** What a list of a kind may be narrowed and sorted by: columns of its own, and when it was made. */
export type ListField<K extends EntityKind> = Extract<keyof Entities[K], keyof (typeof entities)[K]['columns']>

export interface ListQuery<K extends EntityKind> {
  readonly page: number
  readonly size: number
  /** Only these, by the first field that identifies them. */
  readonly ids?: readonly string[] | undefined
  /** Fields that are this; null is absent. */
  readonly is?: { readonly [F in ListField<K>]?: string | null | undefined }
  /** Fields that have this in them, in whichever case. */
  readonly has?: { readonly [F in ListField<K>]?: string | undefined }
  readonly sortBy: ListField<K> | 'createdAtMs'
  readonly sortOrder: 'asc' | 'desc'
}

export interface Page<T> {
  readonly found: readonly T[]
  readonly total: number
}

/** What can be deleted with everything that is its own: a team with its keys and memberships. */
export type RemovableKind = Exclude<EntityKind, 'key'>

/** Who made a change, when, and where it came from. */
export interface Author {
  readonly by: string
  readonly nowMs: number
  readonly from?: Origin
}

/** One key, by whichever name the caller has. */
export type KeyName = { readonly token: string } | { readonly id: string } | { readonly alias: string }

/** A key's new text; the old one is good until `graceUntilMs`, or no longer. */
export interface NewToken {
  readonly token: string
  readonly keyName: string
  readonly graceUntilMs: number | null
}

export interface WindowReset {
  /** A UUIDv7: the same operation resets once. */
  readonly operation: string
  readonly scope: string
  readonly startMs: number
  readonly targetNano: NanoUsd
}

/**
 * The admin's side of tenants. A write is whole or absent and raises the generation; names that clash or do not exist
 * are refused with a GatewayError that says which.
 */
export interface TenantStore {
  findKey(name: KeyName): Promise<KeyRecord | undefined>
  listKeys(query: KeyQuery): Promise<{ readonly keys: readonly KeyRecord[]; readonly total: number }>
  /** Archived and gone. Answers the hashes that were there. */
  deleteKeys(tokens: readonly string[], author: Author): Promise<readonly string[]>
  /** Undefined when there is no such key. */
  regenerateKey(id: string, token: NewToken, changes: Changes<'key'>, author: Author): Promise<KeyRecord | undefined>

  find<K extends EntityKind>(kind: K, id: EntityId): Promise<Entities[K] | undefined>
  /** All of a kind that belong to a team, an organization or a user, oldest first. */
  belonging<K extends 'team' | 'member'>(
    kind: K,
    to: { readonly teamId?: string; readonly organizationId?: string; readonly userId?: string },
  ): Promise<readonly Entities[K][]>
  /** A page, and how many there are in all. */
  list<K extends EntityKind>(kind: K, query: ListQuery<K>): Promise<Page<Entities[K]>>
  /** Archived and gone, with their keys, memberships and teams. Answers how many of them were there. */
  remove(kind: RemovableKind, ids: readonly EntityId[], author: Author): Promise<number>
  /** All of them or none. A member's user is made where it is missing. */
  create<K extends EntityKind>(
    kind: K,
    entities: readonly NewEntity<K>[],
    author: Author,
    beside?: Beside,
  ): Promise<readonly Entities[K][]>
  /** Undefined when there is no such entity. */
  update<K extends EntityKind>(
    kind: K,
    id: EntityId,
    changes: Changes<K>,
    author: Author,
    beside?: Beside,
  ): Promise<Entities[K] | undefined>

  findTemplate(budgetId: string): Promise<TemplateRecord | undefined>
  createTemplate(budgetId: string, fields: TemplateChanges, author: Author): Promise<TemplateRecord>
  /** `budgets`, given by their parts after the entity, become those of everyone linked. Undefined: no such template. */
  updateTemplate(
    budgetId: string,
    changes: TemplateChanges,
    budgets: readonly NewBudget[],
    author: Author,
  ): Promise<TemplateRecord | undefined>

  /** How many keys each of these users has; who has none may be absent. */
  keyCounts(userIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  listTemplates(): Promise<readonly TemplateRecord[]>
  /** False when there is none. Refused while someone has it. */
  removeTemplate(budgetId: string, author: Author): Promise<boolean>
  /** The entities whose limits come from a template. */
  linkedTo(budgetId: string): Promise<readonly string[]>

  /** The ledgers that have money on lease in windows of these scopes. */
  leaseHolders(scopes: readonly string[]): Promise<readonly string[]>
  /** Sets what windows of entities have spent: all of them or none. */
  resetSpend(resets: readonly WindowReset[], author?: Author): Promise<void>
}
