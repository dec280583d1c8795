import type { KeyRing } from '../seal.ts'
import { base64, fromBase64 } from '../seal.ts'
import type { SpendEvent } from '../spend/event.ts'
import { gzip } from './sink.ts'

/** What was asked and answered, as text; long ones are cut. */
export interface Bodies {
  /** Absent where the caller wants it masked. */
  readonly request?: string
  readonly response?: string
}

/**
 * Keeps prompts and answers beside the spend log, never in it, for those sinks that are told of them: packed, sealed for
 * their request, and for a time. What cannot be read any more is as if it had not been kept.
 */
export interface BodyStore {
  keep(requestId: string, atMs: number, bodies: Bodies): Promise<void>
  /** Those of these attempts' requests that are there, by request. */
  of(events: readonly SpendEvent[]): Promise<ReadonlyMap<string, Bodies>>
  /** Drops what came before a moment, whole days of it, as much as one run may take. */
  drop(beforeMs: number): Promise<void>
}

/** A bucket of R2, as far as we use it. */
export interface Bucket {
  put(key: string, value: string): Promise<unknown>
  get(key: string): Promise<{ text(): Promise<string> } | null>
  list(options: { prefix: string; limit: number }): Promise<{ readonly objects: readonly { readonly key: string }[] }>
  delete(keys: string[]): Promise<unknown>
}

const PREFIX = 'bodies/'
/** What one call of `list` and one of `delete` may have. */
const PAGE = 1_000
const MOST_PAGES = 20
/** Of a runtime's six connections. */
const AT_ONCE = 4

/** Every request under its day, so that the oldest are listed first. */
export function bodiesIn(bucket: Bucket, ring: () => KeyRing): BodyStore {
  return {
    async keep(requestId, atMs, bodies) {
      const key = keyOf(requestId, atMs)
      const packed = base64(await gzip(JSON.stringify(bodies)))
      await bucket.put(key, JSON.stringify(await ring().seal(packed, key)))
    },
    async of(events) {
      const found = new Map<string, Bodies>()
      const wanted = new Map(events.map((event) => [event.request_id, event.received_ms ?? event.start_ms])).entries()
      const worker = async () => {
        for (const [requestId, atMs] of wanted) {
          const key = keyOf(requestId, atMs)
          const kept = await bucket.get(key)
          const bodies = kept && (await opened(await kept.text(), key, ring()))
          if (bodies) found.set(requestId, bodies)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      return found
    },
    async drop(beforeMs) {
      const first = PREFIX + dayOf(beforeMs)
      for (let page = 0; page < MOST_PAGES; page++) {
        const { objects } = await bucket.list({ prefix: PREFIX, limit: PAGE })
        const old = objects.map(({ key }) => key).filter((key) => key < first)
        if (old.length > 0) await bucket.delete(old)
        if (old.length < PAGE) return
      }
    },
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const keyOf = (requestId: string, atMs: number): string => `${PREFIX}${dayOf(atMs)}/${requestId}`

async function opened(text: string, key: string, ring: KeyRing): Promise<Bodies | undefined> {
  const packed = await ring.open(JSON.parse(text) as { keyId: string; text: string }, key)
  if (packed === undefined) return undefined
  const stream = new Blob([fromBase64(packed)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return JSON.parse(await new Response(stream).text()) as Bodies
}

/**
 * Nobody takes a batch of many megabytes: what all of it may have is shared out. Langfuse takes 3.5 MB, has each of them
 * twice, and a letter may be three bytes.
 */
const MOST_CHARS = 500_000

/** What sinks are shown of each: JSON as it was where it is whole, else text. */
export function shownBodies(
  kept: ReadonlyMap<string, Bodies>,
): ReadonlyMap<string, { readonly messages: unknown; readonly response: unknown }> {
  const most = Math.floor(MOST_CHARS / Math.max(1, kept.size) / 2)
  return new Map(
    [...kept].map(([id, { request, response }]) => [
      id,
      { messages: shown(request, most), response: shown(response, most) },
    ]),
  )
}

function shown(text: string | undefined, most: number): unknown {
  if (text === undefined) return null
  if (text.length > most) return text.slice(0, most).toWellFormed()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
