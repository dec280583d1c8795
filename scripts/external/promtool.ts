import { spawnSync } from 'node:child_process'
import { exposition } from '../../src/observe/exposition.ts'
import { BUCKETS, type Delta, metrics } from '../../src/observe/metrics.ts'

/** Names as users give them: with everything that has to be escaped. */
const AWKWARD = 'a "b" \\ c\nđ'

/** `promtool check metrics` ends with 1 where it cannot read, and with 3 where it would have named something otherwise: the names are LiteLLM's. */
const READ = new Set([0, 3])

const NAME = "Prometheus reads /metrics, its text and all of LiteLLM's names"

/** Whether Prometheus' own tool reads every metric there is. What it finds is a line for whoever asked. */
export function checkPromtool(env: NodeJS.ProcessEnv = process.env): {
  readonly line: string
  readonly failed: boolean
} {
  const input = exposition(Object.keys(metrics).map(seriesOf), 'text', Date.now())
  const { status, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', env })
  if (error && 'code' in error && error.code === 'ENOENT') {
    const line = `skipped ${NAME}: promtool is not installed. It comes with Debian's package prometheus (apt-get install prometheus).`
    return { line, failed: false }
  }
  if (status !== null && READ.has(status)) return { line: `ok      ${NAME}`, failed: false }
  return { line: `failed  ${NAME}: ${error ?? `ended with ${status}: ${stderr.trim()}`}`, failed: true }
}

function seriesOf(metric: string): Delta {
  const { kind = 'counter', labels = [] } = metrics[metric] ?? {}
  const counts = kind === 'histogram' ? { counts: Array.from({ length: BUCKETS.length + 1 }, () => 1) } : {}
  return { metric, labels: Object.fromEntries(labels.map((label) => [label, AWKWARD])), value: 1.5, ...counts }
}
