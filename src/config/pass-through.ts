import type { PicoUsd } from '../prices/price.ts'
import type { Text } from './config.ts'

/** A row of `general_settings.pass_through_endpoints`: an address of the operator's, reached under a path of ours. */
export interface PassThroughEndpoint {
  readonly path: string
  /** Absent where the path is one of the built-in vendors', which is then only priced. */
  readonly target?: Text
  /** Sent with every request, over what the caller sends: each value is its parts put together. */
  readonly headers: Readonly<Record<string, readonly Text[]>>
  readonly query: Readonly<Record<string, string>>
  /** What comes after the path goes along (`include_subpath`). */
  readonly subpaths: boolean
  /** Absent means all. */
  readonly methods?: readonly string[]
  /** What each good answer costs, whatever it says of its usage. */
  readonly pricePico?: PicoUsd
  readonly timeoutMs?: number
}

/** A row of `files_settings`: with which account a vendor keeps files and batches. */
export interface FilesAccount {
  readonly provider: string
  readonly apiKey?: Text
  readonly apiBase?: Text
  readonly apiVersion?: Text
}

export interface PassThroughSettings {
  readonly endpoints: readonly PassThroughEndpoint[]
  readonly filesAccounts: readonly FilesAccount[]
}

/** What the file says about passing on that may name a variable. */
export function passThroughTexts({
  endpoints = [],
  filesAccounts = [],
}: Partial<PassThroughSettings>): readonly Text[] {
  return [
    ...endpoints.flatMap(({ target, headers }) => [target, ...Object.values(headers).flat()]),
    ...filesAccounts.flatMap(({ apiKey, apiBase, apiVersion }) => [apiKey, apiBase, apiVersion]),
  ].filter((text) => text !== undefined)
}
