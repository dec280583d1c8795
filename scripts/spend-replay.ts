import { createDb } from '../src/db/client.ts'
import { replayDeadLetters } from '../src/spend/replay.ts'

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
  // The statement's own words would repeat what was in the rows.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  console.error(`Replay stopped: ${cause instanceof Error ? cause.message : String(cause)}. It is safe to run again.`)
  process.exit(1)
}
