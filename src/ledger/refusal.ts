import { freeOf, type Pool } from '../budget/pool.ts'
import type { LedgerSettings } from '../config/config.ts'
import { maxNano, type NanoUsd } from '../money.ts'
import type { Refusal, WindowState } from './port.ts'
import type { SliceAnswer } from './slice-source.ts'

/** Own holds end when their calls end, which may be any moment. */
const HELD_RETRY_MS = 1_000

/** A pool in which a request does not fit now. */
export interface Short {
  readonly pool: Pool
  readonly needNano: NanoUsd
}

/** Whether others have something on lease that, with what own requests hold, could make room. */
export function othersMayHelp({ pool, needNano }: Short, answer: SliceAnswer): boolean {
  const mine = freeOf(pool) + pool.heldNano + answer.roomNano
  return answer.othersNano > 0n && mine + answer.othersNano >= needNano
}

type BudgetRefusal = Extract<Refusal, { kind: 'budget_exceeded' | 'budget_held' }>

/** Whether asking once more can help: the source has the money, and somebody else took what came of the last answer. */
export function fitsNow({ pool, needNano }: Short, answer: SliceAnswer): boolean {
  return freeOf(pool) + answer.roomNano >= needNano
}

/**
 * Why a request that is short after an exchange is refused (slices.md rule 13): held, when what others lease and what
 * own requests hold could still make room in this window; exceeded, when not even that would.
 */
export function refuse({ pool, needNano }: Short, answer: SliceAnswer, settings: LedgerSettings): BudgetRefusal {
  const mine = freeOf(pool) + pool.heldNano + answer.roomNano
  const retryAfterMs = mine >= needNano ? HELD_RETRY_MS : settings.idleReturnMs + HELD_RETRY_MS
  const held = mine + answer.othersNano >= needNano
  return {
    kind: held ? 'budget_held' : 'budget_exceeded',
    ...windowState(pool, answer),
    neededNano: needNano,
    ...(held ? { retryAfterMs } : {}),
  }
}

/** A window as its ledger and the source see it together: what is settled here counts as spent before its row is seen. */
export function windowState(pool: Pool, answer: SliceAnswer): WindowState {
  return {
    scope: pool.scope,
    windowStartMs: pool.startMs,
    limitNano: answer.limitNano,
    spentNano: answer.spentNano + maxNano(0n, pool.usedNano - pool.chargedNano),
    heldNano: answer.othersNano + pool.heldNano,
    ...(Number.isFinite(pool.endMs) ? { resetAtMs: pool.endMs } : {}),
  }
}

/** Of several reasons, one that no waiting removes comes first. */
export function gravest(refusals: readonly BudgetRefusal[]): BudgetRefusal | undefined {
  return refusals.find(({ kind }) => kind === 'budget_exceeded') ?? refusals[0]
}
