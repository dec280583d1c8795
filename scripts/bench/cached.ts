import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startStack } from '../local/stack.ts'
import { startGateway } from '../workerd/runner.ts'
import { median, percentile, seeded } from './figures.ts'
import type { Load, LoadResult } from './load.ts'
import { forked, type Started } from './manners.ts'

/** What the cache saves of a slow provider's time, and what it costs when its Redis dies under load. */
export interface CachedFigures {
  readonly miss_ms: number
  readonly l2_hit_ms: number
  readonly l1_hit_ms: number
  readonly miss_vs_l2: number
  readonly miss_vs_l1: number
  readonly hits_per_s: number
  readonly hit_p99_ms: number
  readonly outage: OutageFigures
}

interface OutageFigures {
  /** The same load without the cache. */
  readonly uncached_p99_ms: number
  readonly dead_p99_ms: number
  /** The first second without Redis, before the breaker has opened everywhere, and what came after it. */
  readonly first_second_p99_ms: number
  readonly later_p99_ms: number
  readonly failures: number
  readonly requests: number
  readonly breaker_opened: number
  /** From Redis being there again until an isolate answers out of it. */
  readonly back_after_ms: number
  /** No request failed, and none but the slowest hundredth took longer than uncached ones and one deadline. */
  readonly holds: boolean
}

const TAKES_MS = 600
const DEADLINE_MS = 150
/** Differences below it are the machine's. */
const NOISE_MS = 100
const MASTER_KEY = 'sk-bench-master'
const L2_QUESTIONS = 40
const L1_ASKED = 300
const CONCURRENCY = 32
const DEAD_MS = 4_000

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

interface Asked {
  readonly tookMs: number
  readonly atMs: number
  readonly hit: string | null
  readonly ok: boolean
}

interface World {
  readonly urls: readonly string[]
  readonly redis: Awaited<ReturnType<typeof startStack>>['faults']['redis']
  ask(question: string, isolate: number, fields?: object): Promise<Asked>
}

export async function cachedFigures(
  stateDir: string,
  options: { seconds: number; seed: number },
): Promise<CachedFigures> {
  const { value: world, stop } = await started(stateDir)
  try {
    return await measured(world, options)
  } finally {
    await stop()
  }
}

