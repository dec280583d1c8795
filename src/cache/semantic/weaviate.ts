import * as z from 'zod'
import { ask, once, type Rest, StoreFault } from '../../vectors/rest.ts'
import { queryWeaviate } from '../../vectors/weaviate.ts'
import { neighboursOf } from './noted.ts'
import type { VectorStore } from './port.ts'
import { slotOf, slotUuid } from './slot.ts'

export interface WeaviateOptions {
  readonly url: string
  readonly apiKey?: string
  /** Begins with a capital. One length of vectors each, so the length is part of the class's name. */
  readonly className: string
  readonly fetch: typeof fetch
  /** Entries per owner. */
  readonly most?: number
}

const batched = z.array(z.object({ result: z.object({ errors: z.unknown().optional() }).nullish() }))

const whole = (name: string) => ({ name, dataType: ['text'], tokenization: 'field' })

/** Weaviate's REST and GraphQL: vectors are ours (`vectorizer: none`), the distance is 1 − cos. */
export function weaviateVectors({ url, apiKey, className, fetch, most = 10_000 }: WeaviateOptions): VectorStore {
  const rest: Rest = { fetch, base: url, headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` } }
  const ready = new Map<number, () => Promise<void>>()
  const classOf = (dimension: number) => `${className}${dimension}`

  function classFor(dimension: number): () => Promise<void> {
    const known = ready.get(dimension)
    if (known) return known
    const made = once(() => create(classOf(dimension)))
    ready.set(dimension, made)
    return made
  }

  async function create(name: string): Promise<void> {
    const body = {
      class: name,
      vectorizer: 'none',
      vectorIndexConfig: { distance: 'cosine' },
      properties: [
        whole('index'),
        whole('entry'),
        { ...whole('note'), indexFilterable: false, indexSearchable: false },
        { name: 'expiresAtMs', dataType: ['number'] },
      ],
    }
    // Another isolate may have been first.
    await ask(rest, { path: '/v1/schema', body, also: [422] })
  }

  return {
    async put(place, { id, vector, note, expiresAtMs }) {
      await classFor(place.dimension)()
      const properties = { index: place.index, entry: id, note, expiresAtMs }
      const uuid = slotUuid(place.owner, slotOf(place.index, id, most))
      const objects = [{ class: classOf(place.dimension), id: uuid, properties, vector }]
      const { json } = await ask(rest, { path: '/v1/batch/objects', body: { objects } })
      const results = batched.safeParse(json)
      if (!results.success || results.data.some(({ result }) => result?.errors != null))
        throw new StoreFault('weaviate did not take an object')
    },
    async nearest(place, vector, options) {
      const is = `{path:["index"],operator:Equal,valueText:${JSON.stringify(place.index)}}`
      const lives = `{path:["expiresAtMs"],operator:GreaterThan,valueNumber:${Math.floor(options.nowMs)}}`
      const found = await queryWeaviate(rest, {
        ...{ className: classOf(place.dimension), properties: ['index', 'entry', 'note', 'expiresAtMs'] },
        ...{ vector, most: options.most, where: `{operator:And,operands:[${is},${lives}]}`, signal: options.signal },
      })
      return neighboursOf(found ?? [], options)
    },
    async remove(place, id) {
      const uuid = slotUuid(place.owner, slotOf(place.index, id, most))
      await ask(rest, { method: 'DELETE', path: `/v1/objects/${classOf(place.dimension)}/${uuid}`, also: [404] })
    },
  }
}
