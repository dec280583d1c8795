import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../db/migrate.ts'
import { startNeonEndpoint } from '../local/neon-endpoint.ts'
import { startPostgres } from '../local/postgres.ts'
import { removePostgresData } from '../local/postgres-home.ts'

/**
 * Every migration, the way the deploy applies them, against a real PostgreSQL of its own that is gone afterwards; and
 * once more, since a deploy runs them every time.
 */
export async function rehearseMigrations(log: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-rehearsal-'))
  const dataDir = join(folder, 'postgres')
  try {
    const postgres = await startPostgres({ dataDir, database: 'rehearsal', durable: false })
    try {
      const endpoint = await startNeonEndpoint(postgres.port)
      try {
        const databaseUrl = `postgresql://postgres:postgres@127.0.0.1:${endpoint.port}/rehearsal`
        await migrate(databaseUrl, log)
        await migrate(databaseUrl, (line) => {
          throw new Error(`a second run was not idle: ${line}`)
        })
      } finally {
        await endpoint.close()
      }
    } finally {
      await postgres.stop()
    }
  } finally {
    await removePostgresData(dataDir)
    await rm(folder, { recursive: true, force: true })
  }
}
