import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { type PostgresHome, postgresHome } from './postgres-home.ts'
import { endLeftover } from './postgres-leftover.ts'
import { guard, release, signal } from './reaper.ts'

export interface Postgres {
  /** Where it really is, which can be elsewhere than was asked for. */
  readonly dataDir: string
  readonly port: number
  /** The real wire protocol, for tests that need a session. */
  readonly url: string
  /** Starts it again on the same port and data. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Dies at once, as in a crash; what was committed stays. */
  kill(): Promise<void>
}

export interface PostgresOptions {
  readonly dataDir: string
  readonly database: string
  /** False trades safety from a power cut for speed: for tests. */
  readonly durable?: boolean
  /** The data of a cluster that was stopped, which a new one begins as: sooner than making one. */
  readonly template?: string
}

/** A real PostgreSQL on a free loopback port. Clears what a crashed run left behind. */
export async function startPostgres({
  dataDir,
  database,
  durable = true,
  template,
}: PostgresOptions): Promise<Postgres> {
  const home = await postgresHome(dataDir)
  await endLeftover(home.dataDir)
  initialise(home, template)
  const port = await freePort()
  const server = new Server(home, port, durable)
  await server.start()
  try {
    await createDatabase(port, database)
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    dataDir: home.dataDir,
    port,
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/${database}`,
    start: () => server.start(),
    stop: () => server.stop(),
    kill: () => server.kill(),
  }
}

class Server {
  readonly #home: PostgresHome
  readonly #port: number
  readonly #durable: boolean
  #child: ChildProcess | undefined

  constructor(home: PostgresHome, port: number, durable: boolean) {
    this.#home = home
    this.#port = port
    this.#durable = durable
  }

  async start(): Promise<void> {
    if (this.#child) return
    const startBy = Date.now() + 20_000
    for (;;) {
      const problem = await this.#startOnce()
      if (problem === undefined) return
      // After a crash the old server's children may hold its shared memory for a moment.
      const passing = /still in use|lock file .* already exists|starting up|shutting down/.test(problem)
      if (!passing || Date.now() > startBy)
        throw new Error(`PostgreSQL did not start: ${problem} Start clean with \`npm run dev -- --fresh\`.`)
      await sleep(100)
    }
  }

  /** Undefined once it accepts connections, else what it said. */
  async #startOnce(): Promise<string | undefined> {
    const { bin, dataDir, user } = this.#home
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.#port,
      unix_socket_directories: '',
      max_connections: 100,
      shared_buffers: '64MB',
      fsync: this.#durable ? 'on' : 'off',
      full_page_writes: this.#durable ? 'on' : 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
      lc_messages: 'C',
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(join(bin, 'postgres'), ['-D', dataDir, ...flags], {
      ...user,
      cwd: dataDir,
      // A group of its own: Ctrl-C must not end it before those who use it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const { pid } = child
    if (pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error]
      return error.message
    }
    guard(pid, 'SIGQUIT')
    let said = ''
    const problem = await new Promise<string | undefined>((resolve) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4_000)
        if (said.includes('ready to accept connections')) resolve(undefined)
      })
      child.once('exit', () => resolve(said.trim().split('\n').slice(-3).join(' ')))
    })
    child.once('exit', () => {
      release(pid)
      if (this.#child === child) this.#child = undefined
    })
    if (problem === undefined) this.#child = child
    else release(pid)
    child.unref()
    const pipe = child.stderr as Socket | null
    pipe?.unref()
    return problem
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(how: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined) return
    this.#child = undefined
    const { pid } = child
    const gone = once(child, 'exit')
    // An immediate stop is still clean for the data: the next start replays the log.
    const impatience = setTimeout(() => signal(pid, 'SIGQUIT'), 5_000)
    signal(pid, how)
    await gone
    clearTimeout(impatience)
    if (how === 'SIGKILL') await endLeftover(this.#home.dataDir)
  }
}

/** Makes the cluster, unless a former run finished making it. */
function initialise(home: PostgresHome, template: string | undefined): void {
  const { dataDir } = home
  const done = join(dataDir, 'initialised')
  if (existsSync(done)) return
  for (const half of readdirSync(dataDir)) rmSync(join(dataDir, half), { recursive: true, force: true })
  if (template === undefined) makeCluster(home)
  else copyCluster(template, home)
  writeFileSync(done, '')
}

/** As the server's own user, whose files they must be. */
function copyCluster(template: string, { dataDir, user }: PostgresHome): void {
  if (!user) {
    cpSync(template, dataDir, { recursive: true })
    chmodSync(dataDir, 0o700)
    return
  }
  const copied = spawnSync('cp', ['-R', `${template}/.`, dataDir], { ...user, cwd: dataDir, encoding: 'utf8' })
  if (copied.status !== 0)
    throw new Error(
      `PostgreSQL's data could not be copied to ${dataDir}: ${copied.error?.message ?? copied.stderr.trim()}`,
    )
}

function makeCluster({ bin, dataDir, user }: PostgresHome): void {
  const secret = join(tmpdir(), `tollgate-${process.pid}-${randomUUID()}`)
  writeFileSync(secret, 'postgres\n', { mode: 0o600 })
  try {
    if (user) chownSync(secret, user.uid, user.gid)
    const flags = [
      `--pgdata=${dataDir}`,
      '--username=postgres',
      `--pwfile=${secret}`,
      '--auth=password',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
    ]
    const made = spawnSync(join(bin, 'initdb'), flags, { ...user, cwd: dataDir, encoding: 'utf8' })
    if (made.status !== 0)
      throw new Error(`PostgreSQL could not prepare ${dataDir}: ${made.error?.message ?? made.stderr.trim()}`)
  } finally {
    rmSync(secret, { force: true })
  }
}

async function createDatabase(port: number, database: string): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: 'postgres',
    database: 'postgres',
  })
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`)
  } finally {
    await client.end()
  }
}
