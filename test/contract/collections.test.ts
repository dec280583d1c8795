import { describe, expect, it } from 'vitest'
import { cosine } from '../../src/vectors/cosine.ts'
import type { Filter } from '../../src/vectors/filter.ts'
import { filter as filterShape, fits } from '../../src/vectors/filter.ts'
import { type Kept, memoryCollection } from '../../src/vectors/memory.ts'
import { pineconeCollection } from '../../src/vectors/pinecone.ts'
import type { Collection } from '../../src/vectors/port.ts'
import { qdrantCollection } from '../../src/vectors/qdrant.ts'
import { upstashCollection } from '../../src/vectors/upstash-vector.ts'
import { weaviateCollection } from '../../src/vectors/weaviate.ts'

const KEPT: readonly Kept[] = [
  { id: 'a', vector: [1, 0], fields: { text: 'first', year: 2020, genre: 'tale', done: true } },
  { id: 'b', vector: [0.8, 0.6], fields: { text: 'second', year: 2021, genre: "it's", done: false } },
  { id: 'c', vector: [0.6, 0.8], fields: { text: 'third', year: 2022, genre: 'tale', done: true } },
  { id: 'd', vector: [0, 1], fields: { text: 'fourth', year: 2023, genre: 'poem', done: false } },
]

interface Query {
  readonly vector: readonly number[]
  readonly most: number
  readonly fits: (fields: Fields) => boolean
}
type Fields = Readonly<Record<string, unknown>>
/** A product as its documentation has it: what it is asked and answers, with filters in its own words. */
type Speaks = (path: string, body: Fields) => { readonly status?: number; readonly json: unknown }

const nearest = ({ vector, most, fits: isWanted }: Query) =>
  KEPT.filter(({ fields }) => isWanted(fields))
    .map((one) => ({ ...one, score: cosine(one.vector, vector) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most)

const rest = (speaks: Speaks) => ({
  base: 'https://store.test',
  headers: { 'api-key': 'secret' },
  fetch: ((url: string, init: RequestInit) => {
    const { status = 200, json } = speaks(new URL(url).pathname, JSON.parse(String(init.body)) as Fields)
    return Promise.resolve(Response.json(json, { status }))
  }) as typeof fetch,
})

function compared(found: unknown, operator: string, value: unknown): boolean {
  const [a, b] = [found as number, value as number]
  const tests: Record<string, () => boolean> = {
    ...{ eq: () => found === value, ne: () => found !== value, gt: () => a > b, gte: () => a >= b },
    ...{ lt: () => a < b, lte: () => a <= b, in: () => (value as unknown[]).includes(found) },
    nin: () => !(value as unknown[]).includes(found),
  }
  const test = tests[operator]
  if (!test) throw new Error(`nobody knows ${operator}`)
  return test()
}

interface Condition {
  readonly key?: string
  readonly match?: { readonly value: unknown }
  readonly range?: Readonly<Record<string, number>>
  readonly must?: readonly Condition[]
  readonly should?: readonly Condition[]
  readonly must_not?: readonly Condition[]
}

function qdrantFits(one: Condition, fields: Fields): boolean {
  const { key = '', match, range, must = [], should = [], must_not = [] } = one
  if (match) return fields[key] === match.value
  if (range) return Object.entries(range).every(([operator, value]) => compared(fields[key], operator, value))
  return (
    must.every((each) => qdrantFits(each, fields)) &&
    (should.length === 0 || should.some((each) => qdrantFits(each, fields))) &&
    !must_not.some((each) => qdrantFits(each, fields))
  )
}

const qdrant: Speaks = (path, { query, limit, filter, score_threshold }) => {
  if (path !== '/collections/books/points/query') return { status: 404, json: {} }
  const wanted = (fields: Fields) => !filter || qdrantFits(filter as Condition, fields)
  const found = nearest({ vector: query as number[], most: limit as number, fits: wanted })
  const near = found.filter(({ score }) => score >= ((score_threshold as number | undefined) ?? 0))
  return { json: { result: { points: near.map(({ id, score, fields }) => ({ id, score, payload: fields })) } } }
}

function pineconeFits(wanted: Fields, fields: Fields): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    if (key === '$and') return (value as Fields[]).every((each) => pineconeFits(each, fields))
    if (key === '$or') return (value as Fields[]).some((each) => pineconeFits(each, fields))
    return Object.entries(value as Fields).every(([operator, one]) => compared(fields[key], operator.slice(1), one))
  })
}

