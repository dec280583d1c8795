import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

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
}

export interface WorkerdProcess {
  readonly pid: number
  readonly ports: ReadonlyMap<string, number>
  readonly exited: Promise<void>
  /** Milliseconds of processor time so far, of all threads. */
  cpuMs(): number
  rssBytes(): number
  /** Ends it and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** workerd's package exports the path of its binary and brings no types. */
const workerdBinary: string = createRequire(import.meta.url)('workerd').default
const START_TIMEOUT_MS = 30_000
const USER_HZ = 100

/** Starts workerd and answers when every socket listens. It dies with this process, however this process dies. */
export async function startWorkerd(options: WorkerdOptions): Promise<WorkerdProcess> {
  const log = openSync(options.logFile, 'a', 0o600)
  const addresses = [...(options.ports ?? [])].map(([name, port]) => `--socket-addr=${name}=127.0.0.1:${port}`)
  const child = spawn(workerdBinary, ['serve', '--experimental', '--control-fd=3', ...addresses, options.configFile], {
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
  const guardian = guard(pid)
  exited.then(() => guardian.kill('SIGKILL')).catch(() => {})
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
        await exited
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    await exited
    throw error
  }
}

/** A shell that waits for its input to end, which happens when this process is gone, and then kills workerd. */
function guard(pid: number): ChildProcess {
  const guardian = spawn('sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guardian.unref()
  const input = guardian.stdin as Socket
  input.on('error', () => {})
  input.unref()
  return guardian
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

function cpuMs(pid: number): number {
  if (process.platform !== 'linux') return cpuMsFromPs(pid)
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before it may hold spaces
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / USER_HZ
}

function cpuMsFromPs(pid: number): number {
  const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  return text.split(/[:-]/).reduce((total, part) => total * 60 + Number(part), 0) * 1000
}

function rssBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
}
