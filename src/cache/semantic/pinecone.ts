import { queryPinecone } from '../../vectors/pinecone.ts'
import { ask, type Rest } from '../../vectors/rest.ts'
import { neighboursOf } from './noted.ts'
import type { VectorStore } from './port.ts'
import { slotOf } from './slot.ts'

export interface PineconeOptions {
  /** The index's own host, as the console shows it. */
  readonly url: string
  readonly apiKey: string
  readonly fetch: typeof fetch
  /** Entries per owner. */
  readonly most?: number
}

/**
 * Pinecone's data plane: one namespace per owner; with the metric cosine its scores are the cosine. The index must have
 * been made with that metric and the embedder's dimension. It is eventually consistent, so the newest entry may be missed.
 */
export function pineconeVectors({ url, apiKey, fetch, most = 10_000 }: PineconeOptions): VectorStore {
  const headers = { 'api-key': apiKey, 'x-pinecone-api-version': '2025-04' }
  const rest: Rest = { fetch, base: url, headers }
  return {
    async put(place, { id, vector, note, expiresAtMs }) {
      const metadata = { index: place.index, entry: id, note, expiresAtMs }
      const vectors = [{ id: String(slotOf(place.index, id, most)), values: vector, metadata }]
      await ask(rest, { path: '/vectors/upsert', body: { namespace: place.owner, vectors } })
    },
    async nearest(place, vector, options) {
      const filter = { index: { $eq: place.index }, expiresAtMs: { $gt: options.nowMs } }
      const { most: wanted, signal } = options
      const found = await queryPinecone(rest, { namespace: place.owner, vector, most: wanted, filter, signal })
      return neighboursOf(found, options)
    },
    async remove(place, id) {
      const ids = [String(slotOf(place.index, id, most))]
      await ask(rest, { path: '/vectors/delete', body: { namespace: place.owner, ids }, also: [404] })
    },
  }
}
