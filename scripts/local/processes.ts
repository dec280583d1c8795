import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly command: string
}

/** What runs on this machine: from /proc where there is one (slim images have no `ps`), else from `ps`. */
export function runningProcesses(): RunningProcess[] {
  if (process.platform === 'win32') return []
  if (process.platform !== 'linux') {
    return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,command='], { encoding: 'utf8' })
      .split('\n')
      .flatMap((line) => {
        const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line)
        if (!match) return []
        const [pid = 0, parent = 0, group = 0] = match.slice(1, 4).map(Number)
        return [{ pid, parent, group, command: match[4] ?? '' }]
      })
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (state === 'Z') return []
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return [{ pid: Number(name), parent: Number(parent), group: Number(group), command }]
      } catch {
        return []
      }
    })
}
