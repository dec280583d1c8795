// npm run prove:budgets [-- --requests 20000 --seed 1 --concurrency 500]: a storm of requests over real PostgreSQL and
// four isolates, with everything going wrong meanwhile, and what became of every promise. docs/proofs.md explains it.
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { storm } from './prove/storm.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '500' },
    keep: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const requests = Number(values.requests)
const concurrency = Number(values.concurrency)
const stateDir = resolve(import.meta.dirname, `../.local/prove/budgets-${process.pid}`)

try {
  console.log(`seed ${seed}, ${requests} requests, ${concurrency} at a time, 4 isolates`)
  const run = await storm(
    { seed, requests, concurrency, isolates: 4, organizations: 5, teams: 20, keys: 200, shared: 10 },
    { stateDir, log: (line) => console.log(line) },
  )
  const { broken, counted, examples } = run.verdict
  console.table(Object.fromEntries(Object.entries(counted).map(([what, count]) => [what, { count }])))
  console.table(
    Object.fromEntries(Object.entries(broken).map(([what, count]) => [what, { 'must be 0': count, so: count === 0 }])),
  )
  for (const [what, example] of Object.entries(examples)) console.log(`${what}: ${JSON.stringify(example)}`)
  const kept = Object.values(broken).every((count) => count === 0)
  console.log(
    JSON.stringify({
      seed,
      requests,
      concurrency,
      kept,
      seconds_of_storm: Number(run.secondsOfStorm.toFixed(1)),
      seconds_to_rest: Number(run.secondsToRest.toFixed(1)),
      polls: run.polls,
      broken,
      counted,
      chaos: run.chaos,
      left_out: Object.fromEntries(run.missing),
    }),
  )
  if (!kept) process.exitCode = 1
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error)
  process.exitCode = 1
} finally {
  if (!values.keep) rmSync(stateDir, { recursive: true, force: true })
}
process.exit(process.exitCode) // a driver's idle connection must not hold the command open
