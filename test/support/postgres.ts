import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { applyMigrations, readMigrations, type Transaction } from '../../scripts/db/migrate.ts'
import { startPostgres } from '../../scripts/local/postgres.ts'

export interface TestPostgres {
  readonly port: number
  readonly url: string
  /** Real sessions, for what only several of them show. */
  readonly pool: pg.Pool
  stop(): Promise<void>
}

/** A PostgreSQL of its own for a test file, migrated unless it says otherwise. */
export async function testPostgres({ migrated = true } = {}): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'))
  const server = await startPostgres({ dataDir: join(dataDir, 'postgres'), database: 'tollgate', durable: false })
  const pool = new pg.Pool({ connectionString: server.url, max: 16 })
  pool.on('error', () => {})
  if (migrated) await applyMigrations(await readMigrations(), inOneTransaction(pool), () => {})
  return {
    port: server.port,
    url: server.url,
    pool,
    async stop() {
      await pool.end()
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export function inOneTransaction(pool: pg.Pool): Transaction {
  return async (statements) => {
    const session = await pool.connect()
    try {
      await session.query('begin')
      let rows: Record<string, unknown>[] = []
      for (const { text, values } of statements) rows = (await session.query(text, [...(values ?? [])])).rows
      await session.query('commit')
      return rows
    } catch (error) {
      await session.query('rollback')
      throw error
    } finally {
      session.release()
    }
  }
}
