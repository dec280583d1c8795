import type { Entry, KeptChat } from '../cache/entry.ts'
import type { Flight } from '../cache/flight.ts'
import { cacheKey, canonical } from '../cache/key.ts'
import type { CacheKey } from '../cache/port.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { CacheDeps } from './cache-deps.ts'
import { cachedEmbeddings, isOfEmbeddings } from './cached-embeddings.ts'
import { chatHit, count, tenantOf, told } from './cached-hit.ts'
import { chatKeep } from './cached-keep.ts'
import { type Place, placeOf } from './cached-place.ts'
import { alike, type Lent, type LikeHit } from './cached-semantic.ts'
import type { Journey } from './journey.ts'

type Go = <R extends AnyRequest>(journey: Journey<R>) => Promise<Response>
type ChatEntry = Entry & { readonly what: KeptChat }

/** How long one request waits for the same one before it: a stream should begin sooner than a whole answer is there. */
const FOLLOWS_MS = 60_000
const STREAM_FOLLOWS_MS = 3_000

/**
 * The same request as before gets the same answer, out of the cache; equal requests at the same time ask once. Everything
 * else goes its way, and what comes of it is kept.
 */
export async function cached<R extends AnyRequest>(journey: Journey<R>, cache: CacheDeps, go: Go): Promise<Response> {
  const place = placeOf(journey, cache.settings)
  if ('because' in place) {
    count('bypass', place.group, journey, cache)
    return told(await go(journey), `bypass; ${place.because}`)
  }
  if (isOfEmbeddings(journey)) return cachedEmbeddings(journey, place, cache, go)
  if (isOfChat(journey)) return cachedChat(journey, place, cache, go)
  return go(journey)
}

async function cachedChat(journey: Journey<ChatRequest>, place: Place, cache: CacheDeps, go: Go): Promise<Response> {
  const { call, request, deps } = journey
  const key = await cacheKey([...place.parts, canonical(request, place.form)])
  const shownKey = await cache.shownKeys.show(key.hash, tenantOf(journey))
  const asked: Asked = { journey, place, cache, key, shownKey }
  if (!place.reads) return asking(asked, go)

  const streams = call.operation.streams(request)
  const flight = streams || !place.stores ? undefined : cache.flights.lead(key.hash)
  if (!flight) {
    const waitMs = streams ? STREAM_FOLLOWS_MS : FOLLOWS_MS
    const landed = await cache.flights.follow(key.hash, waitMs, call.signal)
    const hit = landed && hitOf(landed, asked)
    return hit ?? (await found(asked)) ?? asking(asked, go)
  }
  let landing: Entry | undefined
  const landed = (entry: Entry) => {
    landing = entry
  }
  try {
    const [entry] = await cache.entries.get([key], momentOf(journey))
    const hit = entry && hitOf(entry, asked)
    if (entry && hit) {
      landing = entry
      return hit
    }
    const answer = asking(asked, go, { flight, landed })
    // Others may wait for it after this client has left.
    deps.defer(
      'lead a flight',
      answer.then(
        () => {},
        () => {},
      ),
    )
    return await answer
  } finally {
    flight.land(landing)
  }
}

interface Asked {
  readonly journey: Journey<ChatRequest>
  readonly place: Place
  readonly cache: CacheDeps
  readonly key: CacheKey
  readonly shownKey: string
}

interface Leading {
  readonly flight: Flight<Entry>
  readonly landed: (entry: Entry) => void
}

async function found(asked: Asked): Promise<Response | undefined> {
  const { cache, key, journey } = asked
  const [entry] = await cache.entries.get([key], momentOf(journey))
  return entry && hitOf(entry, asked)
}

/** Undefined where it is too old for this request. */
function hitOf(entry: Entry, { journey, place, cache, shownKey }: Asked): Response | undefined {
  const { maxAgeMs } = place.controls
  if (maxAgeMs !== undefined && journey.deps.clock() - entry.storedAtMs > maxAgeMs) return undefined
  if (!isChatEntry(entry)) return undefined
  return chatHit(entry, { kind: 'exact', group: place.group, shownKey }, journey, cache)
}

/** A miss goes its way; its answer is kept where it may be. */
async function asking(asked: Asked, go: Go, leading?: Leading): Promise<Response> {
  const { journey, place, cache, key, shownKey } = asked
  const { deps, call } = journey
  const like = cache.semantic && (await alike(journey, place, cache.semantic, lent(cache, go)))
  if (like?.hit) return likeHit(like.hit, asked)
  count('miss', place.group, journey, cache)
  if (!place.stores) return told(await go(journey), 'miss', shownKey)
  const keep = chatKeep({
    ttlMs: place.ttlMs,
    maxEntryBytes: cache.settings.maxEntryBytes,
    deps,
    kept: (entry, lasting) => {
      leading?.landed(entry)
      if (!lasting) return
      deps.defer('keep an answer', cache.entries.put([{ key, entry }], momentOf(journey)))
      if (like) deps.defer('remember a question', like.remember(key, entry))
    },
  })
  const signal = leading ? lastingSignal(call.signal, leading.flight) : call.signal
  return told(await go({ ...journey, call: { ...call, signal }, keep }), 'miss', shownKey)
}

async function likeHit({ entry, key, similarity }: LikeHit, { journey, place, cache }: Asked): Promise<Response> {
  const shownKey = await cache.shownKeys.show(key.hash, tenantOf(journey))
  return chatHit(entry, { kind: 'semantic', group: place.group, shownKey, similarity }, journey, cache)
}

/** Vectors come through the whole story, out of the cache where it has them. */
function lent(cache: CacheDeps, go: Go): Lent {
  return {
    entryOf: async (key, moment) => (await cache.entries.get([key], moment))[0],
    goEmbed: (journey) => cached(journey, cache, go),
  }
}

/** A client that leaves ends its request, unless others wait for the same answer. */
function lastingSignal(signal: AbortSignal, flight: Flight<Entry>): AbortSignal {
  const own = new AbortController()
  const left = () => {
    if (flight.followers === 0) own.abort(signal.reason)
  }
  if (signal.aborted) left()
  else signal.addEventListener('abort', left, { once: true })
  return own.signal
}

const momentOf = <R extends AnyRequest>({ deps }: Journey<R>) => ({ nowMs: deps.clock(), defer: deps.defer })

function isChatEntry(entry: Entry): entry is ChatEntry {
  return entry.what.kind === 'chat'
}

function isOfChat(journey: Journey<AnyRequest>): journey is Journey<ChatRequest> & Journey<AnyRequest> {
  return journey.call.operation.name === 'chat'
}
