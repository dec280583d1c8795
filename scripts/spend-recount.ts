// npm run spend:recount -- --from 2026-10-01 --to 2026-10-31: adds the spend log's days up anew, day by day.
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { recountAt } from './db/recount-days.ts'

const { values } = parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } })
const days = z.object({ from: z.iso.date(), to: z.iso.date() }).safeParse(values)
const url = process.env.DATABASE_URL
if (!url || !days.success || days.data.from > days.data.to) {
  console.error(
    'Give the database and the days: DATABASE_URL=postgresql://… npm run spend:recount -- --from 2026-10-01 --to 2026-10-31',
  )
  process.exit(1)
}

try {
  await recountAt(url, days.data, console.log)
} catch (error) {
  console.error(`Stopped: ${error instanceof Error ? error.message : String(error)}. It is safe to run again.`)
  process.exit(1)
}
