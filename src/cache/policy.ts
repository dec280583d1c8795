import type { CacheSettings } from '../config/config.ts'
import type { ChatCompletion } from '../dialects/chat.ts'
import type { CacheControls } from './controls.ts'

/** LiteLLM's words for our operations: with and without its `a`. */
const CALL_TYPES: Readonly<Record<string, readonly string[]>> = {
  chat: ['acompletion', 'completion', 'atext_completion', 'text_completion'],
  embeddings: ['aembedding', 'embedding'],
}

export interface Asked {
  readonly operation: string
  readonly temperature: unknown
  /** The request is asked with the caller's own key, or at its own address. */
  readonly ownAccess: boolean
  readonly controls: CacheControls
}

/** Why a request has nothing to do with the cache; undefined when it has. */
export function bypass(settings: CacheSettings, asked: Asked): string | undefined {
  const { controls } = asked
  if (settings.optIn && !controls.useCache) return 'use-cache not set'
  if (controls.noCache && controls.noStore) return 'no-cache, no-store'
  const { callTypes } = settings
  const names = CALL_TYPES[asked.operation]
  if (names === undefined) return 'not kept'
  if (callTypes && !names.some((name) => callTypes.includes(name))) return 'call type'
  if (asked.ownAccess) return 'own access'
  const { maxTemperature } = settings
  // What is not said may be anything up to the vendor's default, which is 1 where it is documented.
  if (maxTemperature !== undefined && asked.operation === 'chat') {
    const temperature = typeof asked.temperature === 'number' ? asked.temperature : 1
    if (temperature > maxTemperature) return 'temperature'
  }
  return undefined
}

/** Only what ended well: `stop`, or a call of a tool; not what was cut short, moderated or refused. */
export function isKept({ choices, usage }: ChatCompletion): boolean {
  if (!usage || choices.length === 0) return false
  return choices.every(
    ({ finish_reason: reason, message: { refusal } }) =>
      (reason === 'stop' || reason === 'tool_calls' || reason === 'function_call') && !refusal,
  )
}
