import * as z from 'zod'
import { base64OfVector } from '../../dialects/embeddings.ts'
import { ofUpstashScore } from '../../vectors/cosine.ts'
import { ask, type Rest, StoreFault } from '../../vectors/rest.ts'
import type { Neighbour, Place, VectorStore } from './port.ts'

export interface UpstashRedisOptions {
  readonly url: string
  readonly token: string
  readonly fetch: typeof fetch
  /** An index that grows beyond this starts over. */
  readonly most?: number
}

type Word = string | number

const replies = z.array(z.union([z.object({ result: z.unknown() }), z.object({ error: z.string() })]))
const scored = z.array(z.tuple([z.string(), z.coerce.number()]))

/**
 * Upstash Redis with its own vector indexes (`VECTOR.*`). An index knows neither expiry of one vector nor notes: the note
 * lies beside it as a key that expires, and a vector whose note is gone is removed by whoever finds it. The index
 * itself expires with the last of its entries.
 */
export function upstashRedisVectors({ url, token, fetch, most = 2_000 }: UpstashRedisOptions): VectorStore {
  const rest: Rest = { fetch, base: url, headers: { authorization: `Bearer ${token}` } }
  const indexKey = ({ index, dimension }: Place) => `tollgate:vectors:1:${index}:${dimension}`
  const noteKey = (place: Place, id: string) => `tollgate:vector-note:1:${place.index}:${id}`

  async function pipeline(commands: readonly (readonly Word[])[], signal?: AbortSignal) {
    const { json } = await ask(rest, { path: '/pipeline', body: commands, ...(signal && { signal }) })
    const answers = replies.safeParse(json)
    if (!answers.success) throw new StoreFault('a pipeline was answered with something else')
    return answers.data
  }

  function resultOf(reply: z.infer<typeof replies>[number] | undefined): unknown {
    if (reply === undefined) throw new StoreFault('a pipeline was answered in part')
    // Redis's messages name keys; the first word is the kind of error.
    if ('error' in reply) throw new StoreFault(`redis refused: ${reply.error.split(' ')[0]}`)
    return reply.result
  }

  return {
    async put(place, { id, vector, note, expiresAtMs }, nowMs) {
      const [key, lifeMs] = [indexKey(place), Math.max(1, Math.ceil(expiresAtMs - nowMs))]
      const answers = await pipeline([
        ['VECTOR.CREATE', key, 'DIM', place.dimension, 'METRIC', 'COSINE', 'EXISTSOK'],
        // The note first: a vector without one counts as expired.
        ['SET', noteKey(place, id), note, 'PX', lifeMs],
        ['VECTOR.ADD', key, id, 'BASE64-FP32', base64OfVector(vector)],
        ['PEXPIRE', key, lifeMs, 'NX'],
        ['PEXPIRE', key, lifeMs, 'GT'],
        ['VECTOR.COUNT', key],
      ])
      const results = answers.map(resultOf)
      if (Number(results.at(-1)) > most) await pipeline([['DEL', key]])
    },

    async nearest(place, vector, { most: wanted, atLeast, signal }) {
      const query = ['VECTOR.QUERY', indexKey(place), 'TOPK', wanted, 'BASE64-FP32', base64OfVector(vector)]
      const [reply] = await pipeline([query], signal)
      if (reply && 'error' in reply && /not found/i.test(reply.error)) return []
      const near = scored
        .parse(resultOf(reply))
        .map(([id, score]) => ({ id, similarity: ofUpstashScore(score) }))
        .filter(({ similarity }) => similarity >= atLeast)
      if (near.length === 0) return []
      const [noted] = await pipeline([['MGET', ...near.map(({ id }) => noteKey(place, id))]], signal)
      const notes = z.array(z.string().nullable()).parse(resultOf(noted))
      const gone = near.filter((_, at) => notes[at] == null)
      // Not awaited by the caller's answer for long: it is one more command on a look-up that found something stale.
      if (gone.length > 0)
        await pipeline(
          gone.map(({ id }) => ['VECTOR.DEL', indexKey(place), id]),
          signal,
        )
      return near.flatMap((one, at): Neighbour[] => {
        const note = notes[at]
        return note == null ? [] : [{ ...one, note }]
      })
    },

    async remove(place, id) {
      await pipeline([
        ['VECTOR.DEL', indexKey(place), id],
        ['DEL', noteKey(place, id)],
      ])
    },
  }
}
