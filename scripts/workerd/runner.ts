import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildConfig } from '../config/build.ts'
import { noticeLines } from '../config/print.ts'
import { ASSETS_MODULE, bundleGateway, CONTROL_MODULE, GATEWAY_MODULE, STATE_MODULE } from './bundle.ts'
import { type Capnp, configuration, embed, internet, list, socket, struct, text } from './capnp.ts'
import type { SentMessage } from './control-worker.ts'
import { type BatchResult, NotDelivered, QueueBroker, type QueueFaults } from './queue-broker.ts'
import type { StoredMessage } from './queue-store.ts'
import { startWorkerd, type WorkerdProcess } from './workerd-process.ts'
import { readWranglerFile, type WranglerFile } from './wrangler-file.ts'

export interface GatewayOptions {
  /** How many isolates answer requests, each on a port of its own, all on the same objects. */
  readonly isolates: number
  /** Variables and secrets of the Worker, over those of `wrangler.toml`. They are handed over in memory, never on disk. */
  readonly vars: Readonly<Record<string, string>>
  /** Objects, queues and workerd's log live here; a run with the same folder goes on where the last one ended. */
  readonly stateDir: string
  /** The Worker to run; the repository's own unless said. */
  readonly wranglerFile?: string
  /** The gateway's config in LiteLLM's format; the repository's own unless said. `src/generated/` stays as it is. */
  readonly configFile?: string
  /** More flags for workerd, such as `--inspector-addr=127.0.0.1:9229` for a profile. */
  readonly workerdFlags?: readonly string[]
  /** Ticks every cron by itself; by hand only unless said. */
  readonly cronEveryMs?: number
  /** Chance of the queues' faults. */
  readonly random?: () => number
}

export interface ObjectCalls {
  /** Calls of objects' methods since the process began, alarms apart. */
  readonly objectCalls: number
  readonly alarms: number
  readonly byMethod: Readonly<Record<string, number>>
}

