import type { AlertType } from '../config/alerts.ts'
import type { DailyReportFacts, Facts, FallbackReportFacts, Share, SpendReportFacts } from './alert.ts'
import type { BudgetWindow } from './budgets.ts'

/** An alert on its way to one receiver. */
export interface Letter {
  readonly id: string
  /** `slack:0`: the channel, and the receiver's place in the settings. Empty for what is only to be remembered. */
  readonly receiver: string
  readonly type: AlertType
  readonly facts: Facts
  /** From then on it may be sent. */
  readonly dueMs: number
}

export interface Claimed extends Letter {
  /** How often it was tried, this time included. */
  readonly attempts: number
}

/** What a note said, and is to say from now on. */
export interface NoteMove {
  readonly name: string
  readonly from: unknown
  readonly to: unknown
}

/**
 * Remembers what was told, across isolates and restarts. A letter is raised once: whoever comes second with its id is
 * told so. Letters wait here until a receiver has taken them, so none is lost between being noticed and being sent.
 */
export interface AlertBook {
  /** Answers the ids that nobody had raised before. With a move, all or nothing: only who moves the note raises anything. */
  raise(letters: readonly Letter[], nowMs: number, move?: NoteMove): Promise<readonly string[]>
  /** Those of these ids that were raised before. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
  note(name: string): Promise<unknown>
  /** Letters that are due and that nobody else is sending, oldest first; theirs until `untilMs`. */
  claim(nowMs: number, untilMs: number, most: number): Promise<readonly Claimed[]>
  sent(letters: readonly Letter[], nowMs: number): Promise<void>
  /** They come again at `dueMs`. */
  failed(letters: readonly Letter[], error: string, dueMs: number): Promise<void>
  /** Forgets what was sent before then, but for budgets: a window may be open for ever. */
  forget(beforeMs: number): Promise<void>
}

/** A limit and its newest window, as Postgres has them; `startMs` may lie in the past when nothing was spent since. */
export interface BudgetRow extends Omit<BudgetWindow, 'endMs'> {
  /** From which windows are counted. */
  readonly anchorMs: number
}

export interface WindowName {
  readonly scope: string
  readonly startMs: number
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** What alerts and reports read of the money. */
export interface AlertFigures {
  /** The budgets of these windows, beside those of their entities that have a soft budget and nothing else. */
  windows(names: readonly WindowName[], nowMs: number): Promise<readonly BudgetRow[]>
  /** Every budget with something spent, by scope, a page at a time; `next` begins the next page, and is absent after the last. */
  budgets(
    after: string,
    most: number,
    nowMs: number,
  ): Promise<{ readonly rows: readonly BudgetRow[]; readonly next?: string }>
  /** The keys that spent most in a window, those with the most first. */
  topKeys(
    window: WindowName & { readonly entityKind: string; readonly entityId: string },
    most: number,
  ): Promise<readonly Share[]>
  spend(span: Span): Promise<Pick<SpendReportFacts, 'totalNano' | 'teams' | 'tags'>>
  deployments(span: Span, most: number): Promise<Omit<DailyReportFacts, 'kind' | 'fromMs' | 'toMs'>>
  fallbacks(span: Span): Promise<FallbackReportFacts['moves']>
  /** What waits in `dead_letter`, by queue, with the moment of the newest. */
  dead(): Promise<
    readonly {
      readonly queue: string
      readonly count: number
      readonly newestMs: number
      readonly error: string | null
    }[]
  >
}
