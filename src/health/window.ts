/**
 * What happened to one deployment in the last sixty seconds, in buckets of five, oldest first. Plain data that travels;
 * it is added to in place, since that happens on every request.
 */
export type Window = Bucket[]

export interface Bucket {
  readonly startMs: number
  /** Attempts that began. */
  requests: number
  tokens: number
  /** Attempts that ended well. */
  good: number
  /** Attempts that ended in a failure that counts, by its name. */
  readonly fails: Record<string, number>
}

export interface Tally {
  requests: number
  tokens: number
  good: number
  failures: number
  readonly fails: Record<string, number>
}

export const BUCKET_MS = 5_000
export const WINDOW_MS = 60_000

/** The bucket of this moment. A clock that stepped back counts into the newest one. */
export function bucketAt(window: Window, nowMs: number): Bucket {
  const last = window.at(-1)
  const startMs = nowMs - (nowMs % BUCKET_MS)
  if (last && last.startMs >= startMs) return last
  const made: Bucket = { startMs, requests: 0, tokens: 0, good: 0, fails: {} }
  window.push(made)
  while ((window[0]?.startMs ?? startMs) <= startMs - WINDOW_MS) window.shift()
  return made
}

/** Adds what another has counted. What is older than the window is left out. */
export function addWindow(window: Window, more: readonly Bucket[], nowMs: number): void {
  for (const one of more) {
    if (one.startMs <= nowMs - WINDOW_MS) continue
    const bucket = window.find(({ startMs }) => startMs === one.startMs) ?? inserted(window, one.startMs)
    bucket.requests += one.requests
    bucket.tokens += one.tokens
    bucket.good += one.good
    for (const name in one.fails) bucket.fails[name] = (bucket.fails[name] ?? 0) + (one.fails[name] ?? 0)
  }
  while (window[0] && window[0].startMs <= nowMs - WINDOW_MS) window.shift()
}

function inserted(window: Window, startMs: number): Bucket {
  const made: Bucket = { startMs, requests: 0, tokens: 0, good: 0, fails: {} }
  const after = window.findIndex((bucket) => bucket.startMs > startMs)
  window.splice(after < 0 ? window.length : after, 0, made)
  return made
}

export function emptyTally(): Tally {
  return { requests: 0, tokens: 0, good: 0, failures: 0, fails: {} }
}

/** Adds up the sixty seconds before now, or less: what began before `sinceMs` does not count. */
export function tallyInto(tally: Tally, window: readonly Bucket[], nowMs: number, sinceMs = 0): void {
  for (const bucket of window) {
    if (bucket.startMs <= nowMs - WINDOW_MS || bucket.startMs < sinceMs) continue
    tally.requests += bucket.requests
    tally.tokens += bucket.tokens
    tally.good += bucket.good
    for (const name in bucket.fails) {
      const count = bucket.fails[name] ?? 0
      tally.failures += count
      tally.fails[name] = (tally.fails[name] ?? 0) + count
    }
  }
}
