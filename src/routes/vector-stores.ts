import * as z from 'zod'
import type { VectorStoreSettings } from '../config/vector-stores.ts'
import { GatewayError } from '../errors.ts'
import { searched } from '../gateway/vector-search.ts'
import { askedInWords } from '../gateway/vector-words.ts'
import { allowsStore, mustMaySearch } from '../tenants/store-access.ts'
import type { Match } from '../vectors/port.ts'
import { callerOf } from './others.ts'
import { type Asked, type Route, route } from './route.ts'
import { boundsOf, searchFields } from './vector-search-fields.ts'

const question = z.string().min(1).max(100_000)

const search = z.object({
  query: z.union([question, z.array(question).min(1).max(10)], 'must be a text, or a list of texts'),
  ...searchFields,
  rewrite_query: z.literal(false, 'must be false: questions are searched for as they are written').nullish(),
  user: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
})

const page = z.object({
  object: z.literal('vector_store.search_results.page'),
  search_query: z.array(z.string()),
  data: z.array(z.record(z.string(), z.unknown())),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
})

const searching = route({
  method: 'POST',
  paths: ['/v1/vector_stores/{id}/search', '/vector_stores/{id}/search'],
  access: 'key',
  tag: 'Models',
  summary: 'Passages of a vector store that are like a question.',
  body: search,
  out: page,
  handle: async (asked) => {
    const { params, body, deps, principal, requestId, request, receivedAtMs } = asked
    const store = storeNamed(params.id ?? '', asked)
    mustMaySearch(principal, store.id)
    const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
    const caller = await callerOf(principal, { headers: request.headers, body }, deps.tenants, moment)
    if (store.embedder === undefined) {
      const { user: _, metadata: __, ...said } = body
      const here = new URL(request.url).origin
      const asker = { requestId, principal: caller, signal: request.signal, receivedAtMs, here }
      return askedInWords(store, said, asker, deps.gateway)
    }
    const [first = '', ...more] = Array.isArray(body.query) ? body.query : [body.query]
    const wanted = { questions: [first, ...more], ...boundsOf(body) } as const
    const searcher = { requestId, principal: caller, signal: request.signal }
    const found = await searched(store, wanted, searcher, deps.gateway)
    return {
      object: 'vector_store.search_results.page',
      search_query: [first, ...more],
      data: found.map((one) => shown(one, store)),
      has_more: false,
      next_page: null,
    }
  },
})

/** A match as OpenAI shows it. Of what lies beside it only plain values are attributes. */
function shown({ id, similarity, fields }: Match, { textField, fileIdField, filenameField }: VectorStoreSettings) {
  const { [textField]: text, [fileIdField]: fileId, [filenameField]: filename, ...rest } = fields
  const attributes = Object.entries(rest).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return {
    file_id: typeof fileId === 'string' ? fileId : id,
    filename: typeof filename === 'string' ? filename : '',
    score: similarity,
    attributes: Object.fromEntries(attributes),
    content: typeof text === 'string' ? [{ type: 'text', text }] : [],
  }
}

/** Throws `not_found` where there is none. */
export function storeNamed(id: string, { deps }: Pick<Asked<'key', undefined, unknown>, 'deps'>): VectorStoreSettings {
  const store = deps.gateway.config.vectorStores?.find((one) => one.id === id)
  if (store) return store
  throw new GatewayError(
    'not_found',
    'There is no such vector store here. GET /vector_store/list has those that this key may search.',
    { param: 'vector_store_id', retry: false },
  )
}

const listing = route({
  method: 'GET',
  paths: ['/vector_store/list', '/v1/vector_store/list'],
  access: 'key',
  tag: 'Models',
  summary: 'The vector stores that the caller may search.',
  handle: ({ principal, deps }) => {
    const stores = (deps.gateway.config.vectorStores ?? []).filter(({ id }) => allowsStore(principal, id))
    return {
      object: 'list',
      data: stores.map(({ id, provider, name, description }) => ({
        vector_store_id: id,
        custom_llm_provider: provider,
        vector_store_name: name ?? null,
        vector_store_description: description ?? null,
      })),
      total_count: stores.length,
      current_page: 1,
      total_pages: 1,
    }
  },
})

export const vectorStoreRoutes: readonly Route[] = [searching, listing]
