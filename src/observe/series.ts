import { type Delta, type Labels, metrics, seriesKey } from './metrics.ts'

/** Every series of the gateway, up to a number that Prometheus bears; what is beyond is counted under `other`. */
export class Series {
  readonly #all = new Map<string, Delta>()
  readonly #most: number
  #perMetric = new Map<string, number>()

  /** `most` bounds each metric's series. */
  constructor(known: readonly Delta[] = [], most = 2_000) {
    this.#most = most
    for (const one of known) this.#keep(seriesKey(one.metric, one.labels), one)
  }

  /** Adds what a batch says, and answers the series that changed, as they are now. */
  add(deltas: readonly Delta[]): readonly (readonly [string, Delta])[] {
    return deltas.flatMap((delta) => {
      const metric = metrics[delta.metric]
      if (!metric) return []
      const [key, labels] = this.#placeOf(delta)
      // Of those beyond the bound, one number would be nobody's.
      if (metric.kind === 'gauge' && labels !== delta.labels) return []
      const known = this.#all.get(key)
      const next: Delta = {
        metric: delta.metric,
        labels,
        value: metric.kind === 'gauge' ? delta.value : (known?.value ?? 0) + delta.value,
        ...(delta.counts && { counts: delta.counts.map((n, at) => n + (known?.counts?.[at] ?? 0)) }),
      }
      this.#keep(key, next)
      return [[key, next] as const]
    })
  }

  values(): readonly Delta[] {
    return [...this.#all.values()]
  }

  /** Its own place, or, where its metric has too many, one whose labels all say `other`. */
  #placeOf({ metric, labels }: Delta): readonly [string, Labels] {
    const key = seriesKey(metric, labels)
    if (this.#all.has(key) || (this.#perMetric.get(metric) ?? 0) < this.#most) return [key, labels]
    const other = Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']))
    return [seriesKey(metric, other), other]
  }

  #keep(key: string, delta: Delta): void {
    if (!this.#all.has(key)) this.#perMetric.set(delta.metric, (this.#perMetric.get(delta.metric) ?? 0) + 1)
    this.#all.set(key, delta)
  }
}
