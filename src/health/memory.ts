import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { Group } from './group.ts'
import { IsolateHealth } from './isolate.ts'
import type { Health } from './port.ts'
import { healthSettings } from './settings.ts'

/** What isolates share: groups by name. */
export type SharedGroups = Map<string, Group>

export interface MemoryHealthOptions {
  readonly config: Pick<Config, 'deployments' | 'router'>
  readonly clock: Clock
  /** Several isolates share what they are given here; alone by default. */
  readonly groups?: SharedGroups
  readonly isolate?: string
  /** Nobody waits by default: what is to be told is told with the next deferred work. */
  readonly sleep?: (ms: number) => Promise<void>
}

/** Health over groups in memory, by the rules of the real thing. */
export function memoryHealth({ config, clock, groups = new Map(), isolate, sleep }: MemoryHealthOptions): Health {
  return new IsolateHealth({
    settings: healthSettings(config),
    isolate: isolate ?? 'one',
    clock,
    sleep: sleep ?? (() => Promise.resolve()),
    warn: () => {},
    // What travels is a copy, and arrives later.
    report: (name, batch) => {
      const group = groups.get(name) ?? new Group()
      groups.set(name, group)
      const { snapshot } = group.report(structuredClone(batch), clock())
      return Promise.resolve(structuredClone(snapshot))
    },
  })
}
