import { spawnSync } from 'node:child_process'
import { exposition } from '../src/observe/exposition.ts'
import { BUCKETS, type Delta, metrics } from '../src/observe/metrics.ts'
import { checkArticle } from './external/article.ts'

/** What a program that is not from npm says of what the gateway emits. */
interface Check {
  readonly name: string
  readonly program: string
  readonly comesWith: string
  /** Why it is not content; undefined when it is. */
  readonly run: (program: string) => string | undefined
}

/** Names as users give them: with everything that has to be escaped. */
const AWKWARD = 'a "b" \\ c\nđ'

/** `promtool check metrics` ends with 1 where it cannot read, and with 3 where it would have named something otherwise: the names are LiteLLM's. */
const READ = new Set([0, 3])

const promtool: Check = {
  name: "Prometheus reads /metrics, its text and all of LiteLLM's names",
  program: 'promtool',
  comesWith: "Debian's package prometheus",
  run(program) {
    const { status, stderr } = spawnSync(program, ['check', 'metrics'], {
      input: exposition(Object.keys(metrics).map(seriesOf), 'text', Date.now()),
      encoding: 'utf8',
    })
    return status !== null && READ.has(status) ? undefined : `ended with ${status}: ${stderr.trim()}`
  },
}

function seriesOf(metric: string): Delta {
  const { kind = 'counter', labels = [] } = metrics[metric] ?? {}
  const counts = kind === 'histogram' ? { counts: Array.from({ length: BUCKETS.length + 1 }, () => 1) } : {}
  return { metric, labels: Object.fromEntries(labels.map((label) => [label, AWKWARD])), value: 1.5, ...counts }
}

const isInstalled = (program: string) => spawnSync(program, ['--version']).error === undefined

let failed = 0
for (const { name, program, comesWith, run } of [promtool]) {
  if (!isInstalled(program)) {
    console.log(`skipped ${name}: ${program} is not installed (${comesWith})`)
    continue
  }
  const why = run(program)
  if (why !== undefined) failed += 1
  console.log(why === undefined ? `ok      ${name}` : `failed  ${name}: ${why}`)
}
failed += await checkArticle()
process.exitCode = failed > 0 ? 1 : 0
