import { GatewayError } from '../errors.ts'
import { shownToCaller } from '../operations/pass-through-headers.ts'
import { noUsage } from '../prices/usage.ts'
import { frameSplitter } from '../streams/frames.ts'
import { type Answer, shownHeaders, watched } from './ask.ts'
import type { GatewayDeps } from './deps.ts'
import type { Outcome } from './finish.ts'
import { headerText } from './header-text.ts'
import { meterFor, nothingToRead, type PassMeter } from './pass-through-meter.ts'
import { refusalOf } from './pass-through-send.ts'
import { ended, estimateOf, type Passing, reckonedOf } from './passing.ts'
import { rateHeaders } from './refusal.ts'

const NO_BODY: readonly number[] = [204, 205, 304]

/** The vendor's answer as it comes, byte for byte, while its usage is read beside it. However it ends, it ends once. */
export async function relayedAsIs(passing: Passing, answer: Answer, deps: GatewayDeps): Promise<Response> {
  const { call, destination, addsUsage } = passing
  const { response, watch } = answer
  const { status } = response
  const init = { status, headers: headersOf(passing, response.headers) }
  if (!response.ok) {
    const text = await refusalOf(answer, destination.secrets)
    watch.over()
    ended(
      passing,
      { status: 'failure', usage: noUsage, estimated: false, httpStatus: status, error: theirs(passing, status) },
      deps,
    )
    return new Response(NO_BODY.includes(status) ? null : text, init)
  }
  const isRead = !passing.free && call.pricePico !== 0
  const meter = isRead ? meterFor(response.headers, call.shape, call.said) : nothingToRead
  if (response.body === null || NO_BODY.includes(status)) {
    watch.over()
    ended(passing, outcomeOf(passing, meter, { httpStatus: status }), deps)
    return new Response(null, init)
  }
  watch.begun()
  const over = Promise.withResolvers<void>()
  deps.defer('finish pass-through', over.promise)
  const body = passedOn(response.body, {
    answer,
    meter,
    shown: addsUsage ? withoutUsage() : (bytes) => [bytes],
    drainMs: deps.config.general.drainMs,
    onEnd(how) {
      watch.over()
      const left = how === 'cancelled' || watch.ended()?.kind === 'client_closed'
      const error =
        how === 'complete' || left
          ? undefined
          : (watch.ended() ??
            new GatewayError('upstream_failed', `${destination.name} broke off in the middle of its answer.`))
      const outcome = outcomeOf(passing, meter, { httpStatus: status, ...(error && { error }) })
      ended(
        passing,
        how === 'complete'
          ? outcome
          : { ...outcome, status: left ? 'cancelled' : 'failure', ...moreOf(passing, outcome, deps) },
        deps,
      )
      over.resolve()
    },
  })
  return new Response(body, init)
}

function headersOf({ call, destination, attempt }: Passing, upstream: Headers): Headers {
  const { base, secrets } = destination
  return new Headers({
    ...shownToCaller(upstream, { base, here: call.here, secrets }),
    ...shownHeaders(upstream),
    'x-litellm-call-id': call.requestId,
    'x-litellm-model-group': headerText(attempt.deployment.group),
    'x-litellm-model-id': headerText(attempt.deployment.id),
    'x-litellm-model-api-base': headerText(base),
    ...rateHeaders(attempt.rates),
  })
}

function theirs({ destination }: Passing, status: number): GatewayError {
  return new GatewayError('upstream_failed', `${destination.name} answered ${status}.`, { status })
}

function outcomeOf(
  { attempt, call, free }: Passing,
  meter: PassMeter,
  end: Pick<Outcome, 'httpStatus' | 'error'>,
): Outcome {
  const { usage, outputChars } = meter.told()
  const isEstimated = usage === undefined && call.shape !== undefined && !free
  return {
    status: 'success',
    usage: usage ?? (isEstimated ? estimateOf(attempt, outputChars) : noUsage),
    estimated: isEstimated,
    ...end,
  }
}

/**
 * What broke off, or was left, had been written further than it was read, and a total that was told before the end is
 * not the last: the larger of what was told and what could have been written counts.
 */
function moreOf(
  { attempt, call, free }: Passing,
  told: Outcome,
  deps: GatewayDeps,
): Pick<Outcome, 'usage' | 'estimated'> {
  if (call.shape === undefined || free) return told
  const reckoned = reckonedOf(attempt, deps)
  const { usage } = told
  return {
    usage: { ...usage, outputTokens: Math.max(usage.outputTokens, reckoned.outputTokens - usage.reasoningTokens) },
    estimated: true,
  }
}

interface Passage {
  readonly answer: Answer
  readonly meter: PassMeter
  readonly shown: (bytes: Uint8Array, last: boolean) => readonly Uint8Array[]
  readonly drainMs: number | undefined
  /** Exactly once. */
  readonly onEnd: (how: 'complete' | 'cut' | 'cancelled') => void
}

/**
 * One read for one pull, so that a slow client slows the vendor down. An answer that breaks off breaks off for the client
 * too. When the client leaves, the vendor is told; or it is read on for at most `drainMs`, so that what it bills is known.
 */
function passedOn(
  body: ReadableStream<Uint8Array>,
  { answer, meter, shown, drainMs, onEnd }: Passage,
): ReadableStream<Uint8Array> {
  const source = watched(body, answer.watch)
  let isOver = false
  const end = (how: 'complete' | 'cut' | 'cancelled') => {
    if (isOver) return
    isOver = true
    onEnd(how)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          let piece: Awaited<ReturnType<typeof source.read>>
          try {
            piece = await source.read()
          } catch (error) {
            end('cut')
            controller.error(error)
            return
          }
          const { done, value } = piece
          if (value) meter.see(value)
          const pieces = shown(value ?? new Uint8Array(), done)
          for (const one of pieces) if (one.length > 0) controller.enqueue(one)
          if (done) {
            end('complete')
            controller.close()
            return
          }
          if (pieces.some(({ length }) => length > 0)) return
        }
      },
      async cancel(reason) {
        if (isOver) return
        const how = drainMs === undefined ? 'cancelled' : await readOn(source, meter, drainMs)
        end(how)
        await source.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

async function readOn(
  source: ReturnType<typeof watched>,
  meter: PassMeter,
  withinMs: number,
): Promise<'complete' | 'cancelled'> {
  let isTired = false
  const tired = setTimeout(() => {
    isTired = true
    source.cancel('its client has left').catch(() => {})
  }, withinMs)
  try {
    for (;;) {
      const { done, value } = await source.read()
      if (done) return isTired ? 'cancelled' : 'complete'
      if (value) meter.see(value)
    }
  } catch {
    return 'cancelled'
  } finally {
    clearTimeout(tired)
  }
}

const decoder = new TextDecoder()

/** The event that has nothing but usage is kept from a client that did not ask for it, as its vendor would have. */
function withoutUsage(): Passage['shown'] {
  const frames = frameSplitter()
  const isOurs = (frame: Uint8Array) => {
    const text = decoder.decode(frame)
    return /"choices":\s*\[\s*\]/.test(text) && /"usage":\s*\{/.test(text)
  }
  return (bytes, last) => {
    const rest = last ? frames.rest() : undefined
    return [...frames.push(bytes), ...(rest ? [rest] : [])].filter((frame) => !isOurs(frame))
  }
}
