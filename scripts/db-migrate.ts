import { migrate } from './db/migrate.ts'

const url = process.env.DATABASE_URL
if (!url) {
  console.error(
    'DATABASE_URL is not set. Give the connection string of the database: DATABASE_URL=postgresql://… npm run db:migrate',
  )
  process.exit(1)
}

try {
  await migrate(url, console.log)
  console.log('The database is up to date.')
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
