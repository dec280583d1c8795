import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../db/migrate.ts'
import { startNeonEndpoint } from '../local/neon-endpoint.ts'
import { startPostgres } from '../local/postgres.ts'
import { removePostgresData } from '../local/postgres-home.ts'

/**
 * A cluster with every migration, stopped: what the databases of the tests begin as, since making one takes longer than
 * most of what is seen of it.
 */
export async function migratedPostgres(folder: string): Promise<{ dataDir: string; remove(): Promise<void> }> {
  // As root, the database runs as another user, who must get in.
  await chmod(folder, 0o711)
  const wanted = join(folder, 'postgres')
  const server = await startPostgres({ dataDir: wanted, database: 'tollgate', durable: false })
  const endpoint = await startNeonEndpoint(server.port)
  try {
    await migrate(`postgresql://postgres:postgres@127.0.0.1:${endpoint.port}/tollgate`)
  } finally {
    await endpoint.close()
    await server.stop()
  }
  return { dataDir: server.dataDir, remove: () => removePostgresData(wanted) }
}
