import { BUCKETS, type Delta, type Labels, metrics } from './metrics.ts'

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0.0. */
export type Format = 'text' | 'openmetrics'

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** What a scraper asks for. */
export function formatFor(accept: string | null): Format {
  return accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'text'
}

/**
 * Every series as text, each metric in one block. A counter's samples end in `_total`; its family is named with the
 * ending in the text format and without it in OpenMetrics, as the two specifications have it.
 */
export function exposition(series: readonly Delta[], format: Format, nowMs: number): string {
  const byMetric = Map.groupBy(series, ({ metric }) => metric)
  const blocks = [...byMetric].flatMap(([name, mine]) => {
    const metric = metrics[name]
    if (!metric) return []
    const sample = metric.kind === 'counter' ? `${name}_total` : name
    const family = metric.kind === 'counter' && format === 'text' ? sample : name
    return [
      `# HELP ${family} ${metric.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${family} ${metric.kind}`,
      ...mine.flatMap((one) => {
        if (metric.kind === 'histogram') return histogramLines(name, one)
        return [line(sample, metric.shown ? { ...one, value: metric.shown(one.value, nowMs) } : one)]
      }),
    ]
  })
  const end = format === 'openmetrics' ? ['# EOF'] : []
  return [...blocks, ...end].map((text) => `${text}\n`).join('')
}

/** Numbers as they are at this moment, kept by nobody here. */
export interface Gauge {
  readonly name: string
  /** It only grows; a gauge where nothing is said. */
  readonly counts?: true
  readonly help: string
  readonly samples: readonly Pick<Delta, 'labels' | 'value'>[]
}

/** Blocks that may stand before those of `exposition`, in either format. */
export function gaugeBlocks(gauges: readonly Gauge[], format: Format): string {
  return gauges
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, counts, samples }) => {
      const sample = counts ? `${name}_total` : name
      const family = format === 'text' ? sample : name
      return [
        `# HELP ${family} ${help}`,
        `# TYPE ${family} ${counts ? 'counter' : 'gauge'}`,
        ...samples.map(({ labels, value }) => `${sample}${labelText(labels)} ${value}`),
      ]
    })
    .map((text) => `${text}\n`)
    .join('')
}

const line = (name: string, { labels, value }: Delta): string => `${name}${labelText(labels)} ${value}`

function histogramLines(name: string, { labels, value, counts = [] }: Delta): string[] {
  let total = 0
  const buckets = counts.map((count, at) => {
    total += count
    const le = at < BUCKETS.length ? decimal(BUCKETS[at] ?? 0) : '+Inf'
    return `${name}_bucket${labelText({ ...labels, le })} ${total}`
  })
  return [...buckets, `${name}_sum${labelText(labels)} ${value}`, `${name}_count${labelText(labels)} ${total}`]
}

/** OpenMetrics wants bounds as floats, and both formats read them. */
const decimal = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : String(bound))

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
