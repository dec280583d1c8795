import type { KnownModel } from '../config/config.ts'
import type { Signature } from './port.ts'

/** What a list says of a model that a deployment or a vendor's wildcard may use. */
export type ListedModel = Pick<KnownModel, 'price' | 'maxInputTokens' | 'maxOutputTokens' | 'mode'>

/** By `vendor/model`, in small letters. */
export type PriceList = Readonly<Record<string, ListedModel>>

/** What of a list is asked for: models by name, and all models of some vendors. */
export interface Wanted {
  readonly names: readonly string[]
  readonly vendors: readonly string[]
}

/** A list that was read from somewhere, with what it changed. */
export interface NewPriceList {
  /** A UUIDv7: the latest is the one that holds. */
  readonly id: string
  /** Names it in rows of spend. */
  readonly version: string
  /** Where it was read, without what may be secret in an address. */
  readonly source: string
  readonly models: number
  readonly changed: number
  readonly prices: PriceList
}

/** How the last reading went, whoever asked for it. */
export interface LastReading {
  readonly atMs: number
  /** Why it changed nothing; absent where it went well. */
  readonly error?: string
}

/**
 * Price lists that were read while the gateway runs. Each has a row among the stored ones (`price_list`, models/port.ts),
 * which says when, from where, by whom and how much it changed; the prices themselves are kept here, of the latest few.
 */
export interface PriceLists {
  /** A part of a list; undefined where it is not kept any more. */
  some(id: string, wanted: Wanted): Promise<PriceList | undefined>
  all(id: string): Promise<PriceList | undefined>
  /** The list, its row and a new generation, or nothing. */
  keep(list: NewPriceList, signature: Signature): Promise<void>
  told(reading: LastReading): Promise<void>
  last(): Promise<LastReading | undefined>
}

/** So many lists keep their prices, and so many say that they were there. */
export const LISTS_KEPT = 3
export const ROWS_KEPT = 50
