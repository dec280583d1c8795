// npm run prove:lists: a team of ten thousand keys, a thousand teams and a million rows of spend; then every list and
// info route must answer within 200 ms, and by an index.
import { parseArgs } from 'node:util'
import { keepPartitionsAhead } from '../src/spend/partitions.ts'
import { adminWorld } from '../test/support/admin-world.ts'
import { testPostgres } from '../test/support/postgres.ts'
import { MASTER } from '../test/unit/routes/world.ts'
import { median } from './bench/figures.ts'
import { crowd, listsOf, SETTLED } from './prove/crowd.ts'
import { DAY_MS } from './prove/month.ts'
import { overheard } from './prove/plans.ts'

const WITHIN_MS = 200
const DAYS = 14
const TIMES = 5

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const spendRows = Number(values.rows)
if (!Number.isInteger(spendRows) || spendRows < 1) {
  console.error('Give a whole number: npm run prove:lists -- --rows 1000000')
  process.exit(1)
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const nowMs = Date.now()
const lastDay = dayOf(nowMs - DAY_MS)
const faults: string[] = []
const slowest = { path: '', ms: 0 }
const postgres = await testPostgres()
try {
  await keepPartitionsAhead(postgres.db, nowMs - DAYS * DAY_MS)
  await postgres.pool.query(crowd({ spendRows, lastDay, days: DAYS }))
  await postgres.pool.query(SETTLED)
  console.log(`10000 keys in a team, 1000 teams, ${spendRows} rows of spend; the middle of ${TIMES} times:`)
  const front = adminWorld(postgres)
  const headers = { authorization: `Bearer ${MASTER}` }
  const ask = overheard(front, postgres.pool)
  for (const path of listsOf(dayOf(nowMs - DAYS * DAY_MS), dayOf(nowMs))) {
    const scans = await ask.scans(path)
    const took: number[] = []
    let bytes = 0
    for (let time = 0; time < TIMES; time++) {
      const began = performance.now()
      bytes = (await (await front.fetched(path, { headers })).arrayBuffer()).byteLength
      took.push(performance.now() - began)
    }
    const ms = median(took)
    console.log(`${ms.toFixed(0).padStart(6)} ms ${String(Math.ceil(bytes / 1_024)).padStart(6)} KiB  ${path}`)
    if (ms > slowest.ms) Object.assign(slowest, { path, ms })
    if (ms > WITHIN_MS) faults.push(`${path} takes ${ms.toFixed(0)} ms`)
    if (scans.length > 0) faults.push(`${path} reads all of ${scans.join(', ')}`)
  }
  ask.stop()
} finally {
  await postgres.stop()
}
for (const fault of faults) console.error(`WRONG: ${fault}`)
console.log(faults.length === 0 ? `Every list answers within ${WITHIN_MS} ms, by an index.` : `${faults.length} wrong.`)
console.log(
  JSON.stringify({ spendRows, slowestPath: slowest.path, slowestMs: Math.round(slowest.ms), wrong: faults.length }),
)
process.exit(faults.length === 0 ? 0 : 1)
