import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Redis as Client, ReplyError } from 'ioredis'
import { freePort } from './free-port.ts'
import { guard, release, signal } from './reaper.ts'
import { type Redis, RedisError, type Reply } from './redis.ts'

/** A real `redis-server` on a free port with nothing on disk, or undefined where there is none on the PATH. */
export async function serverRedis(): Promise<Redis | undefined> {
  const port = await freePort()
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory',
      '256mb',
      '--maxmemory-policy',
      'volatile-lru',
    ],
    { detached: true, stdio: ['ignore', 'ignore', 'ignore'] },
  )
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true))
    child.once('error', () => resolve(false))
  })
  const { pid } = child
  if (!started || pid === undefined) return undefined
  guard(pid, 'SIGTERM')
  child.unref()
  const client = new Client({ host: '127.0.0.1', port, maxRetriesPerRequest: 20, retryStrategy: () => 50 })
  client.on('error', () => {})
  const exited = once(child, 'exit').then(() => undefined)
  if ((await Promise.race([client.ping(), exited])) === undefined) {
    client.disconnect()
    release(pid)
    return undefined
  }
  return new ServerRedis(client, child)
}

class ServerRedis implements Redis {
  readonly name = 'redis-server'
  readonly #client: Client
  readonly #child: ChildProcess
  /** A script as Upstash knows it → as the server here does. */
  readonly #scripts = new Map<string, string>()

  constructor(client: Client, child: ChildProcess) {
    this.#client = client
    this.#child = child
  }

  async run(command: readonly string[]): Promise<Reply> {
    const [name = '', ...args] = this.#translate(command)
    try {
      const reply = text(await this.#client.callBuffer(name, args))
      return this.#loaded(command) ?? reply
    } catch (error) {
      throw refusal(error)
    }
  }

  async transaction(commands: readonly (readonly string[])[]): Promise<(Reply | RedisError)[]> {
    const multi = this.#client.multi()
    for (const command of commands) {
      const [name = '', ...args] = this.#translate(command)
      multi.callBuffer(name, args)
    }
    try {
      const replies = (await multi.exec()) ?? []
      return replies.map(([error, value]) => (error ? refusal(error) : text(value)))
    } catch (error) {
      throw refusal(error)
    }
  }

  async close(): Promise<void> {
    this.#client.disconnect()
    const { pid, exitCode } = this.#child
    if (pid === undefined || exitCode !== null) return
    const gone = once(this.#child, 'exit')
    if (signal(pid, 'SIGTERM')) await gone
    release(pid)
  }

  /** Upstash has a script flag of its own, `allow-key-locking`, that stock Redis refuses. */
  #translate(command: readonly string[]): readonly string[] {
    const [name = '', first = ''] = command
    const verb = name.toUpperCase()
    if (verb.startsWith('EVALSHA')) return command.with(1, this.#scripts.get(first) ?? first)
    const at = verb.startsWith('EVAL') ? 1 : verb === 'SCRIPT' && first.toUpperCase() === 'LOAD' ? 2 : 0
    const script = command[at]
    if (at === 0 || script === undefined) return command
    const stock = withoutKeyLocking(script)
    if (stock === script) return command
    this.#scripts.set(sha1(script), sha1(stock))
    return command.with(at, stock)
  }

  /** `SCRIPT LOAD` answers with the name that the caller will use. */
  #loaded([verb = '', word = '', script]: readonly string[]): string | undefined {
    const isLoad = verb.toUpperCase() === 'SCRIPT' && word.toUpperCase() === 'LOAD'
    return isLoad && script !== undefined ? sha1(script) : undefined
  }
}

const sha1 = (script: string) => createHash('sha1').update(script).digest('hex')

function withoutKeyLocking(script: string): string {
  return script.replace(/^#!lua[^\n]*/, (line) => {
    const flags =
      /flags=(\S*)/
        .exec(line)?.[1]
        ?.split(',')
        .filter((flag) => flag && flag !== 'allow-key-locking') ?? []
    return flags.length > 0 ? `#!lua flags=${flags.join(',')}` : '#!lua'
  })
}

function refusal(error: unknown): RedisError {
  if (error instanceof Error && error instanceof ReplyError) return new RedisError(error.message)
  throw error
}

function text(value: unknown): Reply {
  if (Buffer.isBuffer(value)) return value.toString()
  if (Array.isArray(value)) return value.map(text)
  if (typeof value === 'string' || typeof value === 'number') return value
  return null
}
