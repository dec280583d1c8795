import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { runningProcesses } from './processes.ts'
import { signal } from './reaper.ts'

const lockSchema = z.object({ pid: z.int(), gatewayGroup: z.int().optional() })

export interface DevLock {
  /** So that the next start can end the gateway, should this one be unable to. */
  noteGateway(group: number): void
  release(): void
}

/** One `npm run dev` per state folder. What a crashed one left running is ended here. */
export async function takeDevLock(file: string): Promise<DevLock> {
  const former = existsSync(file) ? lockSchema.safeParse(readJson(file)).data : undefined
  if (former && former.pid !== process.pid && isDev(former.pid))
    throw new Error(
      `npm run dev already runs here (process ${former.pid}). Stop it first, or start a second one with a folder and a port of its own: PORT=8788 npm run dev -- --state .local-2`,
    )
  if (former?.gatewayGroup !== undefined) await endGateway(former.gatewayGroup)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ pid: process.pid }))
  return {
    noteGateway: (gatewayGroup) => writeFileSync(file, JSON.stringify({ pid: process.pid, gatewayGroup })),
    release: () => rmSync(file, { force: true }),
  }
}

function isDev(pid: number): boolean {
  return runningProcesses().some((process) => process.pid === pid && process.command.includes('dev.ts'))
}

/** Only processes that still are a gateway's: the group's number may be someone else's by now. */
async function endGateway(group: number): Promise<void> {
  const left = () => runningProcesses().filter((p) => p.group === group && /wrangler|workerd|esbuild/.test(p.command))
  for (const { pid } of left()) signal(pid, 'SIGTERM')
  for (let waitedMs = 0; left().length > 0 && waitedMs < 3_000; waitedMs += 100) await sleep(100)
  for (const { pid } of left()) signal(pid, 'SIGKILL')
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