const pinecone: Speaks = (_, { vector, topK, filter }) => {
  const wanted = (fields: Fields) => !filter || pineconeFits(filter as Fields, fields)
  const found = nearest({ vector: vector as number[], most: topK as number, fits: wanted })
  return { json: { matches: found.map(({ id, score, fields }) => ({ id, score, metadata: fields })) } }
}

/** `genre = 'tale' AND (year > 2020 OR genre IN ('a', "b"))`. */
function upstashFits(text: string, fields: Fields): boolean {
  const tokens = text.match(/'[^']*'|"[^"]*"|!=|>=|<=|[=><(),]|[^\s=><(),!]+/g) ?? []
  let at = 0
  const next = () => tokens[at++] ?? ''
  const literal = (token: string): unknown =>
    /^['"]/.test(token) ? token.slice(1, -1) : token === 'true' || token === 'false' ? token === 'true' : Number(token)
  const leaf = (): boolean => {
    if (tokens[at] === '(') {
      at++
      const inside = any()
      at++
      return inside
    }
    const key = next()
    let operator = next()
    if (operator === 'NOT') operator = `NOT ${next()}`
    if (!operator.endsWith('IN')) {
      const names: Record<string, string> = { '=': 'eq', '!=': 'ne', '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' }
      return compared(fields[key], names[operator] ?? operator, literal(next()))
    }
    const values: unknown[] = []
    for (let token = next(); token !== ')'; token = next())
      if (token !== '(' && token !== ',') values.push(literal(token))
    return compared(fields[key], operator === 'IN' ? 'in' : 'nin', values)
  }
  const all = (): boolean => {
    let holds = leaf()
    while (tokens[at] === 'AND') {
      at++
      holds = leaf() && holds
    }
    return holds
  }
  const any = (): boolean => {
    let holds = all()
    while (tokens[at] === 'OR') {
      at++
      holds = all() || holds
    }
    return holds
  }
  return any()
}

const upstash: Speaks = (path, { vector, topK, filter }) => {
  if (path !== '/query/books') return { status: 404, json: {} }
  const wanted = (fields: Fields) => filter === undefined || upstashFits(String(filter), fields)
  const found = nearest({ vector: vector as number[], most: topK as number, fits: wanted })
  return { json: { result: found.map(({ id, score, fields }) => ({ id, score: (1 + score) / 2, metadata: fields })) } }
}

interface Operand {
  readonly operator: string
  readonly operands?: readonly Operand[]
  readonly path?: readonly [string]
  readonly valueText?: string
  readonly valueNumber?: number
  readonly valueBoolean?: boolean
}

function weaviateFits({ operator, operands = [], path, ...value }: Operand, fields: Fields): boolean {
  if (operator === 'And') return operands.every((each) => weaviateFits(each, fields))
  if (operator === 'Or') return operands.some((each) => weaviateFits(each, fields))
  const names: Record<string, string> = {
    ...{
      Equal: 'eq',
      NotEqual: 'ne',
      GreaterThan: 'gt',
      GreaterThanEqual: 'gte',
      LessThan: 'lt',
      LessThanEqual: 'lte',
    },
  }
  return compared(fields[path?.[0] ?? ''], names[operator] ?? operator, Object.values(value)[0])
}

const weaviate: Speaks = (_, { query }) => {
  const text = String(query)
  if (!text.startsWith('{Get{Books(')) {
    const [, name] = /^\{Get\{(\w+)/.exec(text) ?? []
    return { json: { data: null, errors: [{ message: `Cannot query field "${name}" on type "GetObjectsObj".` }] } }
  }
  const [, limit, vector, where] = /limit:(\d+),nearVector:\{vector:(\[[^\]]*\])\}(?:,where:(.*))?\)\{/.exec(text) ?? []
  const json = where?.replace(/([{,])(\w+):/g, '$1"$2":').replace(/"operator":(\w+)/g, '"operator":"$1"')
  const wanted = json === undefined ? undefined : (JSON.parse(json) as Operand)
  const found = nearest({
    ...{ vector: JSON.parse(vector ?? '[]') as number[], most: Number(limit) },
    fits: (fields) => !wanted || weaviateFits(wanted, fields),
  })
  const rows = found.map(({ id, score, fields }) => ({ ...fields, _additional: { id, distance: 1 - score } }))
  return { json: { data: { Get: { Books: rows } } } }
}

const FILTERS: readonly (readonly [string, Filter, readonly string[]])[] = [
  ['a text', { type: 'eq', key: 'genre', value: 'tale' }, ['a', 'c']],
  ['a text with a quote', { type: 'eq', key: 'genre', value: "it's" }, ['b']],
  ['another text', { type: 'ne', key: 'genre', value: 'tale' }, ['b', 'd']],
  ['a number', { type: 'eq', key: 'year', value: 2022 }, ['c']],
  ['a larger number', { type: 'gt', key: 'year', value: 2021 }, ['c', 'd']],
  [
    'a number within bounds',
    {
      type: 'and',
      filters: [
        { type: 'gte', key: 'year', value: 2021 },
        { type: 'lte', key: 'year', value: 2022 },
      ],
    },
    ['b', 'c'],
  ],
  ['yes or no', { type: 'eq', key: 'done', value: true }, ['a', 'c']],
  ['one of several', { type: 'in', key: 'genre', value: ['poem', "it's"] }, ['b', 'd']],
  ['none of several', { type: 'nin', key: 'year', value: [2020, 2021] }, ['c', 'd']],
  [
    'any of two, of which one is both of two',
    {
      type: 'or',
      filters: [
        { type: 'eq', key: 'genre', value: 'poem' },
        {
          type: 'and',
          filters: [
            { type: 'lt', key: 'year', value: 2021 },
            { type: 'eq', key: 'done', value: true },
          ],
        },
      ],
    },
    ['a', 'd'],
  ],
]

interface Tried {
  readonly name: string
  readonly collection: Collection
  /** Another, of what is not there. */
  readonly missing?: Collection
}

const stores: readonly Tried[] = [
  { name: 'in memory', collection: memoryCollection(KEPT) },
  {
    name: 'Qdrant',
    collection: qdrantCollection(rest(qdrant), 'books'),
    missing: qdrantCollection(rest(qdrant), 'gone'),
  },
  { name: 'Pinecone', collection: pineconeCollection(rest(pinecone), 'books') },
  { name: 'Upstash Vector', collection: upstashCollection(rest(upstash), 'books') },
  {
    name: 'Weaviate',
    collection: weaviateCollection(rest(weaviate), 'Books', ['text', 'year']),
    missing: weaviateCollection(rest(weaviate), 'Gone', ['text']),
  },
]

describe.each(stores)('a collection: $name', ({ collection, missing }) => {
  const search = (more: object = {}) =>
    collection.nearest({ vector: [1, 0], most: 10, signal: new AbortController().signal, ...more })
  const ids = async (more: object = {}) => (await search(more)).map(({ id }) => id)

  it('answers what is like a vector, the best first, with what lies beside it', async () => {
    const found = await search({ most: 2 })
    expect(found.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(found[0]?.fields).toMatchObject({ text: 'first', year: 2020 })
    expect(found.map(({ similarity }) => similarity)).toEqual([expect.closeTo(1), expect.closeTo(0.8)])
  })

  it('leaves out what is too far away', async () => {
    expect(await ids({ atLeast: 0.7 })).toEqual(['a', 'b'])
  })

  it.each(FILTERS)('answers only what fits a filter: %s', async (_name, filter, wanted) => {
    expect((await ids({ filter })).sort()).toEqual([...wanted])
    expect(filterShape.safeParse(filter).success).toBe(true)
  })

  if (!missing) return
  it('says so where it is not there', async () => {
    const signal = new AbortController().signal
    await expect(missing.nearest({ vector: [1, 0], most: 1, signal })).rejects.toThrow('no c')
  })
})

describe('a filter', () => {
  it('has names that mean nothing to any product, and two levels', () => {
    const odd = { type: 'eq', key: 'a = 1 OR b', value: 'x' }
    const deep = { type: 'or', filters: [{ type: 'and', filters: [{ type: 'or', filters: [] }] }] }
    for (const one of [odd, deep, { type: 'in', key: 'a', value: 'x' }, { type: 'eq', key: 'a', value: ['x'] }])
      expect(filterShape.safeParse(one).success).toBe(false)
  })

  it('cannot be left by a text', async () => {
    const value = `"}]} ' OR 1 = 1`
    const filter = { type: 'eq', key: 'genre', value } as const
    const search = { vector: [1, 0], most: 1, signal: new AbortController().signal, filter }
    await expect(upstashCollection(rest(upstash), 'books').nearest(search)).rejects.toThrow(RangeError)
    expect(await weaviateCollection(rest(weaviate), 'Books', ['text']).nearest(search)).toEqual([])
    expect(fits({ genre: value }, filter)).toBe(true)
  })
})
