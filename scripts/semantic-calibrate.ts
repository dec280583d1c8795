// npm run semantic:calibrate [-- --model text-embedding-3-small --url https://api.openai.com/v1]: the labelled pairs with
// real vectors, what each threshold lets through with and without the guard, and, where UPSTASH_REDIS_REST_URL names a
// real database, whether its scores are what we take them for. Needs OPENAI_API_KEY, or a gateway's URL and key.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import OpenAI from 'openai'
import { refusal } from '../src/cache/guard/guard.ts'
import { upstashRedisVectors } from '../src/cache/semantic/upstash-redis.ts'
import { cosine } from '../src/vectors/cosine.ts'
import { type Pair, pairsOf } from './prove/guard-pairs.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'text-embedding-3-small' },
    url: { type: 'string', default: 'https://api.openai.com/v1' },
  },
})
const apiKey = process.env.OPENAI_API_KEY
if (!apiKey) {
  console.error('Set OPENAI_API_KEY: a vendor’s key, or the key of a gateway whose address you give with --url.')
  process.exit(2)
}

interface Scored extends Pair {
  readonly similarity: number
  readonly passes: boolean
}

const BATCH = 100
const THRESHOLDS = [0.98, 0.96, 0.94, 0.92, 0.9, 0.88, 0.86, 0.84, 0.82, 0.8, 0.75, 0.7]

const client = new OpenAI({ apiKey, baseURL: values.url })
const pairs = await labelled()
const vectors = await vectorsOf([...new Set(pairs.flatMap(({ asked, known }) => [asked, known]))])
const scored = pairs.map((pair): Scored => {
  const similarity = cosine(vectors.get(pair.asked) ?? [], vectors.get(pair.known) ?? [])
  return { ...pair, similarity, passes: refusal(pair.asked, pair.known) === undefined }
})
const rows = THRESHOLDS.map((threshold) => {
  const near = scored.filter(({ similarity }) => similarity >= threshold)
  const [alone, guarded] = [figures(near), figures(near.filter(({ passes }) => passes))]
  return {
    threshold,
    'precision alone': alone.precision,
    'recall alone': alone.recall,
    'precision guarded': guarded.precision,
    'recall guarded': guarded.recall,
  }
})
console.table(rows)
const scale = await upstashScale()
if (scale) console.table(scale)
console.log(JSON.stringify({ model: values.model, pairs: pairs.length, rows, scale: scale ?? null }))

async function labelled(): Promise<readonly Pair[]> {
  const folder = resolve(import.meta.dirname, '../test/fixtures/guard')
  const texts = await Promise.all(['tuning', 'unseen'].map((part) => readFile(resolve(folder, `${part}.txt`), 'utf8')))
  return texts.flatMap((text) => pairsOf(text))
}

async function vectorsOf(texts: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>()
  for (let at = 0; at < texts.length; at += BATCH) {
    const input = texts.slice(at, at + BATCH)
    const { data } = await client.embeddings.create({ model: values.model, input, encoding_format: 'float' })
    for (const { index, embedding } of data) found.set(input[index] ?? '', embedding)
  }
  return found
}

function figures(passed: readonly Scored[]) {
  const right = passed.filter(({ label }) => label === 'same').length
  const all = scored.filter(({ label }) => label === 'same').length
  return { precision: rounded(passed.length === 0 ? 1 : right / passed.length), recall: rounded(right / (all || 1)) }
}

/** Upstash says that scores lie between 0 and 1, not how: known cosines, and what comes back as them. */
async function upstashScale() {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = process.env
  if (!url || !token) return undefined
  const store = upstashRedisVectors({ url, token, fetch })
  const place = { owner: 'calibrate', index: `calibrate:${Date.now()}`, dimension: 2 }
  const cosines = [1, 0.98, 0.94, 0.92, 0.78, 0.5, 0]
  const nowMs = Date.now()
  for (const wanted of cosines) {
    const vector = [wanted, Math.sqrt(1 - wanted * wanted)]
    await store.put(place, { id: String(wanted), vector, note: 'calibrate', expiresAtMs: nowMs + 60_000 }, nowMs)
  }
  const signal = AbortSignal.timeout(5_000)
  const near = await store.nearest(place, [1, 0], { most: cosines.length, atLeast: 0, nowMs, signal })
  return near.map(({ id, similarity }) => ({ cosine: Number(id), told: rounded(similarity) }))
}

function rounded(share: number): number {
  return Number(share.toFixed(3))
}
