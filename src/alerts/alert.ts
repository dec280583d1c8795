import type { AlertType } from '../config/alerts.ts'

export type Level = 'low' | 'medium' | 'high'

/** A name and what it spent, nano-USD as a decimal string. */
export interface Share {
  readonly name: string
  readonly nano: string
}

export interface BudgetFacts {
  readonly kind: 'budget'
  readonly event: 'threshold_crossed' | 'budget_crossed' | 'soft_budget_crossed' | 'projected_limit_exceeded'
  /** `team`, `key`, …: what a scope's name begins with. */
  readonly entityKind: string
  readonly entityId: string
  readonly alias: string | null
  readonly scope: string
  readonly model: string | null
  /** Percent; of a soft budget and a projection it is absent. */
  readonly threshold?: number
  readonly spentNano: string
  readonly limitNano: string
  readonly duration: string
  readonly timeZone: string
  readonly startMs: number
  /** Null for a window that never ends. */
  readonly endMs: number | null
  /** When the limit will be reached at the pace of this window. */
  readonly exhaustedMs?: number
  readonly top: readonly Share[]
}

/** Which deployment something is about. */
export interface About {
  readonly group: string
  readonly deployment: string
  readonly provider: string
  readonly model: string
}

export interface OutageFacts extends About {
  readonly kind: 'outage'
  readonly level: 'minor' | 'major' | 'resolved'
  readonly failures: number
  readonly requests: number
  readonly sinceMs: number
}

/** Several deployments of one vendor in one region. */
export interface RegionOutageFacts {
  readonly kind: 'region'
  readonly level: 'minor' | 'major' | 'resolved'
  readonly provider: string
  readonly region: string
  readonly deployments: readonly string[]
  readonly failures: number
  readonly sinceMs: number
}

export interface CooldownFacts extends About {
  readonly kind: 'cooldown'
  readonly untilMs: number | null
  readonly because: string | null
}

export interface SlowFacts extends About {
  readonly kind: 'slow'
  readonly count: number
  readonly longestMs: number
  readonly thresholdMs: number
  readonly keyAlias: string | null
  readonly team: string | null
  readonly requestId: string
}

export interface HangingFacts extends About {
  readonly kind: 'hanging'
  readonly count: number
  readonly thresholdMs: number
}

export interface ExceptionFacts extends About {
  readonly kind: 'exception'
  readonly count: number
  readonly status: number
  readonly error: string
  readonly requestId: string
}

/** Answers that cost something nobody knows. */
export interface UnpricedFacts extends About {
  readonly kind: 'unpriced'
  readonly count: number
  readonly requestId: string
}

export interface SpendReportFacts {
  readonly kind: 'spend'
  /** `2026-11-01`: the first and the last day of it. */
  readonly firstDay: string
  readonly lastDay: string
  readonly isMonth: boolean
  readonly totalNano: string
  readonly teams: readonly Share[]
  readonly tags: readonly Share[]
}

export interface DailyReportFacts {
  readonly kind: 'daily'
  readonly fromMs: number
  readonly toMs: number
  readonly requests: number
  readonly failures: number
  readonly costNano: string
  readonly failing: readonly { readonly name: string; readonly count: number }[]
  readonly slowest: readonly { readonly name: string; readonly secondsPerToken: number }[]
}

export interface FallbackReportFacts {
  readonly kind: 'fallbacks'
  readonly fromMs: number
  readonly toMs: number
  readonly moves: readonly { readonly from: string; readonly to: string; readonly count: number; readonly ok: number }[]
}

export interface DbFacts {
  readonly kind: 'db'
  readonly where: string
  readonly error: string
}

/** What could not be recorded, or not delivered, and waits to be replayed. */
export interface DeadFacts {
  readonly kind: 'dead'
  readonly queue: string
  readonly count: number
  readonly error: string | null
}

/** Names of the changed fields only, never what they hold. */
export interface ChangeFacts {
  readonly kind: 'change'
  readonly entity: string
  readonly name: string
  readonly by: string
  readonly fields: readonly string[]
}

export interface TestFacts {
  readonly kind: 'test'
  readonly by: string
}

export type Facts =
  | BudgetFacts
  | OutageFacts
  | RegionOutageFacts
  | CooldownFacts
  | SlowFacts
  | HangingFacts
  | ExceptionFacts
  | UnpricedFacts
  | SpendReportFacts
  | DailyReportFacts
  | FallbackReportFacts
  | DbFacts
  | DeadFacts
  | ChangeFacts
  | TestFacts

/** Something worth telling. Two of one id are one, whoever noticed it and however often. */
export interface Alert {
  readonly id: string
  readonly type: AlertType
  readonly facts: Facts
}

const LEVELS = {
  budget: 'high',
  exception: 'high',
  unpriced: 'high',
  db: 'high',
  dead: 'high',
  change: 'high',
  cooldown: 'medium',
  hanging: 'medium',
  slow: 'low',
  spend: 'low',
  daily: 'low',
  fallbacks: 'low',
  test: 'low',
} as const satisfies Readonly<Record<Exclude<Facts['kind'], 'outage' | 'region'>, Level>>
const OUTAGE_LEVELS = { minor: 'medium', major: 'high', resolved: 'low' } as const

/** LiteLLM's levels. */
export function levelOf(facts: Facts): Level {
  return facts.kind === 'outage' || facts.kind === 'region' ? OUTAGE_LEVELS[facts.level] : LEVELS[facts.kind]
}
