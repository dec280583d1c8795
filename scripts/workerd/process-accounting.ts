import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const USER_HZ = 100

/** Milliseconds of processor time of a process so far, all its threads together. */
export function cpuMs(pid: number): number {
  if (process.platform !== 'linux') return cpuMsFromPs(pid)
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before it may hold spaces
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / USER_HZ
}

/** Memory of a process that is in RAM. */
export function rssBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
}

function cpuMsFromPs(pid: number): number {
  const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  return text.split(/[:-]/).reduce((total, part) => total * 60 + Number(part), 0) * 1000
}
