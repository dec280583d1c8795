import type { Entry, KeptChat } from '../cache/entry.ts'
import { replayed } from '../cache/replay.ts'
import { scopeOf } from '../cache/settings.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import { newId } from '../ids.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Usage } from '../prices/usage.ts'
import type { Attempt } from './attempt.ts'
import type { CacheDeps } from './cache-deps.ts'
import { toEvent } from './finish.ts'
import type { Group } from './groups.ts'
import { answerHeaders } from './headers.ts'
import type { Journey } from './journey.ts'

/** What an answer is told to have come from: `exact`, `semantic`, `miss`, or `bypass` with the reason. */
const HIT_HEADER = 'x-litellm-cache-hit'
const KEY_HEADER = 'x-litellm-cache-key'
const SIMILARITY_HEADER = 'x-litellm-semantic-similarity'

export interface Hit {
  readonly kind: 'exact' | 'semantic'
  readonly group: Group
  readonly shownKey: string
  readonly similarity?: number
}

/** A kept answer in the caller's words, whole or as a proper stream; it costs nothing, and is recorded as a hit. */
export function chatHit(
  entry: Entry & { readonly what: KeptChat },
  hit: Hit,
  journey: Journey<ChatRequest>,
  cache: CacheDeps,
): Response {
  const { call, request, deps } = journey
  const { answer } = entry.what
  const streams = call.operation.streams(request)
  const body = streams ? streamOf(entry.what, journey) : wholeOf(entry, hit, journey)
  const headers = recorded(journey, cache, hit, {
    entry,
    ...(answer.usage && { usage: answer.usage }),
    savedNano: BigInt(entry.costNano),
  })
  const ageMs = Math.max(0, deps.clock() - entry.storedAtMs)
  const type = streams ? (call.dialect.streamType ?? 'text/event-stream; charset=utf-8') : 'application/json'
  return new Response(body, {
    headers: {
      ...headers,
      'content-type': type,
      age: String(Math.floor(ageMs / 1000)),
      ...(streams && { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }),
    },
  })
}

/** The very text where it was this group's; another's names another model. */
function wholeOf(
  { what: { answer, original }, deployment }: Entry & { readonly what: KeptChat },
  { group }: Hit,
  { call, request }: Journey<ChatRequest>,
): string {
  const isOwn = group.candidates.some(({ id }) => id === deployment)
  if (original && isOwn && original.dialect === call.dialect.name) return original.body
  return JSON.stringify(call.dialect.completion(answer, request))
}

function streamOf({ answer }: KeptChat, { call, request }: Journey<ChatRequest>): Blob {
  const printer = call.dialect.printer(request)
  const events = replayed(answer).map((chunk) => printer.print(chunk))
  return new Blob([...events, printer.end()].filter((bytes) => bytes !== undefined))
}

interface Saved {
  readonly entry: Pick<Entry, 'deployment' | 'tookMs'>
  readonly usage?: Usage
  readonly savedNano: bigint
}

/** The row of a hit, handed over after the answer, and its counts. Answers the headers that say what it is. */
export function recorded<R extends AnyRequest>(
  { call, request, deps, trail }: Journey<R>,
  cache: CacheDeps,
  { kind, group, shownKey, similarity }: Hit,
  { entry, usage, savedNano }: Saved,
): Record<string, string> {
  const candidate = group.candidates.find(({ id }) => id === entry.deployment) ?? group.candidates[0]
  if (!candidate) return {}
  const nowMs = deps.clock()
  const { deployment, provider, target } = candidate
  const attempt: Attempt<R> = {
    id: newId(nowMs),
    call,
    request,
    startedAtMs: call.receivedAtMs,
    group: group.name,
    deployment,
    provider,
    target,
    fallbacks: 0,
    retries: 0,
    maxRetries: 0,
    rates: [],
    ...(trail ? { trail } : {}),
  }
  const outcome = {
    status: 'success' as const,
    usage: usage ?? call.operation.estimateUsage(request, 0),
    estimated: usage === undefined,
    httpStatus: 200,
  }
  const event = { ...toEvent(attempt, outcome, 0n, deps), cache_hit: true, saved_nano: String(savedNano) }
  deps.handOver.add({ ledger: call.principal.ledger, event }, deps.defer)
  const savedMs = Math.max(0, entry.tookMs - (nowMs - call.receivedAtMs))
  const { teamId = '' } = call.principal
  cache.stats.add({ kind, team: teamId, model: group.name, savedNano, savedMs }, nowMs, deps.defer)
  return {
    ...answerHeaders(attempt, new Headers(), 0, 0n, deps),
    [HIT_HEADER]: kind,
    [KEY_HEADER]: shownKey,
    ...(similarity !== undefined && { [SIMILARITY_HEADER]: String(similarity) }),
  }
}

/** A look-up that found nothing, or none, is counted by the group. */
export function count<R extends AnyRequest>(
  kind: 'miss' | 'bypass',
  { name: model }: Group,
  { call, deps }: Journey<R>,
  cache: CacheDeps,
): void {
  cache.stats.add({ kind, team: call.principal.teamId ?? '', model }, deps.clock(), deps.defer)
}

/** The same response with the headers that say how the cache stood to it. */
export function told(response: Response, hit: string, key?: string): Response {
  response.headers.set(HIT_HEADER, hit)
  if (key !== undefined) response.headers.set(KEY_HEADER, key)
  return response
}

/** Whose keys of answers are alike: a team's, whoever shares the answers themselves. */
export function tenantOf<R extends AnyRequest>({ call }: Journey<R>): string {
  return scopeOf(call.principal, 'team')
}
