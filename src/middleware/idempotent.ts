import { GatewayError } from '../errors.ts'
import { kept, LONGEST_ANSWER_BYTES, replayedAnswer } from '../idempotency/answer.ts'
import { type Claim, type IdempotencyStore, LEASE_MS } from '../idempotency/port.ts'
import { digestOf, hexOf } from '../tenants/key-text.ts'
import { readBytes } from './body.ts'

export const IDEMPOTENCY_KEY = 'idempotency-key'

export interface IdempotentDeps {
  readonly store: IdempotencyStore
  readonly maxRequestBytes: number
  /** Where nobody can tell whether a request was served: serve it rather than refuse it (`allow_requests_on_db_unavailable`). */
  readonly servesUntold: boolean
  readonly clock: () => number
  readonly sleep: (ms: number, until: AbortSignal) => Promise<void>
  readonly defer: (name: string, work: Promise<unknown>) => void
}

const KEY = /^[\x21-\x7e]{1,255}$/
/** A retry waits so long for the request that it repeats. */
const WAIT_MS = 20_000
const FIRST_LOOK_MS = 100
const LONGEST_LOOK_MS = 2_000

/**
 * Serves a request that names itself once, however often it comes: a retry gets the first one's answer, also when it
 * comes while that is still being made. The same name for something else is refused. A good answer is kept; what failed
 * may be tried again. The request goes on when its client leaves, so that a retry finds what it paid for.
 */
export async function onlyOnce(
  asked: { readonly request: Request; readonly callerId: string; readonly requestId: string },
  serve: (request: Request) => Promise<Response>,
  deps: IdempotentDeps,
): Promise<Response> {
  const { store, clock } = deps
  const { request } = asked
  const { claim, again } = await claimOf(asked, deps)
  const gaveUpAtMs = clock() + WAIT_MS
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS)) {
    const standing = await store.begin(claim, clock()).catch(deps.servesUntold ? untold : unavailable)
    if (standing === undefined) return serve(again())
    if (standing.state === 'ours') return ours(claim, () => serve(again()), deps)
    if (standing.state === 'other') throw anotherRequest()
    if (standing.state === 'answered') {
      if (standing.answer) return replayedAnswer(standing.answer)
      throw notKept()
    }
    if (request.signal.aborted || clock() + lookMs > gaveUpAtMs) throw stillRunning()
    await deps.sleep(lookMs, request.signal)
  }
}

async function claimOf(
  { request, callerId, requestId }: Parameters<typeof onlyOnce>[0],
  { maxRequestBytes }: IdempotentDeps,
) {
  const key = request.headers.get(IDEMPOTENCY_KEY)?.trim() ?? ''
  if (!KEY.test(key))
    throw new GatewayError(
      'invalid_request',
      'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces, such as a UUID.',
      { param: 'Idempotency-Key' },
    )
  const { method, url, headers } = request
  const { pathname, search } = new URL(url)
  const body = await readBytes(request, maxRequestBytes)
  const type = headers.get('content-type') ?? ''
  const asked = await fingerprintOf(body, type)
  const claim: Claim = {
    name: hexOf(await digestOf(JSON.stringify([callerId, pathname, key]))),
    fingerprint: hexOf(await digestOf(JSON.stringify([search, asked]))),
    attempt: requestId,
  }
  // Without the client's signal: leaving does not end it.
  return { claim, again: () => new Request(url, { method, headers, body }) }
}

/** A form says the same whatever its parts are divided by: SDKs divide a retry's anew. */
async function fingerprintOf(body: Uint8Array<ArrayBuffer>, type: string): Promise<string> {
  const [, boundary] = /^multipart\/.*boundary="?([^";]+)/i.exec(type) ?? []
  if (boundary === undefined) return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', body)))
  return hexOf(await digestOf(new TextDecoder('latin1').decode(body).replaceAll(boundary, '')))
}

async function ours(claim: Claim, serve: () => Promise<Response>, deps: IdempotentDeps): Promise<Response> {
  const over = new AbortController()
  deps.defer('hold an idempotency key', held(claim, over.signal, deps))
  try {
    const response = await serve()
    if (response.body === null || !response.ok) {
      await ended(claim, response, new Uint8Array(), over, deps)
      return response
    }
    const [shown, read] = response.body.tee()
    const answer = new Response(shown, response)
    const end = collected(read).then(
      (body) => ended(claim, response, body, over, deps),
      () => givenUp(claim, over, deps),
    )
    // A stream is shown while it comes; anything else only once it is kept, so that who has it can count on it.
    if (isStream(response)) deps.defer('keep an idempotent answer', end)
    else await end
    return answer
  } catch (error) {
    await givenUp(claim, over, deps)
    throw error
  }
}

const isStream = ({ headers }: Response) => headers.get('content-type')?.startsWith('text/event-stream') === true

/** Undefined where it is too long. */
async function collected(body: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > LONGEST_ANSWER_BYTES) {
      // Half of a pair is cancelled only when the other one is, so nobody waits for it.
      reader.cancel().catch(() => {})
      return undefined
    }
    pieces.push(value)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

async function ended(
  claim: Claim,
  response: Response,
  body: Uint8Array | undefined,
  over: AbortController,
  deps: IdempotentDeps,
): Promise<void> {
  const answer = body && kept(response, body)
  if (body && !answer) return givenUp(claim, over, deps)
  over.abort()
  // The answer is good whether or not it is kept; a lease that nobody renews ends.
  await deps.store.finish(claim, answer, deps.clock()).catch(failed(deps, 'keep an idempotent answer'))
}

async function givenUp(claim: Claim, over: AbortController, deps: IdempotentDeps): Promise<void> {
  over.abort()
  await deps.store.release(claim, deps.clock()).catch(failed(deps, 'release an idempotency key'))
}

const failed = (deps: IdempotentDeps, name: string) => (error: unknown) => deps.defer(name, Promise.reject(error))

/** Renews the lease until it is over. */
async function held(claim: Claim, over: AbortSignal, deps: IdempotentDeps): Promise<void> {
  const { store, clock, sleep } = deps
  for (;;) {
    await sleep(LEASE_MS / 3, over)
    if (over.aborted) return
    await store.renew(claim, clock()).catch(failed(deps, 'hold an idempotency key'))
  }
}

const untold = () => undefined

function unavailable(cause: unknown): never {
  throw new GatewayError(
    'database_unavailable',
    'Whether this request was served already cannot be told: the database does not answer. Ask again with the same key.',
    { cause, retryAfterMs: 1_000 },
  )
}

function anotherRequest(): GatewayError {
  return new GatewayError(
    'invalid_request',
    'This Idempotency-Key was sent with another request in the last 24 hours. Repeat that request unchanged, or use a new key.',
    { status: 422, code: 'idempotency_key_reused', param: 'Idempotency-Key', retry: false },
  )
}

function notKept(): GatewayError {
  return new GatewayError(
    'conflict',
    'The request with this Idempotency-Key was done, and is not done again, but there is no answer to repeat: it broke off, was too long to keep, or the operator set no LITELLM_SALT_KEY. Look whether what you wanted is there; use a new key to ask anew.',
    { code: 'idempotent_answer_not_kept', param: 'Idempotency-Key', retry: false },
  )
}

function stillRunning(): GatewayError {
  return new GatewayError(
    'conflict',
    'The request with this Idempotency-Key is still being answered. Ask again in a moment with the same key.',
    { code: 'idempotent_request_running', param: 'Idempotency-Key', retryAfterMs: 2_000 },
  )
}
