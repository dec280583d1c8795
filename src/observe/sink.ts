import type { Post, Posted } from '../channels/post.ts'
import type { SpendEvent } from '../spend/event.ts'

/** What an operator has set for a sink, by the names of its `settings`; what is not set is absent. */
export type Settings = Readonly<Record<string, string>>

/** What a sink may know beside the events. */
export interface Occasion {
  readonly nowMs: number
  /** Of this delivery: the same whenever the same events are told (`deliveryIdOf`). */
  readonly id: string
  readonly version: string
  /** What was asked and answered, by request, where sinks are told of it. */
  readonly bodies?: ReadonlyMap<string, { readonly messages: unknown; readonly response: unknown }>
  readonly fetch: typeof fetch
}

/** A setting: the variable that holds it, in LiteLLM's words, and what holds where nobody set it. */
export interface Setting {
  readonly variable: string
  readonly otherwise?: string
  /** The sink works without it. */
  readonly optional?: boolean
}

/**
 * Somebody who is told of every finished attempt, in batches. `posts` says what to send and sends nothing; it may sign,
 * pack or fetch a token. A batch arrives whole at least once: each event has an id by which the receiver, or whoever
 * reads there, knows it again. Adding a sink is one file and one line in `registry.ts`.
 */
export interface Sink {
  /** As the file names it (`success_callback: [langfuse]`). */
  readonly name: string
  readonly settings: Readonly<Record<string, Setting>>
  posts(
    events: readonly SpendEvent[],
    settings: Settings,
    occasion: Occasion,
  ): readonly Post[] | Promise<readonly Post[]>
  /** It says what was asked and answered, where that is logged. */
  readonly tellsBodies?: true
  /** Why a receiver that answered 2xx has not taken all of it; undefined when it has. */
  refusedIn?(answer: Posted): string | undefined
}

export const isFailure = (event: SpendEvent): boolean => event.status === 'failure'

/** Bytes as gzip. */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

/** Headers as LiteLLM's variables hold them: `name=value,name2=value2`, values URL-encoded where they must be. */
export function headersIn(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim().toLowerCase(), decoded(pair.slice(at + 1).trim())] as const]
  })
  return Object.fromEntries(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function hexOf(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function hmacSha256(key: string, text: string): Promise<string> {
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), algorithm, false, ['sign'])
  return hexOf(await crypto.subtle.sign('HMAC', imported, encoder.encode(text)))
}
