import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { migrate } from '../db/migrate.ts'
import { Faults } from './faults.ts'
import { type NeonStats, startNeonEndpoint } from './neon-endpoint.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { removePostgresData } from './postgres-home.ts'
import { believable, instant, type Pace, type ProviderStats, startStandIn } from './providers.ts'
import { memoryRedis } from './redis-memory.ts'
import { serverRedis } from './redis-server.ts'
import { withVectors } from './redis-vectors.ts'
import { startUpstashEndpoint, type UpstashStats } from './upstash-endpoint.ts'

export interface StackOptions {
  /** Everything that survives a restart is under this folder. */
  readonly stateDir: string
  readonly log?: (line: string) => void
  /** A stopped cluster's data, which a new database begins as. */
  readonly template?: string | undefined
  /** Forget what former runs stored. */
  readonly fresh?: boolean
  /** False starts no stand-in for the vendors; `providerUrl` is then empty. */
  readonly providers?: boolean
  /** How fast the stand-in answers; `instant` for tests that measure something else. */
  readonly pace?: 'believable' | 'instant' | Pace
  /** False trades safety from a power cut for speed: for tests. */
  readonly durable?: boolean
  /** Leave the database empty. */
  readonly migrations?: boolean
}

export interface StackStats {
  readonly database: Readonly<NeonStats>
  readonly redis: Readonly<UpstashStats>
  readonly providers: Readonly<ProviderStats>
}

/** Everything the gateway talks to, on loopback, on free ports. */
export interface Stack {
  /** For Neon's driver: its host and port are the HTTP endpoint's. */
  readonly databaseUrl: string
  /** PostgreSQL's own protocol, for tests that need a session. */
  readonly pgUrl: string
  readonly redisUrl: string
  readonly redisToken: string
  /** Without `/v1`. */
  readonly providerUrl: string
  /** What goes wrong on request, per endpoint. */
  readonly faults: { readonly database: Faults; readonly redis: Faults; readonly providers: Faults }
  /** `kill()` and `start()` are an outage of the database behind its endpoint. */
  readonly postgres: Postgres
  stats(): StackStats
  stop(): Promise<void>
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { log = () => {}, fresh = false, providers = true, durable = true, template } = options
  const stateDir = resolve(options.stateDir)
  const dataDir = join(stateDir, 'postgres')
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    if (fresh) await removePostgresData(dataDir)
    mkdirSync(stateDir, { recursive: true })

    const postgres = await startPostgres({ dataDir, database: 'tollgate', durable, ...(template && { template }) })
    stops.push(() => postgres.stop())
    const neon = await startNeonEndpoint(postgres.port)
    stops.push(() => neon.close())
    log(`database   PostgreSQL 18 on port ${postgres.port}, as Neon on port ${neon.port}`)

    const redis = withVectors((await serverRedis()) ?? memoryRedis())
    const upstash = await startUpstashEndpoint(redis, 'local-token')
    stops.push(() => upstash.close())
    log(`cache      Redis (${redis.name}), as Upstash on port ${upstash.port}`)

    const standIn = providers ? await startStandIn(paceOf(options.pace)) : undefined
    if (standIn) {
      stops.push(() => standIn.close())
      log(`providers  stand-ins on port ${standIn.port}`)
    }

    const databaseUrl = `postgresql://postgres:postgres@127.0.0.1:${neon.port}/tollgate`
    if (options.migrations !== false) {
      await migrate(databaseUrl)
      log('migrations up to date')
    }
    return {
      databaseUrl,
      pgUrl: postgres.url,
      redisUrl: upstash.url,
      redisToken: upstash.token,
      providerUrl: standIn?.url ?? '',
      faults: { database: neon.faults, redis: upstash.faults, providers: standIn?.faults ?? new Faults() },
      postgres,
      stats: () => ({
        database: neon.stats(),
        redis: upstash.stats(),
        providers: standIn?.stats() ?? { requests: 0, cancelled: 0 },
      }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function paceOf(pace: StackOptions['pace'] = 'believable'): Pace {
  if (typeof pace === 'object') return pace
  return pace === 'instant' ? instant : believable
}
