import * as z from 'zod'
import { ofDistance } from './cosine.ts'
import { neighboursOf } from './noted.ts'
import type { VectorStore } from './port.ts'
import { ask, once, type Rest, StoreFault } from './rest.ts'
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

const found = z.object({ index: z.string() }).loose()
const answer = z.object({
  data: z
    .object({
      Get: z.record(z.string(), z.array(found.extend({ _additional: z.object({ distance: z.number() }) })).nullable()),
    })
    .nullish(),
  errors: z.array(z.object({ message: z.string() })).nullish(),
})
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
      const name = classOf(place.dimension)
      const is = `{path:["index"],operator:Equal,valueText:${JSON.stringify(place.index)}}`
      const lives = `{path:["expiresAtMs"],operator:GreaterThan,valueNumber:${Math.floor(options.nowMs)}}`
      const near = `nearVector:{vector:${JSON.stringify(vector)}}`
      const query = `{Get{${name}(limit:${options.most},${near},where:{operator:And,operands:[${is},${lives}]}){index entry note expiresAtMs _additional{distance}}}}`
      const { json } = await ask(rest, { path: '/v1/graphql', body: { query }, signal: options.signal })
      const { data, errors } = answer.parse(json)
      // Before anything was put the class is not there.
      if (errors?.some(({ message }) => message.includes(`Cannot query field "${name}"`))) return []
      if (!data || (errors && errors.length > 0)) throw new StoreFault('weaviate refused a query')
      return neighboursOf(
        (data.Get[name] ?? []).map(({ _additional, ...fields }) => ({
          similarity: ofDistance(_additional.distance),
          fields,
        })),
        options,
      )
    },
    async remove(place, id) {
      const uuid = slotUuid(place.owner, slotOf(place.index, id, most))
      await ask(rest, { method: 'DELETE', path: `/v1/objects/${classOf(place.dimension)}/${uuid}`, also: [404] })
    },
  }
}
