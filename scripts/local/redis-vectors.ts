import { randomUUID } from 'node:crypto'
import { type Redis, RedisError, type Reply } from './redis.ts'

type Metric = 'COSINE' | 'EUCLIDEAN' | 'DOT'

interface Index {
  readonly dimension: number
  readonly metric: Metric
  readonly vectors: Map<string, readonly number[]>
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, at) => sum + x * (b[at] ?? 0), 0)

/** Upstash's scores run from 0 to 1, the best first. */
const score: Readonly<Record<Metric, (a: readonly number[], b: readonly number[]) => number>> = {
  COSINE: (a, b) => (1 + dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1)) / 2,
  EUCLIDEAN: (a, b) => 1 / (1 + a.reduce((sum, x, at) => sum + (x - (b[at] ?? 0)) ** 2, 0)),
  DOT: (a, b) => (1 + dot(a, b)) / 2,
}

/**
 * Upstash's `VECTOR.*` over any Redis, searched exactly. An index is an ordinary key there, so `DEL`, `EXPIRE` and
 * `FLUSHDB` end it: its marker lives in Redis, its vectors here.
 */
export function withVectors(redis: Redis): Redis {
  const indexes = new Map<string, Index>()

  async function find(name: string): Promise<Index | undefined> {
    const marker = await redis.run(['GET', name])
    return typeof marker === 'string' ? indexes.get(marker) : undefined
  }

  async function need(name: string): Promise<Index> {
    const index = await find(name)
    if (!index) throw new RedisError(`ERR Index ${name} is not found`)
    return index
  }

  async function create(name: string, options: readonly string[]): Promise<Reply> {
    const [dim, size, metricWord, metricName = '', existsOk] = options.map((word) => word.toUpperCase())
    const dimension = Number(size)
    if (dim !== 'DIM' || metricWord !== 'METRIC' || !(metricName in score)) throw new RedisError('ERR syntax error')
    if (!Number.isInteger(dimension) || dimension < 1 || dimension > 32_768)
      throw new RedisError('ERR dimension must be between 1 and 32768')
    const metric = metricName as Metric
    const known = await find(name)
    if (known) {
      if (existsOk !== 'EXISTSOK') throw new RedisError(`ERR Index ${name} already exists`)
      if (known.dimension !== dimension || known.metric !== metric)
        throw new RedisError(`ERR Index ${name} already exists with a different configuration`)
      return 0
    }
    const marker = `vector-index:${randomUUID()}`
    await redis.run(['SET', name, marker])
    indexes.set(marker, { dimension, metric, vectors: new Map() })
    return 1
  }

  async function run(command: readonly string[]): Promise<Reply> {
    const [verb = '', name = '', id = '', ...rest] = command
    switch (verb.toUpperCase()) {
      case 'VECTOR.CREATE':
        return await create(name, command.slice(2))
      case 'VECTOR.ADD': {
        const index = await need(name)
        const vector = checked(index, readVector(rest).vector)
        const added = index.vectors.has(id) ? 0 : 1
        index.vectors.set(id, vector)
        return added
      }
      case 'VECTOR.QUERY': {
        const index = await need(name)
        const query = readVector(command.slice(2))
        const vector = checked(index, query.vector)
        return [...index.vectors]
          .map(([key, other]): [string, number] => [key, score[index.metric](vector, other)])
          .sort((a, b) => b[1] - a[1])
          .slice(0, query.topK)
          .map(([key, value]) => [key, String(value)])
      }
      case 'VECTOR.GET':
        return (await need(name)).vectors.get(id)?.map(String) ?? null
      case 'VECTOR.DEL':
        return (await need(name)).vectors.delete(id) ? 1 : 0
      case 'VECTOR.COUNT':
        return (await find(name))?.vectors.size ?? 0
      case 'VECTOR.DROP':
        return (await find(name)) ? await redis.run(['DEL', name]) : 0
      case 'VECTOR.INFO': {
        const index = await find(name)
        return index ? ['dimension', index.dimension, 'metric', index.metric, 'count', index.vectors.size] : null
      }
      default:
        return await redis.run(command)
    }
  }

  return { name: redis.name, run, transaction: (batch) => redis.transaction(batch), close: () => redis.close() }
}

function readVector(words: readonly string[]): { vector: number[]; topK: number } {
  let topK = 10
  for (let at = 0; at < words.length; ) {
    const word = words[at]?.toUpperCase()
    const value = words[at + 1] ?? ''
    if (word === 'TOPK') {
      topK = Number(value)
      if (!Number.isInteger(topK) || topK < 1 || topK > 1000)
        throw new RedisError('ERR TOPK must be between 1 and 1000')
      at += 2
    } else if (word === 'PROFILE') at += 2
    else if (word === 'VALUES') return { vector: words.slice(at + 2, at + 2 + Number(value)).map(Number), topK }
    else if (word === 'BASE64-FP32') {
      const bytes = Uint8Array.from(Buffer.from(value, 'base64'))
      return { vector: [...new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))], topK }
    } else break
  }
  throw new RedisError('ERR syntax error')
}

function checked(index: Index, vector: readonly number[]): readonly number[] {
  if (vector.some((value) => !Number.isFinite(value))) throw new RedisError('ERR value is not a valid float')
  if (vector.length !== index.dimension)
    throw new RedisError(`ERR vector dimension mismatch: expected ${index.dimension}, got ${vector.length}`)
  return vector
}
