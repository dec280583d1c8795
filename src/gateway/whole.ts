import { GatewayError } from '../errors.ts'
import type { AnyRequest, Told, VendorAnswer } from '../operations/operation.ts'
import { base64Of } from '../providers/base64.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import { type Answer, ask } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { finish, type Outcome } from './finish.ts'
import { answerHeaders, costHeaders } from './headers.ts'
import { refusedWithin } from './refused-within.ts'
import { leftIn } from './vendor-left.ts'
import { bytesOf, textOf } from './whole-body.ts'

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
  return new Response(
    attempt.keep?.whole(attempt, { answers: [first, ...rest], told, cost }) ?? told.bytes ?? told.body,
    {
      headers: {
        ...answerHeaders(attempt, answer.response.headers, waitedMs, cost, deps),
        ...costHeaders(charge),
        'content-type': told.type ?? 'application/json',
      },
    },
  )
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
  if (/^image\//.test(answer.response.headers.get('content-type') ?? '')) {
    const picture = await bytesOf(deployment.group, answer)
    return { text: '', json: { b64_json: base64Of(picture) } }
  }
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