async function started(stateDir: string): Promise<Started<World>> {
  const stops: (() => unknown)[] = []
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    const vendor = fork(here('slow-vendor.ts'), [String(TAKES_MS)], { execArgv: [] })
    stops.push(() => vendor.kill())
    const [{ port }] = (await once(vendor, 'message')) as [{ port: number }]
    const stack = await startStack({ stateDir: join(stateDir, 'cached-stack'), fresh: true, providers: false })
    stops.push(() => stack.stop())
    const gateway = await startGateway({
      isolates: 2,
      stateDir: join(stateDir, 'cached'),
      configFile: here('cached.yaml'),
      vars: {
        DATABASE_URL: stack.databaseUrl,
        UPSTASH_REDIS_REST_URL: stack.redisUrl,
        UPSTASH_REDIS_REST_TOKEN: stack.redisToken,
        LITELLM_MASTER_KEY: MASTER_KEY,
        LITELLM_SALT_KEY: 'sk-bench-salt',
        BENCH_API_BASE: `http://127.0.0.1:${port}/v1`,
        BENCH_API_KEY: 'sk-bench',
      },
    })
    stops.push(() => gateway.stop())
    const { urls } = gateway
    return { value: { urls, redis: stack.faults.redis, ask: asking(urls) }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' }
const bodyOf = (question: string, fields: object = {}) =>
  JSON.stringify({ model: 'bench', messages: [{ role: 'user', content: question }], ...fields })

function asking(urls: readonly string[]): World['ask'] {
  return async (question, isolate, fields) => {
    const atMs = performance.now()
    const sent = { method: 'POST', headers, body: bodyOf(question, fields) }
    const response = await fetch(`${urls[isolate]}/v1/chat/completions`, sent)
    const text = await response.text()
    const ok = response.ok && text.includes(question)
    return { tookMs: performance.now() - atMs, atMs, hit: response.headers.get('x-litellm-cache-hit'), ok }
  }
}

async function measured(world: World, { seconds, seed }: { seconds: number; seed: number }): Promise<CachedFigures> {
  const { ask, urls } = world
  for (const isolate of [0, 1]) await ask('warm', isolate)
  const questions = Array.from({ length: L2_QUESTIONS }, (_, n) => `Question ${seed}-${n}?`)
  const misses = only('miss', await Promise.all(questions.map((question) => ask(question, 0))))
  await pause(500) // answers are written after they were given
  const l2 = only('exact', await oneByOne(questions, (question) => ask(question, 1)))
  const again = Array.from({ length: L1_ASKED }, (_, n) => questions[n % questions.length] ?? '')
  const l1 = only('exact', await oneByOne(again, (question) => ask(question, 1)))
  const { perSecond, latencyMs } = await underLoad({
    url: `${urls[1]}/v1/chat/completions`,
    headers,
    body: bodyOf(questions[0] ?? ''),
    concurrency: CONCURRENCY,
    stream: false,
    seconds,
  })
  const [miss, ofL2, ofL1] = [misses, l2, l1].map((asked) => median(asked.map(({ tookMs }) => tookMs))) as [
    number,
    number,
    number,
  ]
  return {
    miss_ms: rounded(miss),
    l2_hit_ms: rounded(ofL2),
    l1_hit_ms: rounded(ofL1),
    miss_vs_l2: rounded(miss / ofL2),
    miss_vs_l1: rounded(miss / ofL1),
    hits_per_s: Math.round(perSecond),
    hit_p99_ms: rounded(latencyMs.p99),
    outage: await outage(world, seed),
  }
}

/** The same steady load of questions, new and known, while Redis takes connections and says nothing. */
async function outage({ ask, redis, urls }: World, seed: number): Promise<OutageFigures> {
  const random = seeded(seed)
  const load = async (forMs: number, name: string, fields = {}) => {
    const endsAt = performance.now() + forMs
    const lanes = Array.from({ length: 16 }, async (_, lane) => {
      const all: Asked[] = []
      while (performance.now() < endsAt)
        all.push(await ask(`${name} ${Math.floor(random() * 60)}?`, lane % 2, fields).catch(() => lost))
      return all
    })
    return (await Promise.all(lanes)).flat()
  }
  const uncached = await load(2_000, 'Bare', { caching: false })
  const before = await load(1_500, 'Load')
  const diesAt = performance.now()
  redis.add({ kind: 'half-open' })
  const dead = await load(DEAD_MS, 'Load')
  redis.clear()
  const clearedAt = performance.now()
  const back = await comesBack(ask, clearedAt)
  const first = dead.filter(({ atMs }) => atMs - diesAt < 1_000)
  const later = dead.filter(({ atMs }) => atMs - diesAt >= 1_000)
  const failures = [...before, ...dead].filter(({ ok }) => !ok).length
  const [bare, whole] = [p99(uncached), p99(dead)]
  return {
    uncached_p99_ms: rounded(bare),
    dead_p99_ms: rounded(whole),
    first_second_p99_ms: rounded(p99(first)),
    later_p99_ms: rounded(p99(later)),
    failures,
    requests: before.length + dead.length,
    breaker_opened: await opened(urls),
    back_after_ms: Math.round(back),
    holds: failures === 0 && whole <= bare + DEADLINE_MS + NOISE_MS,
  }
}

const lost: Asked = { tookMs: 0, atMs: 0, hit: null, ok: false }

/** Asked of one isolate, then found by the other. */
async function comesBack(ask: World['ask'], sinceMs: number): Promise<number> {
  for (let n = 0; performance.now() - sinceMs < 20_000; n++) {
    await ask(`Back ${n}?`, 0)
    await pause(50)
    if ((await ask(`Back ${n}?`, 1)).hit === 'exact') return performance.now() - sinceMs
  }
  throw new Error('the cache did not come back within 20 s')
}

async function opened(urls: readonly string[]): Promise<number> {
  const counts = urls.map(async (url) => {
    const stats = (await (await fetch(`${url}/cache/stats`, { headers })).json()) as { breaker_opened: number }
    return stats.breaker_opened
  })
  return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0)
}

async function underLoad(load: Load): Promise<LoadResult> {
  const generator = forked('load.ts')
  try {
    const answer = once(generator, 'message')
    generator.send(load)
    const [result] = (await answer) as [LoadResult]
    if (result.failures > 0) throw new Error(`${result.failures} bad answers. The first:\n${result.firstFailure}`)
    return result
  } finally {
    generator.kill()
  }
}

async function oneByOne<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const one of all) results.push(await each(one))
  return results
}

/** Throws where something else was measured than what is meant. */
function only(hit: string, asked: readonly Asked[]): readonly Asked[] {
  const other = asked.filter((one) => one.hit !== hit || !one.ok)
  if (other.length > 0) throw new Error(`${other.length} of ${asked.length} answers were no ${hit}: ${other[0]?.hit}`)
  return asked
}

function p99(asked: readonly Asked[]): number {
  return percentile(
    asked.map(({ tookMs }) => tookMs),
    0.99,
  )
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const rounded = (value: number) => Number(value.toFixed(2))
