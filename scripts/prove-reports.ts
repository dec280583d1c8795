// npm run prove:reports: a month of simulated traffic goes through the consumer's own path, twice and late in parts; then
// every report must say to the nano-dollar what the log adds up to, from indexes, and old days must go.
import { parseArgs } from 'node:util'
import { neonLog } from '../src/spend/logs-neon.ts'
import { dropOldPartitions, keepPartitionsAhead } from '../src/spend/partitions.ts'
import { recordEvents } from '../src/spend/record.ts'
import { neonDays } from '../src/spend/report-days-neon.ts'
import { testPostgres } from '../test/support/postgres.ts'
import { world } from '../test/unit/routes/world.ts'
import { DAY_MS, MONTH_DAYS, month } from './prove/month.ts'
import { tell, timed } from './prove/report-sums.ts'
import { scansOf, sizesOf } from './prove/spend-tables.ts'

const KEPT_DAYS = 20

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const events = Number(values.events)
const seed = Number(values.seed)
if (!Number.isInteger(events) || events < 1 || !Number.isInteger(seed)) {
  console.error('Give whole numbers: npm run prove:reports -- --events 1000000 --seed 1')
  process.exit(1)
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const nowMs = Date.now()
const endMs = Math.floor(nowMs / DAY_MS) * DAY_MS
const postgres = await testPostgres()
const faults: string[] = []
const figures: Record<string, number> = { seed, events }
try {
  // As a gateway of a month ago had them made, a fortnight ahead and a fortnight later.
  for (const daysAgo of [MONTH_DAYS - 1, MONTH_DAYS / 2])
    await keepPartitionsAhead(postgres.db, nowMs - daysAgo * DAY_MS)

  const began = performance.now()
  let sent = 0
  let fresh = 0
  for (const batch of month(seed, events, endMs)) {
    const recorded = await recordEvents(postgres.db, batch)
    sent += batch.length
    fresh += recorded.fresh
    if (recorded.refused.length > 0) throw new Error(`refused: ${recorded.refused[0]?.error}`)
  }
  const seconds = (performance.now() - began) / 1_000
  if (fresh !== events) faults.push(`${fresh} rows of ${events} events`)
  console.log(`seed ${seed}: ${sent} events came, ${fresh} rows, ${Math.round(sent / seconds)} a second`)

  await postgres.pool.query('analyze spend_log; analyze spend_daily')
  figures.rowsPerSecond = Math.round(sent / seconds)
  for (const { name, bytes, indexBytes, rows } of await sizesOf(postgres.pool)) {
    figures[`${name}BytesPerRequest`] = Math.round(bytes / events)
    console.log(
      `${name}: ${rows} rows, ${(bytes / events).toFixed(0)} bytes per request, ${(indexBytes / events).toFixed(0)} of them indexes`,
    )
  }

  const front = world()
  Object.assign(front.deps.spendReport, { ...neonLog(postgres.db), ...neonDays(postgres.db) })
  const ask = async (path: string) => {
    const { status, json } = await front.get(path)
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`)
    return json
  }
  const from = dayOf(endMs - MONTH_DAYS * DAY_MS)
  const to = dayOf(endMs - 1)
  console.log('A page of each report:')
  const pages = await timed(ask, from, to)
  for (const { path, ms } of pages) console.log(`${ms.toFixed(0).padStart(6)} ms  ${path}`)
  figures.slowestPageMs = Math.round(Math.max(...pages.map(({ ms }) => ms)))
  console.log('Each report whole, beside the sum of the log:')
  for (const { path, ms, toldNano, logNano } of await tell(postgres.pool, ask, from, to)) {
    console.log(`${ms.toFixed(0).padStart(6)} ms  ${path}`)
    if (toldNano !== logNano) faults.push(`${path} says ${toldNano} nano-dollars, the log ${logNano}`)
  }

  for (const { name, scans, ms } of await scansOf(postgres, from, to)) {
    console.log(`${ms.toFixed(0).padStart(6)} ms  ${name}`)
    if (scans.length > 0) faults.push(`${name} reads all of ${scans.join(', ')}`)
  }

  const before = await postgres.pool.query('select sum(cost_nano) from spend_daily')
  const gone = await dropOldPartitions(postgres.db, nowMs, KEPT_DAYS * DAY_MS)
  const oldest = await postgres.pool.query<{ day: string }>('select min(day)::text as day from spend_log')
  const after = await postgres.pool.query('select sum(cost_nano) from spend_daily')
  console.log(`${gone} old days went; the oldest row is of ${oldest.rows[0]?.day}`)
  if ((oldest.rows[0]?.day ?? '') < dayOf(nowMs - KEPT_DAYS * DAY_MS)) faults.push('an old day is still there')
  if (before.rows[0]?.sum !== after.rows[0]?.sum) faults.push('sums went with the old days')
  figures.daysDropped = gone
} finally {
  await postgres.stop()
}
for (const fault of faults) console.error(`WRONG: ${fault}`)
console.log(faults.length === 0 ? 'Every report is the sum of the log.' : `${faults.length} wrong.`)
console.log(JSON.stringify({ ...figures, faults: faults.length }))
process.exit(faults.length === 0 ? 0 : 1)
