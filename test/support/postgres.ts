import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../scripts/db/migrate.ts'
import { type NeonEndpoint, startNeonEndpoint } from '../../scripts/local/neon-endpoint.ts'
import { type Postgres, startPostgres } from '../../scripts/local/postgres.ts'
import { createDb, type Db } from '../../src/db/client.ts'

/** What `npm test` made once for all files; without it each makes its own. */
export function migratedTemplate(): { readonly template?: string } {
  const template = process.env.TOLLGATE_TEST_POSTGRES
  return template === undefined || template === '' ? {} : { template }
}

export interface TestPostgres {
  /** As the gateway reaches it: through the endpoint that speaks like Neon's. */
  readonly databaseUrl: string
  readonly db: Db
  readonly endpoint: NeonEndpoint
  readonly server: Postgres
  /** Real sessions, for what only several of them show. */
  readonly pool: pg.Pool
  stop(): Promise<void>
}

/** A PostgreSQL of its own for a test file, migrated unless it says otherwise. */
export async function testPostgres({ migrated = true } = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-test-'))
  const dataDir = join(folder, 'postgres')
  const begins = migrated ? migratedTemplate() : {}
  const server = await startPostgres({ dataDir, database: 'tollgate', durable: false, ...begins })
  const endpoint = await startNeonEndpoint(server.port)
  const databaseUrl = `postgresql://postgres:postgres@127.0.0.1:${endpoint.port}/tollgate`
  const pool = new pg.Pool({ connectionString: server.url, max: 16 })
  pool.on('error', () => {})
  if (migrated) await migrate(databaseUrl)
  return {
    databaseUrl,
    db: createDb(databaseUrl),
    endpoint,
    server,
    pool,
    async stop() {
      await pool.end()
      await endpoint.close()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
