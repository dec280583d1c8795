import { createDb } from '../src/db/client.ts'
import { withoutValues } from '../src/db/sql-state.ts'
import { replayDeadLetters } from '../src/spend/replay-neon.ts'

const url = process.env.DATABASE_URL
if (!url) {
  console.error(
    'DATABASE_URL is not set. Give the connection string of the database: DATABASE_URL=postgresql://… npm run spend:replay',
  )
  process.exit(1)
}

try {
  const { letters, rows, refused } = await replayDeadLetters(createDb(url), Date.now())
  console.log(`${letters} dead letters brought home, ${rows} rows were new, ${refused} refused.`)
  if (refused > 0) console.log('Why: select id, error from dead_letter where replayed_at is null')
  process.exitCode = refused > 0 ? 1 : 0
} catch (error) {
  const fault = withoutValues(error)
  console.error(`Replay stopped: ${fault instanceof Error ? fault.message : String(fault)}. It is safe to run again.`)
  process.exit(1)
}
