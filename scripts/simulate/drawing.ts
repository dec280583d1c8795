import { ascending, quantile } from './figures.ts'
import type { Outcome, Run } from './run.ts'
import type { Phase } from './world.ts'

const BIN_MS = 5_000
const CHART = { left: 60, top: 60, width: 860, height: 220 }
const BARS = { left: 260, top: 350, width: 560, row: 20 }
const COLOUR = { tollgate: '#1a7f5a', litellm: '#c2410c' } as const
const SHADE = { calm: 'none', spike: '#fde68a', slow: '#e5e7eb', failing: '#fecaca' } as const

/** The day as a picture: what answers lost over time with both latency-based routings, and everybody's worst overload. */
export function drawing(runs: readonly Run[], phases: readonly Phase[]): string {
  const height = BARS.top + BARS.row * runs.length + 20
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '<title>How routing strategies fare on a bad day</title>',
    `<rect width="960" height="${height}" fill="#ffffff"/>`,
    ...timeline(
      runs.filter(({ contender }) => contender.strategy === 'latency-based-routing'),
      phases,
    ),
    ...overloads(runs),
    '</svg>\n',
  ].join('\n')
}

function timeline(runs: readonly Run[], phases: readonly Phase[]): string[] {
  const { left, top, width, height } = CHART
  const totalMs = phases.reduce((sum, { seconds }) => sum + seconds * 1000, 0)
  const lines = runs.map((run) => ({ run, points: lostOverTime(run.outcomes, totalMs) }))
  const most = Math.ceil(Math.max(1_000, ...lines.flatMap(({ points }) => points)) / 4_000) * 4_000
  const x = (atMs: number) => (left + (atMs / totalMs) * width).toFixed(1)
  const y = (lostMs: number) => (top + height - (lostMs / most) * height).toFixed(1)
  let startMs = 0
  const shades = phases.map(({ name, seconds }) => {
    const from = Number(x(startMs))
    startMs += seconds * 1000
    const to = Number(x(startMs))
    const label = name === 'calm' ? '' : text((from + to) / 2, top + 14, name, 'middle')
    return `<rect x="${from}" y="${top}" width="${(to - from).toFixed(1)}" height="${height}" fill="${SHADE[name]}" fill-opacity="0.6"/>${label}`
  })
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    text(left - 8, Number(y(most * share)) + 4, `${((most * share) / 1000).toFixed(0)} s`, 'end'),
  )
  const minutes = Array.from({ length: Math.floor(totalMs / 60_000) + 1 }, (_, minute) =>
    text(Number(x(minute * 60_000)), top + height + 16, `${minute} min`, 'middle'),
  )
  return [
    text(left, 24, 'latency-based-routing: time lost to queues, failures and slowness (p95, by 5 s)', 'start', 15),
    text(left, 44, '— Tollgate', 'start', 12, COLOUR.tollgate),
    text(left + 90, 44, '— LiteLLM, as documented', 'start', 12, COLOUR.litellm),
    ...shades,
    ...marks,
    ...minutes,
    `<path d="M${left} ${top}V${top + height}H${left + width}" fill="none" stroke="#6b7280"/>`,
    ...lines.map(({ run, points }) => {
      const path = points.map((lostMs, bin) => `${x((bin + 0.5) * BIN_MS)},${y(lostMs)}`).join(' ')
      return `<polyline points="${path}" fill="none" stroke-width="2" stroke="${COLOUR[run.contender.family]}"/>`
    }),
  ]
}

/** By when they came; who was refused lost nothing but its answer. */
function lostOverTime(outcomes: readonly Outcome[], totalMs: number): number[] {
  const bins: number[][] = Array.from({ length: Math.ceil(totalMs / BIN_MS) }, () => [])
  for (const { arrival, ok, lostMs } of outcomes) if (ok) bins[Math.floor(arrival.atMs / BIN_MS)]?.push(lostMs)
  return bins.map((bin) => quantile(ascending(bin), 0.95))
}

function overloads(runs: readonly Run[]): string[] {
  const { left, top, width, row } = BARS
  const worst = runs.map(({ worstOverload }) => Math.max(...worstOverload))
  const most = Math.max(...worst)
  const bars = runs.flatMap(({ contender: { strategy, family } }, at) => {
    const overload = worst[at] ?? 0
    const y = top + at * row
    const length = (overload / most) * width
    return [
      text(left - 10, y + 12, `${strategy} (${family})`, 'end'),
      `<rect x="${left}" y="${y + 2}" width="${length.toFixed(1)}" height="${row - 6}" fill="${COLOUR[family]}"/>`,
      text(left + length + 6, y + 12, `${overload.toFixed(2)}×`, 'start'),
    ]
  })
  const one = (left + width / most).toFixed(1)
  const full = `<path d="M${one} ${top}V${top + runs.length * row}" stroke="#111827" stroke-dasharray="3 3"/>`
  return [
    text(60, top - 16, 'worst overload: requests at once, by what the deployment takes', 'start', 15),
    ...bars,
    full,
  ]
}

type Anchor = 'start' | 'middle' | 'end'

function text(x: number, y: number, words: string, anchor: Anchor, size = 12, colour = '#111827'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" fill="${colour}">${words}</text>`
}
