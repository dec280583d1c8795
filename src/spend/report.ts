import { GatewayError } from '../errors.ts'
import type { NanoUsd } from '../money.ts'
import type { SpendLogsQuery } from './logs-query.ts'
import type { SpendLogRecord, SpendLogsPage } from './logs-row.ts'

/** Whose days: everyone's together, or those of each entity of a kind. */
export type SpendKind = 'all' | 'user' | 'team' | 'organization' | 'customer' | 'tag'

/** What days can be told apart by. */
export const dimensions = ['entity', 'day', 'key_id', 'model', 'model_group', 'provider'] as const
export type Dimension = (typeof dimensions)[number]

/** Whole UTC days, both ends included, as `YYYY-MM-DD`. */
export interface DaysQuery {
  readonly kind: SpendKind
  readonly from: string
  readonly to: string
  /** Of these alone; absent means all. */
  readonly entities?: readonly string[] | undefined
  /** Of this key alone: its hash, one that it had before, or its id. */
  readonly apiKey?: string | undefined
  /** Of these keys alone, by their ids; absent means all. */
  readonly keyIds?: readonly string[] | undefined
  /** The provider's model or the group that was asked for. */
  readonly model?: string | undefined
  /** A page of the groups, the first being 1: for one set alone. */
  readonly page?: { readonly number: number; readonly size: number } | undefined
  /**
   * Instead of a page: so many groups in the order of their names, those after one. Each is there once, however sums move
   * from one part to the next.
   */
  readonly part?:
    | { readonly size: number; readonly after?: Readonly<Record<Dimension, string>> | undefined }
    | undefined
}

export interface Sums {
  readonly costNano: NanoUsd
  readonly savedNano: NanoUsd
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly totalTokens: number
  /** Attempts, as the log has them. */
  readonly requests: number
  readonly successes: number
  readonly failures: number
  readonly cacheHits: number
  /** Of how many sums it was made: what reading it costs. */
  readonly rows: number
}

/** Sums of everything that has the same values in the dimensions that were asked for; '' in the others. */
export interface SpendGroup extends Sums, Readonly<Record<Dimension, string>> {}

export interface KeyName {
  readonly token: string
  readonly alias: string | null
  readonly name: string
  readonly teamId: string | null
}

/** What fits into the memory of an isolate beside everything else. */
export const MOST_GROUPS = 100_000

/** Refuses what an isolate could not hold: somebody asked for too much at once. */
export function mustFit(groups: number): void {
  if (groups <= MOST_GROUPS) return
  throw new GatewayError(
    'invalid_request',
    `This report has more than ${MOST_GROUPS} sums. Ask for fewer days, for some entities, in pages, or for a file: GET /spend/days/export.`,
    { param: 'start_date' },
  )
}

/** What reports are made of. Its figures are those of the spend log to the nano-dollar. */
export interface SpendDays {
  /**
   * For each set of dimensions its groups, the most expensive first; the empty set has one group, or none without spend.
   * Throws where they are more than `MOST_GROUPS` and no page or part is asked for.
   */
  days(query: DaysQuery, sets: readonly (readonly Dimension[])[]): Promise<readonly (readonly SpendGroup[])[]>
  /** Keys by their ids, deleted ones too. */
  keyNames(ids: readonly string[]): Promise<ReadonlyMap<string, KeyName>>
  /** What has been spent in each of these windows, in their order. */
  spentIn(windows: readonly { readonly scope: string; readonly startMs: number }[]): Promise<readonly NanoUsd[]>
  /** What entities of a kind are called, as far as they have a name beside their id. */
  aliases(kind: SpendKind, ids: readonly string[]): Promise<ReadonlyMap<string, string>>
}

export type LogFilter = Omit<SpendLogsQuery, 'page' | 'page_size'>

/** Attempts that vendors refused for their rate (429), of one deployment's address and day. */
export interface RateLimited {
  readonly day: string
  readonly apiBase: string
  readonly requests: number
}

/** Answers out of the cache, of one key, model and kind of call. */
export interface CachedAnswers {
  readonly keyId: string
  readonly callType: string
  readonly model: string
  readonly requests: number
  readonly completionTokens: number
}

/** The rows of the spend log, for those who look at single requests. Charges that melted away are not shown. */
export interface SpendLog {
  /** A page, newest first. */
  logs(query: SpendLogsQuery): Promise<SpendLogsPage>
  /**
   * The next rows after one of them, newest first: who goes on from the last one sees each row once, whatever is
   * recorded meanwhile.
   */
  rows(filter: LogFilter, after: SpendLogRecord | undefined, most: number): Promise<readonly SpendLogRecord[]>
  /** Days are whole and UTC, both included. */
  rateLimited(days: {
    readonly from: string
    readonly to: string
    readonly modelGroup?: string | undefined
  }): Promise<readonly RateLimited[]>
  cachedAnswers(days: { readonly from: string; readonly to: string }): Promise<readonly CachedAnswers[]>
}
