import { cosine } from '../../vectors/cosine.ts'
import type { Entry, Place, VectorStore } from './port.ts'

/** Exact search over what lies in this isolate; of each owner the latest `most`. */
export function memoryVectors({ most = 1_000 }: { readonly most?: number } = {}): VectorStore {
  const owners = new Map<string, Map<string, Entry & { readonly index: string }>>()
  const keyOf = (place: Place, id: string) => `${place.index}\n${id}`

  return {
    put(place, entry) {
      const kept = owners.get(place.owner) ?? new Map()
      owners.set(place.owner, kept)
      const key = keyOf(place, entry.id)
      kept.delete(key)
      kept.set(key, { ...entry, index: place.index })
      for (const oldest of kept.keys()) {
        if (kept.size <= most) break
        kept.delete(oldest)
      }
      return Promise.resolve()
    },
    nearest(place, vector, { most: wanted, atLeast, nowMs }) {
      const here = [...(owners.get(place.owner)?.values() ?? [])].filter(
        ({ index, expiresAtMs }) => index === place.index && expiresAtMs > nowMs,
      )
      const found = here
        .map((entry) => ({ id: entry.id, note: entry.note, similarity: cosine(vector, entry.vector) }))
        .filter(({ similarity }) => similarity >= atLeast)
        .sort((a, b) => b.similarity - a.similarity)
      return Promise.resolve(found.slice(0, wanted))
    },
    remove(place, id) {
      owners.get(place.owner)?.delete(keyOf(place, id))
      return Promise.resolve()
    },
  }
}
