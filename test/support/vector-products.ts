/** What a stand-in got asked, and how it answers: the parts of each product's REST API that the gateway uses. */
type Answer<B> = (path: string, method: string, body: B) => { status?: number; json?: unknown }

export interface Product {
  readonly fetch: typeof fetch
  readonly calls: { readonly path: string; readonly headers: Readonly<Record<string, string>> }[]
}

function product<B>(answer: Answer<B>): Product {
  const calls: Product['calls'] = []
  const asked = (input: string | URL | Request, init?: RequestInit) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    calls.push({ path: pathname, headers: { ...(init?.headers as Record<string, string>) } })
    const body = JSON.parse(init?.body == null ? 'null' : String(init.body)) as B
    const { status = 200, json } = answer(pathname + search, init?.method ?? 'GET', body)
    return Promise.resolve(new Response(json === undefined ? null : JSON.stringify(json), { status }))
  }
  return { fetch: asked as typeof fetch, calls }
}

function cos(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, one, n) => sum + one * (y[n] ?? 0), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

type Fields = { readonly index: string; readonly expiresAtMs: number }

interface Point {
  readonly id: string
  readonly vector: readonly number[]
  readonly fields: Fields
}

const best = (points: Iterable<Point>, vector: readonly number[], most: number, fits: (point: Point) => boolean) =>
  [...points]
    .filter(fits)
    .map((point) => ({ ...point, cosine: cos(point.vector, vector) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, most)

interface QdrantBody {
  readonly vectors: { readonly size: number }
  readonly query: readonly number[]
  readonly limit: number
  readonly score_threshold: number
  readonly filter: {
    readonly must: readonly { key: string; match?: { value: string }; range?: { gt: number } }[]
  }
  readonly points: readonly { id: string; vector: readonly number[]; payload: Fields }[]
}

export function fakeQdrant(): Product {
  const collections = new Map<string, { size: number; points: Map<string, Point> }>()
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
  const fits = (filter: QdrantBody['filter']) => (point: Point) =>
    filter.must.every(({ key, match, range }) => {
      const value = (point.fields as Readonly<Record<string, unknown>>)[key]
      return match ? value === match.value : Number(value) > range!.gt
    })
  return product<QdrantBody>((path, method, body) => {
    const [, name = '', rest = ''] = /^\/collections\/([^/?]+)(.*)$/.exec(path) ?? []
    const known = collections.get(name)
    if (rest === '' && method === 'PUT') {
      if (known) return { status: 409, json: { status: { error: 'already exists' } } }
      collections.set(name, { size: body.vectors.size, points: new Map() })
      return { json: { result: true } }
    }
    if (!known) return { status: 404, json: { status: { error: `Not found: Collection ${name}` } } }
    if (rest === '/index') return { json: { result: { status: 'completed' } } }
    if (rest.startsWith('/points/query')) {
      const found = best(known.points.values(), body.query, body.limit, fits(body.filter))
      const near = found.filter(({ cosine }) => cosine >= body.score_threshold)
      return { json: { result: { points: near.map((p) => ({ id: p.id, score: p.cosine, payload: p.fields })) } } }
    }
    if (rest.startsWith('/points/delete')) {
      for (const point of [...known.points.values()].filter(fits(body.filter))) known.points.delete(point.id)
      return { json: { result: { status: 'acknowledged' } } }
    }
    for (const { id, vector, payload } of body.points) {
      if (!uuid.test(id) || vector.length !== known.size) return { status: 400, json: { status: { error: 'bad' } } }
      known.points.set(id, { id, vector, fields: payload })
    }
    return { json: { result: { status: 'acknowledged' } } }
  })
}

interface PineconeBody {
  readonly namespace: string
  readonly vectors: readonly { id: string; values: readonly number[]; metadata: Fields }[]
  readonly ids: readonly string[]
  readonly vector: readonly number[]
  readonly topK: number
  readonly filter: { readonly index: { $eq: string }; readonly expiresAtMs: { $gt: number } }
}

export function fakePinecone(): Product {
  const namespaces = new Map<string, Map<string, Point>>()
  return product<PineconeBody>((path, _, body) => {
    const points = namespaces.get(body.namespace)
    if (path === '/vectors/upsert') {
      const made = points ?? new Map<string, Point>()
      namespaces.set(body.namespace, made)
      for (const { id, values, metadata } of body.vectors) made.set(id, { id, vector: values, fields: metadata })
      return { json: { upsertedCount: body.vectors.length } }
    }
    if (path === '/vectors/delete') {
      if (!points) return { status: 404, json: { code: 5, message: 'Namespace not found' } }
      for (const id of body.ids) points.delete(id)
      return { json: {} }
    }
    const { index, expiresAtMs } = body.filter
    const found = best(points?.values() ?? [], body.vector, body.topK, ({ fields }) => {
      return fields.index === index.$eq && fields.expiresAtMs > expiresAtMs.$gt
    })
    return { json: { matches: found.map((p) => ({ id: p.id, score: p.cosine, metadata: p.fields })) } }
  })
}

type Upserted = readonly { id: string; vector: readonly number[]; metadata: Fields }[]
interface UpstashQuery {
  readonly vector: readonly number[]
  readonly topK: number
  readonly filter: string
}

export function fakeUpstashVector(): Product {
  const namespaces = new Map<string, Map<string, Point>>()
  return product<unknown>((path, _, body) => {
    const [, verb, namespace = ''] = path.split('/')
    const points = namespaces.get(namespace) ?? new Map<string, Point>()
    namespaces.set(namespace, points)
    if (verb === 'upsert') {
      for (const { id, vector, metadata } of body as Upserted) points.set(id, { id, vector, fields: metadata })
      return { json: { result: 'Success' } }
    }
    if (verb === 'delete')
      return { json: { result: { deleted: (body as readonly string[]).filter((id) => points.delete(id)).length } } }
    const { filter, vector, topK } = body as UpstashQuery
    const [, index, after] = /^index = '([^']+)' AND expiresAtMs > (\d+)$/.exec(filter) ?? []
    if (index === undefined) return { status: 400, json: { error: 'filter' } }
    const fits = ({ fields }: Point) => fields.index === index && fields.expiresAtMs > Number(after)
    const found = best(points.values(), vector, topK, fits)
    return { json: { result: found.map((p) => ({ id: p.id, score: (1 + p.cosine) / 2, metadata: p.fields })) } }
  })
}

