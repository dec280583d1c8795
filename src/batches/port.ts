import type { Price } from '../prices/price.ts'
import type { SpendEvent } from '../spend/event.ts'

type Fields = { readonly [field: string]: unknown }

/** What a batch was begun with: everything of its row but what it used, and what was held for it. */
export interface Opening {
  readonly event: SpendEvent
  /** As decimal text; absent where nothing was held. */
  readonly holdNano?: string
  /** As decimal text, where nothing was held: what one of its requests can cost, by the first; absent where nobody knows. */
  readonly eachNano?: string
  /** By model, as its requests name it: what each cost when it was begun. */
  readonly prices: Readonly<Record<string, Price>>
}

/** A file or a batch as its vendor last told of it; of any other thing (`other`), only whose it is. */
export interface VendorObject {
  readonly vendor: string
  readonly id: string
  readonly kind: 'file' | 'batch' | 'other'
  /** `team:id`, else `key:id`. */
  readonly owner: string
  readonly said: Fields
  /** Of a file: the batch whose results it holds. */
  readonly batch?: string
  /** Of a batch that is not charged yet. */
  readonly opening?: Opening
  readonly createdAtMs: number
  readonly chargedAtMs?: number
}

export interface Page {
  /** Absent means all. */
  readonly vendors?: readonly string[]
  /** What of files their vendor was told that they are for; absent means all. */
  readonly purpose?: string
  readonly after?: string
  readonly limit: number
  readonly oldestFirst?: boolean
}

/**
 * Whose the things are that lie in the operator's accounts at vendors: for anybody else they are not there. Keeping the
 * same one again changes only what its vendor says of it, never whose it is or what it was begun with; and a batch only
 * ever goes on, so that an answer that was long on its way undoes nothing.
 */
export interface VendorObjects {
  keep(object: VendorObject): Promise<void>
  /** Of one of these vendors, where any are named. */
  find(
    owner: string,
    kind: VendorObject['kind'],
    id: string,
    vendors?: readonly string[],
  ): Promise<VendorObject | undefined>
  /** Whose the things of these names are at these vendors; nothing of those that were not made through here. */
  owners(ids: readonly string[], vendors: readonly string[]): Promise<readonly Pick<VendorObject, 'id' | 'owner'>[]>
  /** The latest first, unless asked otherwise; after the one that is named. */
  list(owner: string, kind: VendorObject['kind'], page: Page): Promise<readonly VendorObject[]>
  /** Whether there was one. */
  forget(owner: string, kind: VendorObject['kind'], id: string, vendors?: readonly string[]): Promise<boolean>
  /** A batch is paid for: its row is where no fault can lose it, and what it was begun with is forgotten. */
  charged(vendor: string, id: string, nowMs: number): Promise<void>
  /** Forgets batches that were paid for before a moment. Files stay: whose they are holds as long as they lie there. */
  dropOld(beforeMs: number): Promise<void>
  /** Some of everybody's batches that are not paid for: others each time, where there are more. */
  open(limit: number): Promise<readonly VendorObject[]>
}
