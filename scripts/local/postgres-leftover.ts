import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runningProcesses } from './processes.ts'
import { signal } from './reaper.ts'

/** Ends a server that a crashed run left on this folder, and removes its lock. */
export async function endLeftover(dataDir: string): Promise<void> {
  const lock = join(dataDir, 'postmaster.pid')
  if (!existsSync(lock)) return
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0])
  // The number may belong to another program by now: only a server on this very folder is ended.
  const ours = () => runningProcesses().some((p) => p.pid === pid && p.command.includes(dataDir))
  if (pid > 0 && ours()) {
    signal(pid, 'SIGQUIT')
    for (let waitedMs = 0; ours(); waitedMs += 50) {
      if (waitedMs > 5_000) signal(pid, 'SIGKILL')
      await sleep(50)
    }
  }
  rmSync(lock, { force: true })
}
