import { GatewayError, toGatewayError } from '../errors.ts'
import { usdFromNano } from '../money.ts'
import { begun, deliver, type Leg } from '../streams/deliver.ts'
import { Tape } from '../streams/tape.ts'
import type { Source, Step, StreamEnd, Telling } from '../streams/telling.ts'
import type { Answer } from './ask.ts'
import type { Attempt } from './attempt.ts'
import { continuing, mayBeContinued } from './continue.ts'
import type { GatewayDeps } from './deps.ts'
import { costIn, fail, failureOf, finish, type Outcome } from './finish.ts'
import { answerHeaders } from './headers.ts'
import { noStream } from './refused-within.ts'
import { type StitchOptions, stitched, sum } from './stitch.ts'
import { isStream, type Teller, tellerOf } from './teller.ts'
import { leftIn } from './vendor-left.ts'

/**
 * A streamed answer, passed on as it comes and metered on its way. Nothing of it is shown before it is known to be an
 * answer: until then it throws, and somebody else can be asked. A stream that breaks off later is gone on with by
 * another, where the story allows it, or ends with an error event: never as if complete. However it ends, each attempt
 * is finished once.
 */
export async function relayed(attempt: Attempt, answer: Answer, deps: GatewayDeps): Promise<Response> {
  const { call } = attempt
  const opened = await open(attempt, answer, deps)
  const waitedMs = deps.clock() - attempt.startedAtMs
  const over = Promise.withResolvers<void>()
  deps.defer('finish stream', over.promise)
  const leg = legOf({ attempt, answer, opened, deps, over: over.resolve })
  return new Response(deliver(leg, deps.config.general.drainMs), {
    headers: {
      ...answerHeaders(attempt, answer.response.headers, waitedMs, undefined, deps),
      'content-type': call.dialect.streamType ?? 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

/** A stream that has begun, and what was held back of it. */
interface Opened {
  readonly teller: Teller
  readonly held: Step
  readonly firstTokenMs?: number
  /** What the vendor said, where it may be kept. */
  readonly tape?: Tape
}

/** Throws, with everything let go of, when there is no answer in it. */
async function open(
  attempt: Attempt,
  answer: Answer,
  deps: GatewayDeps,
  stitch?: StitchOptions & { readonly printer: Teller['printer'] },
): Promise<Opened> {
  const { response, watch } = answer
  if (!response.body || !isStream(attempt, response.headers)) {
    const refused = await noStream(attempt, answer)
    watch.over()
    throw refused
  }
  const going = stitch && { stitch: stitched(stitch), printer: stitch.printer }
  const tape = attempt.keep && !going && !attempt.retold ? new Tape(attempt.keep.mostBytes) : undefined
  const taping = tape && { taped: (source: Source) => tape.of(source) }
  const heard = { response, body: response.body, watch }
  const usdOf = !stitch && deps.config.litellm.streamedCost === true ? usdFor(attempt) : undefined
  const teller = tellerOf(attempt, {
    ...heard,
    keepsText: mayGoOn(attempt),
    ...going,
    ...taping,
    ...(usdOf && { usdOf }),
  })
  const { telling } = teller
  const held = await begun(telling)
  const failed = failureIn(attempt, teller, held, watch.ended())
  if (failed) {
    watch.over()
    await telling.cancel(failed.message)
    throw failed
  }
  watch.begun()
  return { teller, held, ...(telling.begun && { firstTokenMs: deps.clock() }), ...(tape && { tape }) }
}

function usdFor(attempt: Attempt): (usage: Outcome['usage']) => number {
  return (usage) => usdFromNano(costIn(attempt, usage))
}

/** Why what was held back is no answer. */
function failureIn(
  { deployment, filterFails }: Attempt,
  { telling, refusal }: Teller,
  { over }: Step,
  ended: GatewayError | undefined,
): GatewayError | undefined {
  if (over?.how === 'cut')
    return (
      ended ??
      refusal() ??
      new GatewayError('upstream_failed', `${deployment.group} sent no answer: ${over.error}.`, {
        billed: true,
        retry: true,
      })
    )
  if (filterFails !== true || telling.begun || telling.facts().finishReason !== 'content_filter') return undefined
  return new GatewayError('content_policy_violation', `${deployment.group} kept its answer back: content filter.`, {
    billed: true,
    retry: false,
  })
}

/** A stream that another could go on with. */
function mayGoOn({ continueWith, request }: Attempt): boolean {
  return continueWith !== undefined && mayBeContinued(request)
}

interface Telltale {
  readonly attempt: Attempt
  readonly answer: Answer
  readonly opened: Opened
  readonly deps: GatewayDeps
  /** The whole stream is over. */
  readonly over: () => void
  /** The request as the caller made it, and what those used who answered before. */
  readonly asked?: Attempt['request']
  readonly used?: Outcome['usage']
}

function legOf(stream: Telltale): Leg {
  const { attempt, answer, opened, deps, over } = stream
  const { telling } = opened.teller
  return {
    telling,
    held: opened.held,
    cutEvent: (reason) => attempt.call.dialect.errorEvent(brokeOff(attempt, answer, reason), attempt.call.requestId),
    onEnd(end) {
      answer.watch.over()
      const outcome = outcomeOf(stream, end)
      const { costNano } = finish(attempt, outcome, deps)
      const pieces = outcome.status === 'success' ? opened.tape?.pieces() : undefined
      if (pieces) attempt.keep?.streamed(attempt, pieces, costNano)
      over()
    },
    ...(mayGoOn(attempt) && { cut: (end) => gone(stream, end) }),
  }
}

/** Undefined at once when nobody can go on with it; a promise owns the end of the attempt. */
function gone(stream: Telltale, end: StreamEnd): Promise<Leg | undefined> | undefined {
  const { attempt, answer, opened } = stream
  const spoken = attempt.call.signal.aborted ? undefined : opened.teller.telling.spoken()
  if (!spoken || !opened.teller.printer(spoken)) return undefined
  answer.watch.over()
  return goneOn(stream, end, spoken).then((leg) => {
    if (!leg) stream.over()
    return leg
  })
}

async function goneOn(
  stream: Telltale,
  end: StreamEnd,
  spoken: NonNullable<ReturnType<Telling['spoken']>>,
): Promise<Leg | undefined> {
  const { deps, over, asked = stream.attempt.request } = stream
  let { attempt } = stream
  let outcome = outcomeOf(stream, end)
  let used = stream.used ? sum(stream.used, outcome.usage) : outcome.usage
  const { printer } = stream.opened.teller
  for (;;) {
    const next = await attempt.continueWith?.(
      outcome,
      ({ deployment: { provider }, target: { model } }) => continuing(asked, spoken.text, { provider, model }).request,
    )
    if (!next) return undefined
    attempt = next.attempt
    const { provider, group } = attempt.deployment
    const { seam } = continuing(asked, spoken.text, { provider, model: attempt.target.model })
    try {
      const opened = await open(attempt, next.answer, deps, {
        spoken,
        seam,
        used,
        by: group,
        model: asked.model,
        printer,
      })
      return legOf({ attempt, answer: next.answer, opened, deps, over, asked, used })
    } catch (thrown) {
      if (attempt.continueWith === undefined) {
        fail(attempt, thrown, deps)
        return undefined
      }
      outcome = failureOf(attempt, toGatewayError(thrown), deps)
      used = sum(used, outcome.usage)
    }
  }
}

function outcomeOf({ attempt, answer, opened }: Telltale, end: StreamEnd): Outcome {
  const { request, deployment, call } = attempt
  const cut = end.how === 'cut' ? brokeOff(attempt, answer, end.error ?? 'it broke off') : undefined
  const { firstTokenMs } = opened
  // The client's leaving may be heard at the vendor's connection first.
  const hasLeft = end.how === 'cancelled' || cut?.kind === 'client_closed'
  return {
    status: end.how === 'complete' ? 'success' : hasLeft ? 'cancelled' : 'failure',
    usage: end.usage ?? call.operation.estimateUsage(request, end.outputChars, deployment.maxOutputTokens),
    estimated: end.usage === undefined,
    httpStatus: answer.response.status,
    ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
    ...leftIn(answer.response.headers),
    ...(cut ? { error: cut } : {}),
  }
}

function brokeOff({ deployment }: Attempt, { watch }: Answer, reason: string): GatewayError {
  return (
    watch.ended() ??
    new GatewayError('upstream_failed', `${deployment.group} broke off in the middle of its answer: ${reason}.`)
  )
}
