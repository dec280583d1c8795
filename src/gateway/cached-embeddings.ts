import type { Entry, KeptVector } from '../cache/entry.ts'
import { cacheKey, canonical } from '../cache/key.ts'
import type { CacheKey } from '../cache/port.ts'
import { type EmbeddingRequest, inputsOf } from '../dialects/embeddings.ts'
import { fields, list } from '../dialects/loose-json.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { noUsage } from '../prices/usage.ts'
import type { CacheDeps } from './cache-deps.ts'
import { HIT_HEADER, KEY_HEADER, recorded, tenantOf } from './cached-hit.ts'
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
  if (inputs.length > MOST_INPUTS) return said(await go(journey), 'bypass; too many texts')
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
  const { teamId: team = '' } = journey.call.principal
  cache.stats.add({ kind: 'miss', team, model: request.model }, moment.nowMs, deps.defer)
  const asked =
    hits.length === 0 ? request : { ...request, input: missing.map(({ input }) => input) as Input[] as string[] }
  const keep = keeping({ journey, place, cache, missing, known })
  const how = hits.length === 0 ? 'miss' : `partial; ${hits.length} of ${inputs.length}`
  return said(await go({ ...journey, request: asked, keep }), how, shownKey)
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
      if (made.length !== missing.length) return undefined
      const sizes = missing.map(({ input }) => input.length)
      const whole = sizes.reduce((sum, size) => sum + size, 0) || 1
      const nowMs = deps.clock()
      const share = (amount: number, at: number) => Math.floor((amount * (sizes[at] ?? 0)) / whole)
      if (place.stores && !told.estimated && attempt.fallbacks === 0 && !attempt.retold) {
        const puts = missing.flatMap(({ key }, at) => {
          const vector = made[at]
          if (!key || vector === undefined) return []
          const tokens = share(told.usage.inputTokens, at)
          const entry: Entry = {
            v: 1,
            what: { kind: 'vector', vector, tokens },
            deployment: attempt.deployment.id,
            storedAtMs: nowMs,
            expiresAtMs: nowMs + place.ttlMs,
            costNano: String((cost * BigInt(sizes[at] ?? 0)) / BigInt(whole)),
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

/** As OpenAI's clients read it, vectors as they were printed before. */
function printed(vectors: readonly Vector[], model: string, tokens: number): string {
  const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }))
  return JSON.stringify({ object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } })
}

function said(response: Response, hit: string, key?: string): Response {
  response.headers.set(HIT_HEADER, hit)
  if (key !== undefined) response.headers.set(KEY_HEADER, key)
  return response
}
