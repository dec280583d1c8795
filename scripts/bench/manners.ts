import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startStack } from '../local/stack.ts'
import { bundleWorker } from '../workerd/bundle.ts'
import { configuration, embed, internet, list, socket, struct, text } from '../workerd/capnp.ts'
import { endWithParent } from '../workerd/guardian.ts'
import { cpuMs, rssBytes } from '../workerd/process-accounting.ts'
import { startGateway } from '../workerd/runner.ts'
import { startWorkerd } from '../workerd/workerd-process.ts'

/** One way for a request to reach the mock. */
export interface Manner {
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Whether it has other dialects too, at the same address. */
  readonly translates?: boolean
  /** Processor time and memory of the process that serves it. */
  cpuMs(): number
  rssBytes(): number
  /** Answers when the work that requests left behind is done. */
  settled(): Promise<void>
  /** What requests leave behind waits from now on, or is done again. */
  consumes?(now: boolean): void
  /** Calls of Durable Objects and SQL statements so far. */
  counts(): Promise<{ readonly objectCalls: number; readonly sqlStatements: number }>
}

export interface Started<T> {
  readonly value: T
  stop(): Promise<void>
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const CHAT = '/v1/chat/completions'
const nothing = { settled: async () => {}, counts: async () => ({ objectCalls: 0, sqlStatements: 0 }) }

/** A script of ours in a process of its own, which ends when this one does. */
export function forked(file: string): ChildProcess {
  return fork(here(file), { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

/** The provider's address, without a path. */
export async function startMock(): Promise<Started<string>> {
  const child = forked('mock.ts')
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { value: `http://127.0.0.1:${port}`, stop: async () => void child.kill() }
}

export async function startBareProxy(stateDir: string, upstream: string): Promise<Started<Manner>> {
  const folder = join(stateDir, 'bare')
  mkdirSync(folder, { recursive: true })
  await bundleWorker(here('bare-proxy.ts'), join(folder, 'proxy.js'))
  const worker = struct({
    name: text('proxy'),
    worker: struct({
      modules: list([struct({ name: text('proxy.js'), esModule: embed('proxy.js') })]),
      compatibilityDate: text('2026-11-01'),
      bindings: list([struct({ name: text('UPSTREAM'), fromEnvironment: text('UPSTREAM') })]),
    }),
  })
  const configFile = join(folder, 'config.capnp')
  writeFileSync(configFile, configuration([internet, worker], [socket('http', 'proxy')]))
  const workerd = await startWorkerd({
    configFile,
    logFile: join(folder, 'workerd.log'),
    env: { UPSTREAM: `${upstream}${CHAT}` },
    sockets: ['http'],
  })
  const value: Manner = {
    name: 'bare',
    url: `http://127.0.0.1:${workerd.ports.get('http')}${CHAT}`,
    headers: { authorization: 'Bearer sk-bench' },
    cpuMs: workerd.cpuMs,
    rssBytes: workerd.rssBytes,
    ...nothing,
  }
  return { value, stop: () => workerd.end('SIGTERM') }
}

export interface Tollgate {
  readonly manners: readonly Manner[]
  /** So many more keys, each with a budget and limits of its own. */
  keys(many: number): Promise<string[]>
}

type Variables = Readonly<Record<string, string>>

/** The production bundle over a whole local stack: once with a virtual key and all its limits, once with the master key. */
export async function startTollgate(
  stateDir: string,
  upstream: string,
  { configFile = here('config.yaml'), vars = {} }: { readonly configFile?: string; readonly vars?: Variables } = {},
): Promise<Started<Tollgate>> {
  const stack = await startStack({ stateDir: join(stateDir, 'stack'), fresh: true, providers: false })
  const masterKey = 'sk-bench-master'
  const gateway = await startGateway({
    isolates: 1,
    stateDir: join(stateDir, 'tollgate'),
    configFile,
    vars: {
      ...vars,
      DATABASE_URL: stack.databaseUrl,
      UPSTASH_REDIS_REST_URL: stack.redisUrl,
      UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
      LITELLM_MASTER_KEY: masterKey,
      LITELLM_SALT_KEY: 'sk-bench-salt',
      BENCH_API_BASE: `${upstream}/v1`,
      BENCH_API_KEY: 'sk-bench',
    },
  }).catch(async (error) => {
    await stack.stop()
    throw error
  })
  const stop = async (): Promise<void> => {
    await gateway.stop()
    await stack.stop()
  }
  const [url = ''] = gateway.urls
  const admin = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  const manner = (name: string, key: string): Manner => ({
    name,
    url: url + CHAT,
    headers: { authorization: `Bearer ${key}` },
    translates: true,
    cpuMs: () => gateway.cpuMs(),
    rssBytes: () => gateway.rssBytes(),
    settled: () => spendRecorded(() => gateway.queue.depth('tollgate-spend')),
    consumes: (now) => (now ? gateway.queue.release() : gateway.queue.hold()),
    counts: async () => ({
      objectCalls: (await gateway.calls()).objectCalls,
      sqlStatements: stack.stats().database.statements,
    }),
  })
  try {
    const team = await admin('/team/new', { team_alias: 'bench', max_budget: 1_000_000 })
    const limits = { rpm_limit: 100_000_000, tpm_limit: 1_000_000_000_000 }
    const key = await admin('/key/generate', { team_id: team.team_id, ...limits })
    const keys = async (many: number): Promise<string[]> => {
      const made: string[] = []
      while (made.length < many) {
        const some = Array.from({ length: Math.min(16, many - made.length) }, () =>
          admin('/key/generate', { team_id: team.team_id, max_budget: 100, ...limits }),
        )
        made.push(...(await Promise.all(some)).map(({ key }) => String(key)))
      }
      return made
    }
    return { value: { manners: [manner('governed', String(key.key)), manner('master', masterKey)], keys }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const PORTKEY = {
  name: 'portkey-for-the-bench',
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2', '@hono/node-server': '1.13.5' },
  overrides: { '@hono/node-server': '1.13.5' }, // newer ones break its streams
}

/** Portkey's gateway on Node, installed beside the repository's own packages when it is not there yet. */
export async function startPortkey(folder: string, upstream: string): Promise<Started<Manner>> {
  const script = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  if (!existsSync(script)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify(PORTKEY, null, 2))
    const flags = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    execFileSync('npm', flags, { cwd: folder, stdio: 'pipe', timeout: 120_000 })
  }
  const port = await freePort()
  // --headless: without its web page. The shell's variables are not its business.
  const child = spawn(process.execPath, [script, `--port=${port}`, '--headless'], {
    cwd: folder,
    env: { NODE_ENV: 'production', PATH: process.env.PATH },
    stdio: 'ignore',
  })
  const pid = child.pid
  if (pid === undefined) throw new Error('its process did not start')
  endWithParent(child, pid)
  const value: Manner = {
    name: 'portkey',
    url: `http://127.0.0.1:${port}${CHAT}`,
    headers: {
      authorization: 'Bearer sk-bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream}/v1`,
    },
    cpuMs: () => cpuMs(pid),
    rssBytes: () => rssBytes(pid),
    ...nothing,
  }
  await answers(`http://127.0.0.1:${port}/`)
  return { value, stop: async () => void child.kill('SIGKILL') }
}

/** What sinks have not taken waits by itself, maybe for long. */
async function spendRecorded(depth: () => number): Promise<void> {
  const giveUpAt = Date.now() + 60_000
  // A row waits up to a second in the isolate or the batch before it moves on, so empty has to last.
  for (let emptySince = Date.now(); Date.now() - emptySince < 300; ) {
    if (depth() > 0) emptySince = Date.now()
    if (Date.now() > giveUpAt) throw new Error(`${depth()} messages are still in the spend queue after a minute.`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function answers(url: string): Promise<void> {
  const giveUpAt = Date.now() + 15_000
  for (;;) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch (error) {
      if (Date.now() > giveUpAt) throw new Error('it did not answer within 15 s', { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
