import { ask, type Rest } from '../../vectors/rest.ts'
import { queryUpstash } from '../../vectors/upstash-vector.ts'
import { neighboursOf } from './noted.ts'
import type { VectorStore } from './port.ts'
import { slotOf } from './slot.ts'

export interface UpstashVectorOptions {
  readonly url: string
  readonly token: string
  readonly fetch: typeof fetch
  /** Entries per owner. */
  readonly most?: number
}

/**
 * Upstash's separate vector product over its REST API: one namespace per owner. The index must have been made with the
 * metric COSINE and the embedder's dimension. It is eventually consistent, so the newest entry may be missed.
 */
export function upstashVectors({ url, token, fetch, most = 10_000 }: UpstashVectorOptions): VectorStore {
  const rest: Rest = { fetch, base: url, headers: { authorization: `Bearer ${token}` } }
  return {
    async put(place, { id, vector, note, expiresAtMs }) {
      const metadata = { index: place.index, entry: id, note, expiresAtMs }
      const body = [{ id: String(slotOf(place.index, id, most)), vector, metadata }]
      await ask(rest, { path: `/upsert/${place.owner}`, body })
    },
    async nearest(place, vector, options) {
      const filter = `index = '${place.index}' AND expiresAtMs > ${Math.floor(options.nowMs)}`
      const { most: wanted, signal } = options
      const found = await queryUpstash(rest, { namespace: place.owner, vector, most: wanted, filter, signal })
      return neighboursOf(found, options)
    },
    async remove(place, id) {
      const body = [String(slotOf(place.index, id, most))]
      await ask(rest, { method: 'DELETE', path: `/delete/${place.owner}`, body })
    },
  }
}
