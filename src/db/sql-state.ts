import { NeonDbError } from '@neondatabase/serverless'
import { GatewayError } from '../errors.ts'

/** PostgreSQL's own code of what went wrong, wherever drizzle or the driver put it; undefined when it never answered. */
export function sqlState(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^[0-9A-Z]{5}$/.test(at.code)) return at.code
  }
  return undefined
}

/** The values themselves are at fault (out of range, against a constraint, too long): asking again cannot help. */
export function isDataFault(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '')
}

/** The fault in PostgreSQL's or the driver's own words: drizzle's wrapping repeats the statement with all its values, which no log should see. */
export function withoutValues(error: unknown): unknown {
  return error instanceof Error && error.message.startsWith('Failed query:')
    ? (error.cause ?? new Error('query failed'))
    : error
}

/** A fault without a SQLSTATE is the way to Postgres, not Postgres; so are its own shutdowns. Anything else stays itself. */
export function unavailable(error: unknown): unknown {
  const code = sqlState(error)
  if (code !== undefined && !/^(08|53|57P)/.test(code)) return error
  return new GatewayError('database_unavailable', 'The database cannot be reached. Ask again in a moment.', {
    cause: error,
    retryAfterMs: 1_000,
  })
}

/** Whether it was the driver that failed. */
export function isOfDatabase(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof NeonDbError) return true
  return false
}
