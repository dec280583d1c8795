/** Sums over successes, and how long each took as a histogram: adds up, whoever measured. Plain data that travels. */
export interface Samples {
  count: number
  /** How many took about `GROWTH ** index` milliseconds, by index. */
  readonly histogram: Record<number, number>
  /** The same of first tokens. */
  readonly firstHistogram: Record<number, number>
  durationMs: number
  outputTokens: number
  firstTokenMs: number
  firstTokens: number
}

/**
 * Recent samples in two generations: when the younger has enough of them, or half its time is over, it becomes the older
 * one and the older is forgotten. So it is bounded, follows a change within a hundred samples, and nothing outlives its
 * time to live.
 */
export interface Latencies {
  younger: Samples
  older: Samples
  sinceMs: number
  olderSinceMs: number
}

/** What strategies look at. Percentiles are right to five per cent. */
export interface LatencySummary {
  readonly samples: number
  readonly latencyMs?: number
  readonly latencyP95Ms?: number
  readonly msPerToken?: number
  readonly firstTokenMs?: number
  readonly firstTokenP95Ms?: number
}

const GROWTH = 1.1
const LOG_GROWTH = Math.log(GROWTH)
/** Some 17 minutes: whatever takes longer counts as that. */
const LAST_INDEX = 145
const GENERATION_SAMPLES = 50

export function noSamples(): Samples {
  return {
    count: 0,
    histogram: {},
    firstHistogram: {},
    durationMs: 0,
    outputTokens: 0,
    firstTokenMs: 0,
    firstTokens: 0,
  }
}

export function noLatencies(nowMs: number): Latencies {
  return { younger: noSamples(), older: noSamples(), sinceMs: nowMs, olderSinceMs: nowMs }
}

export interface Sample {
  readonly durationMs: number
  readonly outputTokens: number
  readonly firstTokenMs?: number
}

export function addSample(samples: Samples, { durationMs, outputTokens, firstTokenMs }: Sample): void {
  addTo(samples.histogram, indexOf(durationMs), 1)
  samples.count += 1
  samples.durationMs += durationMs
  samples.outputTokens += outputTokens
  if (firstTokenMs === undefined) return
  samples.firstTokenMs += firstTokenMs
  samples.firstTokens += 1
  addTo(samples.firstHistogram, indexOf(firstTokenMs), 1)
}

type Histogram = Samples['histogram']

function indexOf(ms: number): number {
  return Math.min(LAST_INDEX, Math.max(0, Math.round(Math.log(Math.max(1, ms)) / LOG_GROWTH)))
}

function addTo(histogram: Histogram, index: number, times: number): void {
  histogram[index] = (histogram[index] ?? 0) + times
}

function addHistogram(histogram: Histogram, more: Histogram): void {
  for (const index in more) addTo(histogram, Number(index), more[index] ?? 0)
}

/** Makes room for a sample of this moment: call it before adding to `younger`. */
export function turnGeneration(latencies: Latencies, nowMs: number, ttlMs: number): void {
  const { younger, sinceMs } = latencies
  if (younger.count < GENERATION_SAMPLES && nowMs - sinceMs < ttlMs / 2) return
  latencies.older = younger
  latencies.olderSinceMs = sinceMs
  latencies.younger = noSamples()
  latencies.sinceMs = nowMs
}

export function addSamples(samples: Samples, more: Samples): void {
  samples.count += more.count
  samples.durationMs += more.durationMs
  samples.outputTokens += more.outputTokens
  samples.firstTokenMs += more.firstTokenMs
  samples.firstTokens += more.firstTokens
  addHistogram(samples.histogram, more.histogram)
  addHistogram(samples.firstHistogram, more.firstHistogram)
}

export function summaryOf(latencies: Latencies, nowMs: number, ttlMs: number): LatencySummary {
  const all = noSamples()
  if (nowMs - latencies.olderSinceMs < ttlMs) addSamples(all, latencies.older)
  if (nowMs - latencies.sinceMs < ttlMs) addSamples(all, latencies.younger)
  const { count, durationMs, outputTokens, firstTokenMs, firstTokens, histogram, firstHistogram } = all
  if (count === 0) return { samples: 0 }
  return {
    samples: count,
    latencyMs: percentile(histogram, count, 0.5),
    latencyP95Ms: percentile(histogram, count, 0.95),
    ...(outputTokens > 0 ? { msPerToken: durationMs / outputTokens } : {}),
    ...(firstTokens > 0
      ? { firstTokenMs: firstTokenMs / firstTokens, firstTokenP95Ms: percentile(firstHistogram, firstTokens, 0.95) }
      : {}),
  }
}

/** Keys that are whole numbers come in their order. */
function percentile(histogram: Readonly<Record<number, number>>, count: number, share: number): number {
  let left = Math.ceil(count * share)
  let last = 0
  for (const index in histogram) {
    last = Number(index)
    left -= histogram[last] ?? 0
    if (left <= 0) break
  }
  return Math.round(GROWTH ** last)
}
