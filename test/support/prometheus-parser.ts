/** A strict reader of Prometheus' two text formats, written from their specifications. It throws for what they forbid. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly samples: Sample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/
const NUMBER = /^(?:[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\+Inf|-Inf|NaN)$/
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  gauge: [''],
}

export function parseMetrics(text: string, format: 'text' | 'openmetrics'): ReadonlyMap<string, Family> {
  if (text === '' && format === 'text') return new Map()
  if (!text.endsWith('\n')) throw new Error('the last line must end')
  const lines = text.slice(0, -1).split('\n')
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('OpenMetrics must end with # EOF')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let current: Family | undefined
  for (const line of lines.filter((line) => format === 'openmetrics' || line !== '')) {
    if (line.startsWith('#')) {
      const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? fail(line)
      if (NAME.exec(name)?.[0] !== name) fail(line)
      if (keyword === 'TYPE') {
        if (families.has(name)) throw new Error(`${name} has two types`)
        if (!['counter', 'gauge', 'histogram'].includes(rest)) fail(line)
        current = { name, type: rest, samples: [] }
        families.set(name, current)
      }
      continue
    }
    const sample = sampleIn(line)
    if (!current || !belongs(sample.name, current, format)) throw new Error(`${sample.name} stands outside its family`)
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (seen.has(key)) throw new Error(`${key} twice`)
    seen.add(key)
    if (current.type === 'counter' && !(sample.value >= 0)) throw new Error(`${key} is below zero`)
    current.samples.push(sample)
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family)
  return families
}

function belongs(name: string, { name: family, type }: Family, format: 'text' | 'openmetrics'): boolean {
  const endings = type === 'counter' ? [format === 'openmetrics' ? '_total' : ''] : (ENDINGS[type] ?? [])
  return endings.some((ending) => name === family + ending)
}

function sampleIn(line: string): Sample {
  const name = NAME.exec(line)?.[0] ?? fail(line)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const [all, label = '', value = ''] = LABEL.exec(rest) ?? fail(line)
      if (label in labels) fail(line)
      labels[label] = value.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
      rest = rest.slice(all.length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) fail(line)
    }
    rest = rest.slice(1)
  }
  const value = rest.startsWith(' ') ? rest.slice(1) : fail(line)
  if (!NUMBER.test(value)) fail(line)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

/** Buckets grow with their bounds, end at +Inf, and +Inf is the count. */
function checkHistogram({ name, samples }: Family): void {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...rest } }) => JSON.stringify(rest))
  for (const [key, mine] of series) {
    const buckets = mine.filter((one) => one.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')))
    const values = buckets.map(({ value }) => value)
    const grows = (list: readonly number[], strictly: boolean) =>
      list.every((one, at) => at === 0 || (strictly ? one > list[at - 1]! : one >= list[at - 1]!))
    const count = mine.find((one) => one.name === `${name}_count`)?.value
    const sum = mine.find((one) => one.name === `${name}_sum`)
    if (!grows(bounds, true) || !grows(values, false) || bounds.at(-1) !== Infinity || values.at(-1) !== count || !sum)
      throw new Error(`the histogram ${name} is broken at ${key}`)
  }
}

function fail(line: string): never {
  throw new Error(`not in the format: ${line}`)
}
