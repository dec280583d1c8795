import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Sees to it that a child dies when this process is gone, also by SIGKILL: a shell waits for its input to end, then kills. */
export function endWithParent(child: ChildProcess, pid: number): void {
  const guardian = spawn('sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guardian.unref()
  const input = guardian.stdin as Socket
  input.on('error', () => {})
  input.unref()
  child.once('exit', () => guardian.kill('SIGKILL'))
}
