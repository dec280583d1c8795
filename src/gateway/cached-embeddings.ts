import type { Entry, KeptVector } from '../cache/entry.ts'
import { cacheKey, canonical } from '../cache/key.ts'
import type { CacheKey } from '../cache/port.ts'
import { type EmbeddingRequest, inputsOf } from '../dialects/embeddings.ts'
import { fields, list } from '../dialects/loose-json.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { noUsage } from '../prices/usage.ts'
import type { CacheDeps } from './cache-deps.ts'
import { count, recorded, tenantOf, told } from './cached-hit.ts'
import type { Place } from './cached-place.ts'
import type { Journey } from './journey.ts'
import type { Keep } from './keep.ts'

type Go = <R extends AnyRequest>(journey: Journey<R>) => Promise<Response>
type Vector = KeptVector['vector']
type Input = string | readonly number[]

/** A request with more texts is not looked up: hashing them would take longer than it saves. */
const MOST_INPUTS = 512

export function isOfEmbeddings(
  journey: Journey<AnyRequest>,
): journey is Journey<EmbeddingRequest> & Journey<AnyRequest> {
  return journey.call.operation.name === 'embeddings'
}

/** Texts one by one: those whose vectors are known are not asked again, and cost nothing. */
export async function cachedEmbeddings(
  journey: Journey<EmbeddingRequest>,
  place: Place,
  cache: CacheDeps,
  go: Go,
): Promise<Response> {
  const { request, deps } = journey
  const inputs = inputsOf(request)
  if (inputs.length > MOST_INPUTS) {
    count('bypass', place.group, journey, cache)
    return told(await go(journey), 'bypass; too many texts')
  }
  const { input: _, ...rest } = request
  const about = canonical(rest, place.form)
  const keys = await Promise.all(inputs.map((input) => cacheKey([...place.parts, about, JSON.stringify(input)])))
  const moment = { nowMs: deps.clock(), defer: deps.defer }
  const known = place.reads ? (await cache.entries.get(keys, moment)).map((entry) => young(entry, place, moment)) : []
  const shownKey = await cache.shownKeys.show(keys[0]?.hash ?? '', tenantOf(journey))
  const missing = inputs.flatMap((input, at) => (known[at] ? [] : [{ input, at, key: keys[at] }]))

  const hits = known.filter((entry) => entry !== undefined)
  const [first] = hits
  if (first && missing.length === 0) {
    const tokens = hits.reduce((sum, { what }) => sum + what.tokens, 0)
    const savedNano = hits.reduce((sum, { costNano }) => sum + BigInt(costNano), 0n)
    const usage = { ...noUsage, inputTokens: tokens }
    const hit = { kind: 'exact' as const, group: place.group, shownKey }
    const headers = recorded(journey, cache, hit, { entry: first, usage, savedNano })
    const age = Math.max(0, ...hits.map(({ storedAtMs }) => Math.floor((moment.nowMs - storedAtMs) / 1000)))
    const body = printed(
      hits.map(({ what }) => what.vector),
      request.model,
      tokens,
    )
    return new Response(body, { headers: { ...headers, 'content-type': 'application/json', age: String(age) } })
  }
  count('miss', place.group, journey, cache)
  const asked =
    hits.length === 0 ? request : { ...request, input: missing.map(({ input }) => input) as Input[] as string[] }
  const keep = keeping({ journey, place, cache, missing, known })
  const how = hits.length === 0 ? 'miss' : `partial; ${hits.length} of ${inputs.length}`
  return told(await go({ ...journey, request: asked, keep }), how, shownKey)
}

type VectorEntry = Entry & { readonly what: KeptVector }

function young(entry: Entry | undefined, { controls }: Place, { nowMs }: { nowMs: number }): VectorEntry | undefined {
  if (entry?.what.kind !== 'vector') return undefined
  const { maxAgeMs } = controls
  if (maxAgeMs !== undefined && nowMs - entry.storedAtMs > maxAgeMs) return undefined
  return entry as VectorEntry
}

interface Keeping {
  readonly journey: Journey<EmbeddingRequest>
  readonly place: Place
  readonly cache: CacheDeps
  readonly missing: readonly { readonly input: Input; readonly at: number; readonly key: CacheKey | undefined }[]
  readonly known: readonly (VectorEntry | undefined)[]
}

/** Keeps what is new, each by itself, and puts what was known between. */
function keeping({ journey, place, cache, missing, known }: Keeping): Keep<EmbeddingRequest> {
  const { deps } = journey
  return {
    mostBytes: 0,
    whole(attempt, { told, cost }) {
      const answer = fields(JSON.parse(told.body))
      const made = list(answer.data).map((one) => fields(one).embedding as Vector)
      const nowMs = deps.clock()
      const sizes = missing.map(({ input }) => input.length)
      const tokens = shares(BigInt(told.usage.inputTokens), sizes)
      const costs = shares(cost, sizes)
      if (place.stores && !told.estimated && attempt.fallbacks === 0 && !attempt.retold) {
        const puts = missing.flatMap(({ key }, at) => {
          const vector = made[at]
          if (!key || vector === undefined) return []
          const entry: Entry = {
            v: 1,
            what: { kind: 'vector', vector, tokens: Number(tokens[at]) },
            deployment: attempt.deployment.id,
            storedAtMs: nowMs,
            expiresAtMs: nowMs + place.ttlMs,
            costNano: String(costs[at]),
            tookMs: nowMs - attempt.startedAtMs,
          }
          return [{ key, entry }]
        })
        deps.defer('keep vectors', cache.entries.put(puts, { nowMs, defer: deps.defer }))
      }
      if (known.every((entry) => entry === undefined)) return undefined
      const all: Vector[] = known.map((entry) => entry?.what.vector ?? [])
      for (const [place, { at }] of missing.entries()) all[at] = made[place] ?? []
      return printed(all, attempt.deployment.group, told.usage.inputTokens)
    },
    streamed() {},
  }
}

/** An amount by sizes, so that the shares add up to it again. */
function shares(amount: bigint, sizes: readonly number[]): readonly bigint[] {
  const whole = BigInt(sizes.reduce((sum, size) => sum + size, 0) || 1)
  let size = 0n
  let given = 0n
  return sizes.map((one) => {
    size += BigInt(one)
    const before = given
    given = (amount * size) / whole
    return given - before
  })
}

/** As OpenAI's clients read it, vectors as they were printed before. */
function printed(vectors: readonly Vector[], model: string, tokens: number): string {
  const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }))
  return JSON.stringify({ object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } })
}
