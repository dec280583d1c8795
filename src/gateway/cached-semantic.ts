import type { Entry, KeptChat } from '../cache/entry.ts'
import type { CacheKey, CacheMoment } from '../cache/port.ts'
import { positionOf, type Unplaced } from '../cache/semantic/position.ts'
import type { Found, Look, Semantic } from '../cache/semantic/semantic.ts'
import type { ShadowRecord } from '../cache/semantic/shadow.ts'
import type { SemanticCacheSettings } from '../config/semantic-cache.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import type { EmbeddingRequest } from '../dialects/embeddings.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { newId } from '../ids.ts'
import { embeddings } from '../operations/embeddings-operation.ts'
import type { Place } from './cached-place.ts'
import { begin, type Journey } from './journey.ts'

export interface SemanticDeps {
  readonly cache: Semantic
  readonly settings: SemanticCacheSettings
  /** Gets what shadow mode saw: numbers only. `npm run semantic:report` reads them out of the log. */
  readonly record: (seen: ShadowRecord) => void
}

type ChatEntry = Entry & { readonly what: KeptChat }

/** What the exact cache lends: its entries, and a way through the story for embeddings (they are cached as well). */
export interface Lent {
  readonly entryOf: (key: CacheKey, moment: CacheMoment) => Promise<Entry | undefined>
  readonly goEmbed: (journey: Journey<EmbeddingRequest>) => Promise<Response>
}

export interface LikeHit {
  readonly entry: ChatEntry
  readonly key: CacheKey
  readonly similarity: number
}

export interface Alike {
  /** The answer to a question that is as good as this one. */
  readonly hit?: LikeHit
  /** Why there is none. */
  readonly miss?: string
  /** After a complete success, deferred: the question is remembered with its answer's key. */
  readonly remember: (key: CacheKey, entry: ChatEntry) => Promise<void>
}

/** A like question's answer, after the exact cache had none. Never throws, and waits no longer than its own deadline. */
export async function alike(
  journey: Journey<ChatRequest>,
  place: Place,
  { cache, settings, record: tell }: SemanticDeps,
  lent: Lent,
): Promise<Alike> {
  const { request, deps } = journey
  const around = { parts: place.parts, form: place.form, embedder: settings.embedder }
  if (!place.reads) return { miss: 'not read', remember: () => Promise.resolve() }
  const position = await positionOf(request, around, settings)
  if (typeof position === 'string') return { miss: position satisfies Unplaced, remember: () => Promise.resolve() }
  const look: Look<ChatEntry> = {
    embed: (text) => vectorOf(text, journey, settings.embedder, lent.goEmbed),
    answerOf: async (hash) =>
      fresh(await lent.entryOf({ scope: place.parts[0], hash }, momentOf(journey)), place, deps.clock()),
    defer: deps.defer,
  }
  const ttlMs = ({ expiresAtMs }: Entry) => expiresAtMs - deps.clock()

  if (settings.shadow)
    return {
      miss: 'shadow',
      remember: async (key, entry) => {
        const { record, vector } = await cache.watch(position, look, { real: entry, textOf: saidBy })
        if (record) tell(record)
        await cache.remember(position, { key: key.hash, vector, ttlMs: ttlMs(entry) })
      },
    }

  const { found, vector } = await cache.look(position, look)
  const remember: Alike['remember'] = (key, entry) =>
    cache.remember(position, { key: key.hash, vector, ttlMs: ttlMs(entry) })
  if (found.kind === 'miss') return { miss: reasonOf(found), remember }
  const key = { scope: place.parts[0], hash: found.key }
  return { hit: { entry: found.answer, key, similarity: found.similarity }, remember }
}

function reasonOf(found: Found<ChatEntry> & { readonly kind: 'miss' }): string {
  return found.refusal === undefined ? found.because : `${found.because}: ${found.refusal}`
}

/** The vector of a text by the configured group, charged to the caller, who needs no access to that model himself. */
async function vectorOf(
  input: string,
  { call, controls: { region }, deps }: Journey<ChatRequest>,
  model: string,
  go: Lent['goEmbed'],
): Promise<readonly number[] | undefined> {
  const nowMs = deps.clock()
  const embedding = begin(
    {
      requestId: newId(nowMs),
      principal: { ...call.principal, models: [] },
      operation: embeddings,
      dialect: openaiChat,
      path: {},
      body: { model, input, ...(region !== undefined && { allowed_model_region: region }) },
      headers: new Headers(),
      signal: call.signal,
      receivedAtMs: nowMs,
    },
    deps,
  )
  const response = await go(embedding)
  const answer: unknown = await response.json()
  return firstVector(answer)
}

function firstVector(answer: unknown): readonly number[] | undefined {
  const { data } = (answer ?? {}) as { readonly data?: readonly { readonly embedding?: unknown }[] }
  const vector = Array.isArray(data) ? data[0]?.embedding : undefined
  return Array.isArray(vector) && vector.length > 0 && vector.every((one) => typeof one === 'number')
    ? vector
    : undefined
}

/** Undefined where it is none, or too old for this request. */
function fresh(entry: Entry | undefined, { controls: { maxAgeMs } }: Place, nowMs: number): ChatEntry | undefined {
  if (entry?.what.kind !== 'chat') return undefined
  if (maxAgeMs !== undefined && nowMs - entry.storedAtMs > maxAgeMs) return undefined
  return entry as ChatEntry
}

function saidBy({ what }: ChatEntry): string {
  return what.answer.choices.map(({ message }) => message.content ?? '').join('\n')
}

const momentOf = ({ deps }: Journey<ChatRequest>): CacheMoment => ({ nowMs: deps.clock(), defer: deps.defer })
