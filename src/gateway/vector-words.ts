import { readText } from '../config/read.ts'
import type { VectorStoreSettings } from '../config/vector-stores.ts'
import type { Fields } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { textWithin } from '../streams/text-within.ts'
import { pageMatches } from '../vectors/openai-page.ts'
import type { Match } from '../vectors/port.ts'
import { StoreFault } from '../vectors/rest.ts'
import type { GatewayDeps } from './deps.ts'
import { passThrough } from './pass-through.ts'
import type { Destination } from './pass-through-destination.ts'
import type { PassCall } from './passing.ts'

const TIMEOUT_MS = 10_000

/** Who asks a store in words, and from where. */
export type Asker = Pick<PassCall, 'requestId' | 'principal' | 'signal' | 'receivedAtMs'> &
  Partial<Pick<PassCall, 'here'>>

/**
 * Asks a store that makes its vectors itself: OpenAI's own, and servers that speak as it does (LiteLLM's pgvector). `said`
 * goes to it as OpenAI's search has it. It costs nothing here, counts as the caller's request, and has a row.
 */
export function askedInWords(
  store: VectorStoreSettings,
  said: Fields,
  asker: Asker,
  deps: GatewayDeps,
): Promise<Response> {
  const { config, env } = deps
  const base = readText(store.apiBase, config, env)
  if (base === undefined || !URL.canParse(base))
    throw new GatewayError('internal', `Nobody knows where ${store.id} is: the operator must set its api_base.`)
  const key = readText(store.apiKey, config, env)
  const below = base.replace(/\/+$/, '').replace(/\/v1$/, '')
  const destination: Destination = {
    ...{ name: `vector store ${store.id}`, id: store.id, base: below, query: {} },
    timeouts: { timeoutMs: TIMEOUT_MS },
    rest: `/v1/vector_stores/${encodeURIComponent(store.collection)}/search`,
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    target: { apiBase: base, extraHeaders: {}, params: {} },
    secrets: key === undefined ? [] : [key],
  }
  const bytes = new TextEncoder().encode(JSON.stringify(said)) as Uint8Array<ArrayBuffer>
  const { requestId, principal, signal, receivedAtMs, here = '' } = asker
  const call: PassCall = {
    ...{ requestId, principal, signal, receivedAtMs, here },
    ...{ method: 'POST', rest: destination.rest, query: new URLSearchParams(), headers: new Headers() },
    ...{ key: undefined, body: bytes, said: {}, model: undefined, shape: undefined, pricePico: 0 },
  }
  return passThrough(call, destination, deps)
}

const MOST_BYTES = 8 * 1024 * 1024

/** What it finds, as every other store's; throws for what is no answer. */
export async function foundInWords(
  store: VectorStoreSettings,
  said: Fields,
  asker: Asker,
  deps: GatewayDeps,
): Promise<readonly Match[]> {
  const response = await askedInWords(store, said, asker, deps)
  const { text, isWhole } = await textWithin(response.body, MOST_BYTES)
  if (!response.ok || !isWhole)
    throw new StoreFault(
      isWhole ? `status ${response.status} of a search` : `more than ${MOST_BYTES} bytes of a search`,
    )
  return pageMatches(JSON.parse(text), store)
}