/** A gateway in plain workerd. After `stop`, or when this process dies in whatever way, nothing of it is left running. */
export interface GatewayRunner {
  /** One per isolate; the same for the runner's whole life. */
  readonly urls: readonly string[]
  /** Of workerd, as long as it lives. */
  readonly pid: number
  readonly logFile: string
  readonly queue: QueueFaults
  /** Processor time of the whole workerd process since it was started. */
  cpuMs(): number
  rssBytes(): number
  calls(): Promise<ObjectCalls>
  /** Runs every cron of `wrangler.toml` once and answers when they are done; throws when one fails. */
  cron(): Promise<void>
  /** Every object loses its memory and breaks off what it is doing; its storage stays. */
  evictAll(): Promise<void>
  /** SIGKILL: what was not written is gone. */
  kill(): Promise<void>
  /** Starts again on the same ports and the same state, ending it gently first if it still runs. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const CONTROL = 'control'
const REPOSITORY_FILE = fileURLToPath(new URL('../../wrangler.toml', import.meta.url))
const REPOSITORY_CONFIG = fileURLToPath(new URL('../../config.yaml', import.meta.url))

/**
 * One `workerd serve`: N gateway services on N sockets; one more, without a socket, for queues and crons, as they have
 * isolates of their own in production; a `state` service that owns the objects on disk; a control service. The queues
 * live in this process, on disk beside the objects, so that they outlive workerd.
 */
export async function startGateway(options: GatewayOptions): Promise<GatewayRunner> {
  const { stateDir } = options
  const wrangler = readWranglerFile(options.wranglerFile ?? REPOSITORY_FILE)
  const configFile = options.configFile ?? (options.wranglerFile ? undefined : REPOSITORY_CONFIG)
  const moduleDir = join(stateDir, 'workerd')
  mkdirSync(join(stateDir, 'objects'), { recursive: true })
  mkdirSync(moduleDir, { recursive: true })
  await bundleGateway({
    main: wrangler.main,
    outDir: moduleDir,
    objectClasses: wrangler.durable_objects.bindings.map((binding) => binding.class_name),
    ...(configFile === undefined ? {} : { generatedDir: generate(configFile, join(stateDir, 'generated')) }),
  })

  let controlUrl = ''
  const broker = await QueueBroker.start({
    file: join(stateDir, 'queues.sqlite'),
    consumers: wrangler.queues.consumers,
    random: options.random ?? Math.random,
    deliver: (queue, messages) => deliver(controlUrl, queue, messages),
  })

  const vars = { ...wrangler.vars, ...options.vars }
  const gateways = Array.from({ length: options.isolates }, (_, index) => `gateway${index}`)
  const capnpFile = join(moduleDir, 'config.capnp')
  const logFile = join(stateDir, 'workerd.log')
  writeFileSync(
    capnpFile,
    topology({ wrangler, gateways, varNames: Object.keys(vars), stateDir, queuePort: broker.port }),
  )

  let workerd: WorkerdProcess
  let alive = false
  let ports: ReadonlyMap<string, number> | undefined
  const start = async (): Promise<void> => {
    const sockets = [...gateways, CONTROL]
    workerd = await startWorkerd({
      configFile: capnpFile,
      logFile,
      env: vars,
      sockets,
      flags: options.workerdFlags ?? [],
      ...(ports ? { ports } : {}),
    })
    const { exited } = workerd
    alive = true
    ports = workerd.ports
    controlUrl = `http://127.0.0.1:${ports.get(CONTROL)}`
    broker.online = true
    exited
      .then(() => {
        alive = false
        broker.online = false
      })
      .catch(() => {})
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (!alive) return
    broker.online = false
    await workerd.end(signal)
  }

  try {
    await start()
  } catch (error) {
    await broker.stop()
    throw error
  }

  const cron = async (): Promise<void> => {
    for (const expression of wrangler.triggers.crons) {
      const { outcome } = await ask<{ outcome: string }>(`${controlUrl}/cron`, { cron: expression })
      if (outcome !== 'ok') throw new Error(`The cron "${expression}" failed (${outcome}); see ${logFile}.`)
    }
  }
  const ticker =
    options.cronEveryMs === undefined
      ? undefined
      : setInterval(() => {
          if (alive) cron().catch((error) => console.error(String(error)))
        }, options.cronEveryMs)

  return {
    urls: gateways.map((name) => `http://127.0.0.1:${ports?.get(name)}`),
    logFile,
    queue: broker,
    get pid() {
      return workerd.pid
    },
    cpuMs: () => workerd.cpuMs(),
    rssBytes: () => workerd.rssBytes(),
    calls: async () => {
      const byMethod = await ask<Record<string, number>>(`${controlUrl}/calls`)
      const sum = (wanted: boolean): number =>
        Object.entries(byMethod).reduce(
          (total, [name, n]) => (name.endsWith('.alarm') === wanted ? total + n : total),
          0,
        )
      return { objectCalls: sum(false), alarms: sum(true), byMethod }
    },
    cron,
    evictAll: async () => {
      await ask(`${controlUrl}/evict`, {})
    },
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM')
      await start()
    },
    stop: async () => {
      clearInterval(ticker)
      await end('SIGTERM')
      await broker.stop()
    },
  }
}

/** Builds the config as `npm run generate` does, into a folder of this run. */
function generate(configFile: string, folder: string): string {
  const fileName = basename(configFile)
  const { config, notices } = buildConfig(readFileSync(configFile, 'utf8'), { fileName, target: 'dev' })
  const errors = notices.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Error(noticeLines(fileName, errors).join('\n'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2))
  return folder
}

interface Topology {
  readonly wrangler: WranglerFile
  readonly gateways: readonly string[]
  readonly varNames: readonly string[]
  readonly stateDir: string
  readonly queuePort: number
}

