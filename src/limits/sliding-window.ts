/**
 * What was used lately, per second, oldest first. A use counts for the second it happened in and the sixty after it: at
 * least sixty seconds, so no sixty seconds ever hold more than the limit.
 */
export type SlidingWindow = readonly Bucket[]

/** `[second since the epoch, amount]`: pairs, because this is what is stored. */
export type Bucket = readonly [second: number, amount: number]

export const unused: SlidingWindow = []

const COUNTED_SECONDS = 61

const secondOf = (ms: number) => Math.floor(ms / 1000)
const leavesAtMs = ([second]: Bucket) => (second + COUNTED_SECONDS) * 1000
const counted = (window: SlidingWindow, nowMs: number) => window.filter((bucket) => leavesAtMs(bucket) > nowMs)
const total = (window: SlidingWindow) => window.reduce((sum, [, amount]) => sum + amount, 0)

/** Counts a use now. Whether it fits is asked before, with `fits`. */
export function use(window: SlidingWindow, amount: number, nowMs: number): SlidingWindow {
  const kept = counted(window, nowMs)
  const last = kept.at(-1)
  // A clock that stepped back counts into the newest second: it may count longer, never shorter.
  if (last && last[0] >= secondOf(nowMs)) return [...kept.slice(0, -1), [last[0], last[1] + amount]]
  return [...kept, [secondOf(nowMs), amount]]
}

export function fits(window: SlidingWindow, amount: number, limit: number, nowMs: number): boolean {
  // A limit of zero blocks also what would use nothing.
  return limit > 0 && total(counted(window, nowMs)) + amount <= limit
}

/** The second that the newest use was counted in: what `correct` wants to know later. */
export function newestSecond(window: SlidingWindow): number {
  return window.at(-1)?.[0] ?? 0
}

/** Puts what was really used in the place of an estimate; what has left the window stays gone. */
export function correct(
  window: SlidingWindow,
  second: number,
  change: { estimate: number; real: number },
): SlidingWindow {
  return window.map((bucket) =>
    bucket[0] === second ? [second, Math.max(0, bucket[1] + change.real - change.estimate)] : bucket,
  )
}

export interface WindowState {
  readonly limit: number
  readonly remaining: number
  /** When the oldest use counted now will have left. */
  readonly resetAtMs: number
}

export function stateOf(window: SlidingWindow, limit: number, nowMs: number): WindowState {
  const kept = counted(window, nowMs)
  const [oldest] = kept
  return { limit, remaining: Math.max(0, limit - total(kept)), resetAtMs: oldest ? leavesAtMs(oldest) : nowMs }
}

/** How long until `amount` fits, if nothing else is used meanwhile; undefined when it never will. */
export function fitsAfterMs(window: SlidingWindow, amount: number, limit: number, nowMs: number): number | undefined {
  if (limit <= 0 || amount > limit) return undefined
  const kept = counted(window, nowMs)
  let excess = total(kept) + amount - limit
  let waitMs = 0
  for (const bucket of kept) {
    if (excess <= 0) break
    excess -= bucket[1]
    waitMs = leavesAtMs(bucket) - nowMs
  }
  return waitMs
}
