import * as z from 'zod'
import type { SpendEvent } from '../spend/event.ts'
import { entityName } from '../tenants/scope.ts'
import { type Share, shares, type Told } from './plan.ts'
import { sinkNamed } from './registry.ts'
import type { Setting } from './sink.ts'

/** Of one team or key, so that a batch is not told a hundred times over. */
export const MOST_CALLBACKS = 5

/** Stands for a value that is not shown. */
export const HIDDEN = '********'

export const callbackTypes = ['success', 'failure', 'success_and_failure'] as const

/**
 * An entry of `metadata.logging` of a team or a key, as it is stored: LiteLLM's words with values hidden, and beside them
 * all values sealed for this owner.
 */
export const storedCallback = z.object({
  callback_name: z.string(),
  callback_type: z.enum(callbackTypes),
  callback_vars: z.record(z.string(), z.string()),
  key_id: z.string(),
  sealed: z.string(),
})
export type StoredCallback = z.infer<typeof storedCallback>

/** Whom owners (`team:…`, `key:…`, as `entityName` has them) want told; who wants nobody told is not in it. */
export type CallbacksOf = (owners: readonly string[]) => Promise<ReadonlyMap<string, readonly StoredCallback[]>>

/** The entries of a `metadata.logging`; what was never sealed here is none. */
export function callbacksIn(metadata: Readonly<Record<string, unknown>>): readonly StoredCallback[] {
  const { logging } = metadata
  if (!Array.isArray(logging)) return []
  return logging.flatMap((entry) => {
    const { success, data } = storedCallback.safeParse(entry)
    return success ? [data] : []
  })
}

/** Metadata as it may leave: entries without what is sealed, and no value of one that came from elsewhere. */
export function withoutSealed(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!Array.isArray(metadata.logging)) return metadata
  return { ...metadata, logging: callbacksIn(metadata).map(shownCallback) }
}

export function shownCallback({ callback_name, callback_type, callback_vars }: StoredCallback) {
  return { callback_name, callback_type, callback_vars }
}

/** For whom a thing was sealed: it does not open for another. */
export const placeOf = (owner: string, sink: string): string => JSON.stringify(['callback', owner, sink])

/** LiteLLM's name of a variable among `callback_vars`, by the variable: `langfuse_public_key` is LANGFUSE_PUBLIC_KEY. */
export function variablesOf(sink: string): ReadonlyMap<string, Setting> {
  const settings = Object.values<Setting>(sinkNamed(sink)?.settings ?? {})
  return new Map(settings.map((setting) => [setting.variable.toLowerCase(), setting]))
}

/** Other names of LiteLLM for the same variable. */
export const SAME_VARIABLE: Readonly<Record<string, string>> = { langfuse_secret: 'langfuse_secret_key' }

const told = { success: 'success', failure: 'failure', success_and_failure: 'all' } as const satisfies Record<
  (typeof callbackTypes)[number],
  Told
>

export function ownersIn(events: readonly SpendEvent[]): readonly string[] {
  return [...new Set(events.flatMap(ownersOf))]
}

/** Each owner's sinks get that owner's attempts, and nobody else's. */
export function ownShares(
  events: readonly SpendEvent[],
  callbacks: ReadonlyMap<string, readonly StoredCallback[]>,
  redactKeyInfo: boolean,
): Share[] {
  return [...callbacks].flatMap(([owner, entries]) => {
    const wanted = entries.slice(0, MOST_CALLBACKS).map((entry) => ({
      name: entry.callback_name,
      told: told[entry.callback_type],
    }))
    const own = events.filter((event) => ownersOf(event).includes(owner))
    return shares(wanted, own, redactKeyInfo).map((share) => ({ ...share, of: owner }))
  })
}

function ownersOf({ key_id, team_id }: SpendEvent): readonly string[] {
  return [entityName('key', key_id), ...(team_id === null ? [] : [entityName('team', team_id)])]
}