function topology({ wrangler, gateways, varNames, stateDir, queuePort }: Topology): string {
  const objects = wrangler.durable_objects.bindings
  const queueService = (queue: string): string => `queue:${queue}`
  const binding = (name: string, kind: string, value: Capnp): Capnp => struct({ name: text(name), [kind]: value })
  const bindings: Capnp[] = [
    ...varNames.map((name) => binding(name, 'fromEnvironment', text(name))),
    ...objects.map(({ name, class_name }) =>
      binding(name, 'durableObjectNamespace', struct({ className: text(class_name), serviceName: text('state') })),
    ),
    ...wrangler.queues.producers.map(({ queue, binding: name }) => binding(name, 'queue', text(queueService(queue)))),
    ...(wrangler.assets ? [binding(wrangler.assets.binding, 'service', text('assets'))] : []),
    ...(wrangler.version_metadata
      ? [
          binding(
            wrangler.version_metadata.binding,
            'json',
            text(JSON.stringify({ id: 'local', tag: '', timestamp: '' })),
          ),
        ]
      : []),
  ]
  const worker = (name: string, module: string, more: Record<string, Capnp> = {}): Capnp =>
    struct({
      name: text(name),
      worker: struct({
        modules: list([struct({ name: text(module), esModule: embed(module) })]),
        compatibilityDate: text(wrangler.compatibility_date),
        compatibilityFlags: list(wrangler.compatibility_flags.map(text)),
        ...more,
      }),
    })
  const disk = (name: string, path: string, writable: boolean): Capnp =>
    struct({ name: text(name), disk: struct({ path: text(path), writable: String(writable) }) })
  const gateway = (name: string): Capnp => worker(name, GATEWAY_MODULE, { bindings: list(bindings) })

  const services = [
    internet,
    ...gateways.map(gateway),
    gateway('background'),
    worker('state', STATE_MODULE, {
      bindings: list(bindings),
      durableObjectNamespaces: list(
        objects.map(({ class_name }) =>
          struct({ className: text(class_name), uniqueKey: text(class_name), enableSql: 'true' }),
        ),
      ),
      durableObjectStorage: struct({ localDisk: text('objects') }),
    }),
    disk('objects', join(stateDir, 'objects'), true),
    worker(CONTROL, CONTROL_MODULE, {
      compatibilityFlags: list(['service_binding_extra_handlers', 'unsafe_module'].map(text)),
      bindings: list([binding('GATEWAY', 'service', text('background')), binding('STATE', 'service', text('state'))]),
    }),
    ...wrangler.queues.producers.map(({ queue }) =>
      struct({
        name: text(queueService(queue)),
        external: struct({
          address: text(`127.0.0.1:${queuePort}`),
          http: struct({ injectRequestHeaders: list([struct({ name: text('x-queue'), value: text(queue) })]) }),
        }),
      }),
    ),
    ...(wrangler.assets
      ? [
          worker('assets', ASSETS_MODULE, { bindings: list([binding('DISK', 'service', text('assets-disk'))]) }),
          disk('assets-disk', wrangler.assets.directory, false),
        ]
      : []),
  ]
  return configuration(
    services,
    [...gateways, CONTROL].map((name) => socket(name, name)),
  )
}

async function deliver(controlUrl: string, queue: string, stored: readonly StoredMessage[]): Promise<BatchResult> {
  const messages = stored.map(
    ({ id, sentAtMs, attempts, contentType, body }): SentMessage => ({
      id,
      sentAtMs,
      attempts,
      contentType,
      body: Buffer.from(body).toString(contentType === 'json' || contentType === 'text' ? 'utf8' : 'base64'),
    }),
  )
  try {
    return await ask<BatchResult>(`${controlUrl}/queue`, { queue, messages })
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined
    if (cause?.code === 'ECONNREFUSED') throw new NotDelivered('workerd is not there', { cause: error })
    throw error
  }
}

async function ask<T>(url: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`workerd's control answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}