interface WeaviateBody {
  readonly class: string
  readonly objects: readonly { class: string; id: string; properties: Fields; vector: readonly number[] }[]
  readonly query: string
}

export function fakeWeaviate(): Product {
  const classes = new Map<string, Map<string, Point>>()
  return product<WeaviateBody>((path, method, body) => {
    if (path === '/v1/schema') {
      if (classes.has(body.class)) return { status: 422, json: { error: [{ message: 'class already exists' }] } }
      classes.set(body.class, new Map())
      return { json: body }
    }
    if (path === '/v1/batch/objects') {
      return {
        json: body.objects.map(({ class: name, id, properties, vector }) => {
          const points = classes.get(name)
          points?.set(id, { id, vector, fields: properties })
          return { id, result: points ? { status: 'SUCCESS' } : { errors: { error: [{ message: 'no class' }] } } }
        }),
      }
    }
    if (method === 'DELETE') {
      const [name = '', id = ''] = path.split('/').slice(-2)
      return { status: classes.get(name)?.delete(id) ? 204 : 404 }
    }
    const { query } = body
    const [, name = ''] = /^\{Get\{(\w+)\(/.exec(query) ?? []
    const points = classes.get(name)
    if (!points)
      return { json: { data: null, errors: [{ message: `Cannot query field "${name}" on type "GetObjectsObj".` }] } }
    const read = (pattern: RegExp) => JSON.parse(pattern.exec(query)?.[1] ?? 'null')
    const [index, after] = [read(/valueText:("[^"]+")/), read(/valueNumber:(\d+)/)]
    const fits = ({ fields }: Point) => fields.index === index && fields.expiresAtMs > after
    const found = best(points.values(), read(/vector:(\[[^\]]+\])/), read(/limit:(\d+)/), fits)
    const rows = found.map((p) => ({ ...p.fields, _additional: { distance: 1 - p.cosine } }))
    return { json: { data: { Get: { [name]: rows } } } }
  })
}
