import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { endWithParent } from './guardian.ts'
import { cpuMs, rssBytes } from './process-accounting.ts'

export interface WorkerdOptions {
  /** A capnp file whose sockets have port 0. */
  readonly configFile: string
  /** Where workerd's own output goes, appended. */
  readonly logFile: string
  /** The whole environment of the process: what `fromEnvironment` bindings see. */
  readonly env: Readonly<Record<string, string>>
  readonly sockets: readonly string[]
  /** Ports of an earlier life, to be taken again. */
  readonly ports?: ReadonlyMap<string, number>
  readonly flags?: readonly string[]
}

export interface WorkerdProcess {
  readonly pid: number
  readonly ports: ReadonlyMap<string, number>
  readonly exited: Promise<void>
  /** Milliseconds of processor time so far, of all threads. */
  cpuMs(): number
  rssBytes(): number
  /** Ends it and waits until it is gone; what SIGTERM does not end in a few seconds is killed. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** workerd's package exports the path of its binary and brings no types. */
const workerdBinary: string = createRequire(import.meta.url)('workerd').default
const START_TIMEOUT_MS = 30_000
const END_TIMEOUT_MS = 5_000

/** Starts workerd and answers when every socket listens. It dies with this process, however this process dies. */
export async function startWorkerd(options: WorkerdOptions): Promise<WorkerdProcess> {
  const log = openSync(options.logFile, 'a', 0o600)
  const addresses = [...(options.ports ?? [])].map(([name, port]) => `--socket-addr=${name}=127.0.0.1:${port}`)
  const flags = ['--experimental', '--control-fd=3', ...addresses, ...(options.flags ?? [])]
  const child = spawn(workerdBinary, ['serve', ...flags, options.configFile], {
    env: options.env,
    stdio: ['ignore', log, log, 'pipe'],
    detached: true,
  })
  closeSync(log)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const spawned = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => resolve(child.pid as number))
  })
  const pid = await spawned
  endWithParent(child, pid)
  try {
    const ports = await listening(child, options)
    return {
      pid,
      ports,
      exited,
      cpuMs: () => cpuMs(pid),
      rssBytes: () => rssBytes(pid),
      end: async (signal) => {
        child.kill(signal)
        const impatient = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
        await exited
        clearTimeout(impatient)
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    await exited
    throw error
  }
}

/** workerd names each socket's port on its control descriptor as soon as it listens. */
function listening(child: ChildProcess, { sockets, logFile }: WorkerdOptions): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>()
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${what} Its last words:\n${lastWords(logFile)}`))
    const timer = setTimeout(
      () => fail(`workerd did not listen within ${START_TIMEOUT_MS / 1000} s.`),
      START_TIMEOUT_MS,
    )
    const done = (): void => clearTimeout(timer)
    child.once('exit', (code, signal) => {
      done()
      fail(`workerd ended while starting (${signal ?? `exit code ${code}`}).`)
    })
    let text = ''
    const control = child.stdio[3] as Readable
    control.setEncoding('utf8').on('data', (part: string) => {
      const lines = (text + part).split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        const message = JSON.parse(line) as { event: string; socket: string; port: number }
        if (message.event === 'listen') ports.set(message.socket, message.port)
      }
      if (!sockets.every((name) => ports.has(name))) return
      done()
      resolve(ports)
    })
  })
}

function lastWords(logFile: string): string {
  return readFileSync(logFile, 'utf8').split('\n').slice(-20).join('\n')
}
