import { neon, neonConfig } from '@neondatabase/serverless'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'
import * as schema from './schema.ts'

export type Db = NeonHttpDatabase<typeof schema>

const DEFAULT_TIMEOUT_MS = 10_000
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '::1'])
const hostedEndpoint = neonConfig.fetchEndpoint

/** Where statements for a host go: a database on this machine is asked in plain HTTP at its own port. */
export function endpointOf(host: string, port: number | string, options?: { jwtAuth?: boolean }): string {
  if (LOOPBACK.has(host)) return `http://${host}:${port}/sql`
  return typeof hostedEndpoint === 'function' ? hostedEndpoint(host, port, options) : hostedEndpoint
}

/**
 * Postgres over Neon's HTTP endpoint: one statement, or one `db.batch` as a transaction, per call. A statement that is
 * not answered within `timeoutMs` fails, and nobody knows whether it took effect; nothing is asked twice in here.
 */
export function createDb(databaseUrl: string, options: { timeoutMs?: number } = {}): Db {
  return drizzle(connect(databaseUrl, options.timeoutMs ?? DEFAULT_TIMEOUT_MS), { schema })
}

/** The driver alone, for the few who need raw statements or a transaction of them. */
export function connect(databaseUrl: string, timeoutMs: number) {
  neonConfig.fetchEndpoint = endpointOf
  return neon(databaseUrl, {
    fetchOptions: {
      // The driver reads this once per call, so each statement gets a deadline of its own.
      get signal() {
        return AbortSignal.timeout(timeoutMs)
      },
    },
  })
}
