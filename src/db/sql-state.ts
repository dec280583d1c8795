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
