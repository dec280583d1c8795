import type { SpendEvent } from '../spend/event.ts'
import { withoutKeyInfo } from './payload.ts'

/** Which ends of attempts a sink is told. */
export type Told = 'all' | 'success' | 'failure'

/** A sink as the file switches it on. */
export interface Wanted {
  readonly name: string
  readonly told: Told
}

/** What one sink is to be told of a batch. */
export interface Share {
  readonly sink: string
  /** Whose own sink it is (`team:…`, `key:…`); absent for the operator's. */
  readonly of?: string
  readonly events: readonly SpendEvent[]
}

/**
 * Who is told what of a batch, by the file's lists, by what callers do not want told, and without who asked where the
 * operator wants that. A cancelled attempt counts as a success, as in LiteLLM: somebody was served. Sinks that are told
 * the same have one list between them.
 */
export function shares(wanted: readonly Wanted[], events: readonly SpendEvent[], redactKeyInfo: boolean): Share[] {
  const shown = redactKeyInfo ? events.map(withoutKeyInfo) : events
  const chosen = events.some(({ unlogged }) => unlogged !== undefined)
  const lists = new Map<string, readonly SpendEvent[]>()
  return wanted.flatMap(({ name, told }) => {
    const same = chosen ? `${told} ${name}` : told
    const meant = lists.get(same) ?? shown.filter((event) => isMeant(event, told) && !isUnlogged(event, name))
    lists.set(same, meant)
    return meant.length === 0 ? [] : [{ sink: name, events: meant }]
  })
}

function isMeant({ status }: SpendEvent, told: Told): boolean {
  return told === 'all' || (told === 'failure') === (status === 'failure')
}

function isUnlogged({ unlogged }: SpendEvent, name: string): boolean {
  return unlogged !== undefined && (unlogged.includes('*') || unlogged.includes(name))
}
