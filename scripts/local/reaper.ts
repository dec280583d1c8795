import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * Ends processes when this one is gone, however it went: a small process of its own reads a pipe from us, and the
 * pipe's end is the sign. Lines are `+PID SIGNAL` (a negative pid is a process group) and `-PID`.
 */
let reaper: ChildProcess | undefined

/** From now on `pid` (negative: a group) gets `signal` when this process ends without having called `release`. */
export function guard(pid: number, signal: NodeJS.Signals): void {
  if (!reaper) {
    reaper = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    reaper.unref()
    const pipe = reaper.stdin
    if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
    pipe?.on('error', () => {})
  }
  reaper.stdin?.write(`+${pid} ${signal}\n`)
}

export function release(pid: number): void {
  reaper?.stdin?.write(`-${pid}\n`)
}

/** False when it was gone already. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})
  const guarded = new Map<number, NodeJS.Signals>()
  for await (const line of createInterface({ input: process.stdin })) {
    const [pid = '', name] = line.slice(1).split(' ')
    if (line.startsWith('+')) guarded.set(Number(pid), name as NodeJS.Signals)
    else guarded.delete(Number(pid))
  }
  const left = [...guarded].filter(([pid, name]) => signal(pid, name)).map(([pid]) => pid)
  if (left.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    for (const pid of left) signal(pid, 'SIGKILL')
  }
}
