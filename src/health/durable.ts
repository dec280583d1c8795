import type { Clock } from '../clock.ts'
import type { Batch, Snapshot } from './group.ts'
import { IsolateHealth } from './isolate.ts'
import type { Health } from './port.ts'
import type { HealthSettings } from './settings.ts'

/** The object's half, as a stub shows it. */
export interface HealthStub {
  report(batch: Batch): Promise<Snapshot>
}

export interface DurableHealthOptions {
  readonly namespace: { getByName(name: string): HealthStub }
  readonly settings: HealthSettings
  readonly isolate: string
  readonly clock: Clock
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** Health of a whole isolate over one Durable Object per model group. Each call has a stub of its own, since one that threw may stay broken. */
export function durableHealth({ namespace, ...options }: DurableHealthOptions): Health {
  return new IsolateHealth({
    ...options,
    report: (group, batch) => Promise.resolve(namespace.getByName(group).report(batch)),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  })
}
