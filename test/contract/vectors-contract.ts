import { describe, expect, it } from 'vitest'
import type { Place, VectorStore } from '../../src/cache/semantic/port.ts'

export const NOW = Date.UTC(2026, 10, 22)
export const OWNER = 'a'.repeat(64)
const here: Place = { owner: OWNER, index: '1'.repeat(64), dimension: 2 }
const elsewhere: Place = { ...here, index: '2'.repeat(64) }
const others: Place = { ...here, owner: 'b'.repeat(64), index: '3'.repeat(64) }

/** A vector whose cosine with (1, 0) is the one given. */
export const at = (cosine: number): readonly number[] => [cosine, Math.sqrt(1 - cosine * cosine)]
const ahead = at(1)

export interface VectorsWorld {
  /** `most` is what it keeps of an owner, or of a place. */
  make(most?: number): Promise<VectorStore> | VectorStore
  /** The time as the store itself has it. */
  advance(ms: number): void
}

/** What every store of vectors promises. */
export function vectorsContract(name: string, world: VectorsWorld): void {
  describe(`vectors: ${name}`, () => {
    let nowMs = NOW
    const put = (store: VectorStore, place: Place, id: string, vector: readonly number[], lifeMs = 60_000) =>
      store.put(place, { id, vector, note: `note "${id}" 🚀`, expiresAtMs: nowMs + lifeMs }, nowMs)
    const nearest = (store: VectorStore, place: Place, atLeast = 0, most = 5) =>
      store.nearest(place, ahead, { most, atLeast, nowMs, signal: new AbortController().signal })

    it('finds the nearest first, tells the cosine itself, and brings the note back', async () => {
      const store = await world.make()
      for (const cosine of [0.5, 0.94, 0.78]) await put(store, here, `at ${cosine}`, at(cosine))
      const found = await nearest(store, here)
      expect(found.map(({ id }) => id)).toEqual(['at 0.94', 'at 0.78', 'at 0.5'])
      for (const [n, cosine] of [0.94, 0.78, 0.5].entries()) expect(found[n]!.similarity).toBeCloseTo(cosine, 4)
      expect(found[0]!.note).toBe('note "at 0.94" 🚀')
    })

    it('leaves out what is too far, and tells no more than was asked for', async () => {
      const store = await world.make()
      for (const cosine of [0.94, 0.93, 0.91]) await put(store, here, `at ${cosine}`, at(cosine))
      expect((await nearest(store, here, 0.92)).map(({ id }) => id)).toEqual(['at 0.94', 'at 0.93'])
      expect((await nearest(store, here, 0.92, 1)).map(({ id }) => id)).toEqual(['at 0.94'])
    })

    it('finds nothing where nothing was put, nor what stands in another place or belongs to another', async () => {
      const store = await world.make()
      expect(await nearest(store, here)).toEqual([])
      await put(store, elsewhere, 'one', ahead)
      await put(store, others, 'one', ahead)
      expect(await nearest(store, here)).toEqual([])
      expect(await nearest(store, elsewhere)).toHaveLength(1)
    })

    it('replaces what has the same id', async () => {
      const store = await world.make()
      await put(store, here, 'one', at(0.1))
      await put(store, here, 'one', at(0.9))
      const found = await nearest(store, here)
      expect(found).toHaveLength(1)
      expect(found[0]!.similarity).toBeCloseTo(0.9, 4)
    })

    it('forgets each entry at its own time', async () => {
      const store = await world.make()
      await put(store, here, 'short', at(0.95), 1_000)
      await put(store, here, 'long', at(0.9), 60_000)
      await put(store, here, 'short too', at(0.8), 1_000)
      nowMs += 1_500
      world.advance(1_500)
      expect((await nearest(store, here)).map(({ id }) => id)).toEqual(['long'])
      nowMs += 60_000
      world.advance(60_000)
      expect(await nearest(store, here)).toEqual([])
    })

    it('removes one, and nothing when it is not there', async () => {
      const store = await world.make()
      await store.remove(here, 'nobody')
      await put(store, here, 'one', ahead)
      await put(store, here, 'two', at(0.9))
      await store.remove(here, 'one')
      await store.remove(here, 'one')
      expect((await nearest(store, here)).map(({ id }) => id)).toEqual(['two'])
    })

    it('never holds many more than its bound, and lets no owner push out another', async () => {
      const store = await world.make(4)
      await put(store, others, 'theirs', ahead)
      for (let n = 0; n < 40; n++) await put(store, here, `entry ${n}`, at(0.5 + n / 100))
      expect((await nearest(store, here, 0, 40)).length).toBeLessThanOrEqual(4)
      expect(await nearest(store, others)).toHaveLength(1)
    })
  })
}
