import { queryQdrant } from '../../vectors/qdrant.ts'
import { ask, once, type Rest } from '../../vectors/rest.ts'
import { neighboursOf } from './noted.ts'
import type { VectorStore } from './port.ts'
import { slotOf, slotUuid } from './slot.ts'

export interface QdrantOptions {
  readonly url: string
  readonly apiKey?: string
  /** One length of vectors each, so it is part of the collection's name. */
  readonly collection: string
  readonly quantization?: 'binary' | 'scalar' | 'product'
  readonly fetch: typeof fetch
  /** Entries per owner. */
  readonly most?: number
}

const QUANTIZED = {
  binary: { binary: { always_ram: false } },
  scalar: { scalar: { type: 'int8', quantile: 0.99, always_ram: false } },
  product: { product: { compression: 'x16', always_ram: false } },
} as const

/** Qdrant's REST API: its scores for Cosine are the cosine itself (qdrant.tech, "Collections", "Search"). */
export function qdrantVectors(options: QdrantOptions): VectorStore {
  const { url, apiKey, collection, quantization, fetch, most = 10_000 } = options
  const rest: Rest = { fetch, base: url, headers: apiKey === undefined ? {} : { 'api-key': apiKey } }
  const ready = new Map<number, () => Promise<void>>()
  const pathOf = (dimension: number) => `/collections/${encodeURIComponent(`${collection}_${dimension}`)}`

  function collectionFor(dimension: number): () => Promise<void> {
    const known = ready.get(dimension)
    if (known) return known
    const made = once(() => create(dimension))
    ready.set(dimension, made)
    return made
  }

  async function create(dimension: number): Promise<void> {
    const path = pathOf(dimension)
    const vectors = { size: dimension, distance: 'Cosine' }
    const more = quantization ? { quantization_config: QUANTIZED[quantization] } : {}
    // Another isolate may have been first: 409 (400 before 1.10).
    await ask(rest, { method: 'PUT', path, body: { vectors, ...more }, also: [400, 409] })
    await ask(rest, {
      method: 'PUT',
      path: `${path}/index`,
      body: { field_name: 'index', field_schema: 'keyword' },
      also: [400, 409],
    })
  }

  return {
    async put(place, { id, vector, note, expiresAtMs }) {
      await collectionFor(place.dimension)()
      const payload = { index: place.index, entry: id, note, expiresAtMs }
      const point = { id: slotUuid(place.owner, slotOf(place.index, id, most)), vector, payload }
      await ask(rest, {
        method: 'PUT',
        path: `${pathOf(place.dimension)}/points?wait=false`,
        body: { points: [point] },
      })
    },
    async nearest(place, vector, options) {
      const must = [
        { key: 'index', match: { value: place.index } },
        { key: 'expiresAtMs', range: { gt: options.nowMs } },
      ]
      const found = await queryQdrant(rest, {
        ...{ path: pathOf(place.dimension), vector, filter: { must } },
        ...{ most: options.most, atLeast: options.atLeast, signal: options.signal },
      })
      return neighboursOf(found ?? [], options)
    },
    async remove(place, id) {
      const must = [
        { key: 'index', match: { value: place.index } },
        { key: 'entry', match: { value: id } },
      ]
      const path = `${pathOf(place.dimension)}/points/delete?wait=false`
      await ask(rest, { path, body: { filter: { must } }, also: [404] })
    },
  }
}
