import { parseArgs } from 'node:util'
import { withoutValues } from '../src/db/sql-state.ts'
import { keyRing, sealer } from '../src/seal.ts'
import { importLitellm } from './import/litellm.ts'
import { printed } from './import/report.ts'

const { values } = parseArgs({
  options: {
    'database-url': { type: 'string' },
    to: { type: 'string' },
    'salt-key-from': { type: 'string' },
    timezone: { type: 'string', default: 'UTC' },
    'dry-run': { type: 'boolean', default: false },
  },
})
const databaseUrl = values['database-url']
const to = values.to ?? process.env.DATABASE_URL
if (!databaseUrl || !to) {
  console.error(
    'Usage: npm run import:litellm -- --database-url postgresql://…(of LiteLLM) [--to postgresql://…(default DATABASE_URL)] [--salt-key-from VARIABLE] [--timezone UTC] [--dry-run]',
  )
  process.exit(2)
}

try {
  const report = await importLitellm({
    databaseUrl,
    to,
    from: process.env[values['salt-key-from'] ?? 'LITELLM_SALT_KEY'] ?? process.env.LITELLM_MASTER_KEY,
    ring: () => {
      const salt = process.env.LITELLM_SALT_KEY
      if (!salt) throw new Error('LITELLM_SALT_KEY is not set: stored models and credentials are sealed with it.')
      return keyRing([sealer(salt, (bytes) => crypto.getRandomValues(bytes))])
    },
    timeZone: values.timezone,
    nowMs: Date.now(),
    dryRun: values['dry-run'],
  })
  if (values['dry-run']) console.log('A dry run: nothing was written.\n')
  console.log(printed(report))
  process.exitCode = report.refused.length > 0 ? 1 : 0
} catch (error) {
  const fault = withoutValues(error)
  console.error(
    `The import stopped: ${fault instanceof Error ? fault.message : String(fault)}. It is safe to run again.`,
  )
  process.exit(1)
}
