import { readText } from '../config/read.ts'
import type { VectorStoreSettings } from '../config/vector-stores.ts'
import { list as listOf } from '../dialects/loose-json.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError } from '../errors.ts'
import { embeddings } from '../operations/embeddings-operation.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Filter } from '../vectors/filter.ts'
import { PINECONE_HEADERS, pineconeCollection } from '../vectors/pinecone.ts'
import type { Collection, Match } from '../vectors/port.ts'
import { qdrantCollection } from '../vectors/qdrant.ts'
import type { Rest } from '../vectors/rest.ts'
import { upstashCollection } from '../vectors/upstash-vector.ts'
import { weaviateClass, weaviateCollection } from '../vectors/weaviate.ts'
import type { GatewayDeps } from './deps.ts'
import { serve } from './serve.ts'
import { foundInWords } from './vector-words.ts'

/** A search as its caller asks for it. */
export interface VectorSearch {
  readonly questions: readonly [string, ...string[]]
  readonly most: number
  readonly atLeast?: number | undefined
  readonly filter?: Filter | undefined
}

/** Who searches, and since when. */
export interface Searcher {
  readonly requestId: string
  readonly principal: Principal
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 10_000

/**
 * What of a store is like the questions, the best first and each once. The vectors of the questions are made by the
 * store's model and charged to the caller, who needs no access to that model; a store without one is asked in words. Throws `upstream_failed` where the store
 * does not answer as it should; its own words are the operator's.
 */
export async function searched(
  store: VectorStoreSettings,
  search: VectorSearch,
  searcher: Searcher,
  deps: GatewayDeps,
): Promise<readonly Match[]> {
  try {
    const found = await (store.embedder === undefined ? inWords : byVectors)(store, search, searcher, deps)
    return best(found, search.most)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    if (cause instanceof RangeError) throw new GatewayError('invalid_request', cause.message, { param: 'filters' })
    throw new GatewayError('upstream_failed', `The vector store ${store.id} did not answer as it should.`, {
      cause,
      retry: true,
    })
  }
}

type Searching = (...args: Parameters<typeof searched>) => Promise<readonly Match[]>

const byVectors: Searching = async (store, { questions, most, atLeast, filter }, searcher, deps) => {
  const collection = collectionOf(store, deps)
  const vectors = await vectorsOf(questions, store, searcher, deps)
  const signal = AbortSignal.any([searcher.signal, AbortSignal.timeout(TIMEOUT_MS)])
  const ask = (vector: readonly number[]) => collection.nearest({ vector, most, atLeast, filter, signal })
  return (await Promise.all(vectors.map(ask))).flat()
}

const inWords: Searching = (store, { questions, most, atLeast, filter }, searcher, deps) =>
  foundInWords(
    store,
    {
      query: questions.length === 1 ? questions[0] : questions,
      max_num_results: most,
      ...(filter && { filters: filter }),
      ...(atLeast !== undefined && { ranking_options: { score_threshold: atLeast } }),
    },
    { ...searcher, receivedAtMs: deps.clock() },
    deps,
  )

function best(found: readonly Match[], most: number): readonly Match[] {
  const byId = new Map<string, Match>()
  for (const one of found) if (one.similarity > (byId.get(one.id)?.similarity ?? -1)) byId.set(one.id, one)
  return [...byId.values()].sort((a, b) => b.similarity - a.similarity).slice(0, most)
}

function collectionOf(store: VectorStoreSettings, { config, env, fetch }: GatewayDeps): Collection {
  const base = readText(store.apiBase, config, env)
  const key = readText(store.apiKey, config, env)
  if (base === undefined || !URL.canParse(base))
    throw new GatewayError('internal', `Nobody knows where ${store.id} is: the operator must set its api_base.`)
  const rest = (headers: Readonly<Record<string, string>>): Rest => ({ fetch, base, headers })
  const bearer = rest(key === undefined ? {} : { authorization: `Bearer ${key}` })
  switch (store.provider) {
    case 'qdrant':
      return qdrantCollection(rest(key === undefined ? {} : { 'api-key': key }), store.collection, store.vectorName)
    case 'pinecone':
      return pineconeCollection(rest({ ...PINECONE_HEADERS, 'api-key': key ?? '' }), store.namespace)
    case 'upstash_vector':
      return upstashCollection(bearer, store.namespace)
    case 'weaviate': {
      const { textField, fileIdField, filenameField, attributes } = store
      const properties = [...new Set([textField, fileIdField, filenameField, ...attributes])]
      return weaviateCollection(bearer, weaviateClass(store.collection), properties)
    }
    default:
      throw new GatewayError('internal', `${store.provider} is asked in its own words.`)
  }
}

async function vectorsOf(
  questions: VectorSearch['questions'],
  { embedder, id }: VectorStoreSettings,
  { requestId, principal, signal }: Searcher,
  deps: GatewayDeps,
): Promise<readonly (readonly number[])[]> {
  const response = await serve(
    {
      ...{ requestId, operation: embeddings, dialect: openaiChat, path: {}, headers: new Headers(), signal },
      principal: { ...principal, models: [] },
      body: { model: embedder, input: questions },
      receivedAtMs: deps.clock(),
    },
    deps,
  )
  const answer = (await response.json()) as { readonly data?: unknown }
  const vectors = listOf(answer.data).map((one) => (one as { readonly embedding?: unknown }).embedding)
  const isWhole = vectors.length === questions.length && vectors.every(isVector)
  if (isWhole) return vectors
  throw new GatewayError('upstream_failed', `The model that makes vectors for ${id} made none.`, { retry: true })
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number')
}
