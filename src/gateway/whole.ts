import { GatewayError } from '../errors.ts'
import type { AnyRequest, Told, VendorAnswer } from '../operations/operation.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { Source } from '../streams/telling.ts'
import { type Answer, ask, watched } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { finish, type Outcome } from './finish.ts'
import { answerHeaders, costHeaders } from './headers.ts'
import { refusedWithin } from './refused-within.ts'
import { leftIn } from './vendor-left.ts'

/** Of a runtime's six connections, so many are one request's. */
const AT_ONCE = 4

/**
 * An answer that is not streamed: read to its end, priced, handed on. `more` is asked after it where a vendor takes only
 * one thing at a time. Throws when it is not an answer after all.
 */
export async function whole<R extends AnyRequest>(
  attempt: Attempt<R>,
  answer: Answer,
  more: readonly UpstreamRequest[],
  deps: GatewayDeps,
): Promise<Response> {
  const { operation } = attempt.call
  const first = await read(attempt, answer)
  const rest = more.length > 0 ? await readAll(attempt, more, deps) : []
  const waitedMs = deps.clock() - attempt.startedAtMs
  if (attempt.filterFails && operation.filtered?.(attempt, first)) {
    const message = `${attempt.deployment.group} kept its answer back: content filter.`
    throw new GatewayError('content_policy_violation', message, { billed: true, retry: false })
  }
  const told = readable(() => operation.told(attempt, [first, ...rest]))
  const { usage, estimated } = told
  const { status: httpStatus, headers } = answer.response
  const outcome: Outcome = { status: 'success', usage, estimated, httpStatus, ...leftIn(headers) }
  const charge = finish(attempt, outcome, deps)
  const cost = charge.costNano
  return new Response(attempt.keep?.whole(attempt, { answers: [first, ...rest], told, cost }) ?? told.body, {
    headers: {
      ...answerHeaders(attempt, answer.response.headers, waitedMs, cost, deps),
      ...costHeaders(charge),
      'content-type': told.type ?? 'application/json',
    },
  })
}

/** A few at a time, in their order. One that fails fails the whole, of which the vendor has answered a part. */
async function readAll<R extends AnyRequest>(
  attempt: Attempt<R>,
  upstreams: readonly UpstreamRequest[],
  deps: GatewayDeps,
): Promise<VendorAnswer[]> {
  const answers: VendorAnswer[] = []
  for (let at = 0; at < upstreams.length; at += AT_ONCE) {
    const some = upstreams.slice(at, at + AT_ONCE)
    const asked = await Promise.allSettled(
      some.map(async (upstream) => read(attempt, await ask(attempt, upstream, deps))),
    )
    for (const one of asked) {
      if (one.status === 'rejected') throw partlyBilled(one.reason)
      answers.push(one.value)
    }
  }
  return answers
}

function partlyBilled(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  return new GatewayError(error.kind, error.message, { ...error.details, billed: true })
}

/** A good status and no answer: unless the vendor says itself that it refused, it may bill what nobody can read. */
function readable(told: () => Told): Told {
  try {
    return told()
  } catch (error) {
    const isRefused = error instanceof GatewayError && (error.kind !== 'upstream_failed' || error.details.status)
    throw isRefused ? error : partlyBilled(error)
  }
}

async function read<R extends AnyRequest>({ deployment, provider }: Attempt<R>, answer: Answer): Promise<VendorAnswer> {
  const text = await textOf(deployment.group, answer)
  const json = parse(text)
  const refused = refusedWithin({ provider }, answer.response, text, json)
  if (refused) throw refused
  if (json !== undefined) return { text, json }
  throw new GatewayError('upstream_failed', `${deployment.group} answered with something that is not JSON.`, {
    billed: true,
    retry: true,
  })
}

/** Of one answer, which shares its isolate with all others: ten large pictures are less. */
const MOST_BYTES = 64 * 1024 * 1024

async function textOf(group: string, { response, watch }: Answer): Promise<string> {
  const length = response.headers.get('content-length')
  try {
    if (Number(length) > MOST_BYTES) throw tooLong(group)
    // Asking for the stream makes one, which a body of known length does not need.
    if (length !== null || response.body === null) return await atOnce(response, watch)
    return await pieces(group, watched(response.body, watch))
  } catch (cause) {
    if (cause instanceof GatewayError && cause.kind === 'upstream_failed') {
      if (!response.bodyUsed) response.body?.cancel().catch(() => {})
      throw cause
    }
    throw (
      watch.ended() ??
      new GatewayError('upstream_failed', `${group} broke off in the middle of its answer.`, {
        billed: true,
        retry: true,
        cause,
      })
    )
  } finally {
    watch.over()
  }
}

/** A body of known length comes in one go: it costs one read, and its silence is as long as it takes. */
function atOnce(response: Response, watch: Answer['watch']): Promise<string> {
  watch.wait()
  return response.text()
}

/** Some vendors keep a long answer alive with white space: that is no silence. */
async function pieces(group: string, source: Source): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await source.read()
    if (done) return text + decoder.decode()
    bytes += value?.length ?? 0
    if (bytes > MOST_BYTES) {
      source.cancel().catch(() => {})
      throw tooLong(group)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function tooLong(group: string): GatewayError {
  const message = `${group} answered with more than ${MOST_BYTES} bytes, the most that is read here. Ask for less at once.`
  return new GatewayError('upstream_failed', message, { billed: true, retry: false })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
