import { GatewayError, toGatewayError } from '../errors.ts'
import type { AnyRequest, Hearing } from '../operations/operation.ts'
import type { Source } from '../streams/telling.ts'
import { type Answer, watched } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { failureOf, finish, type Outcome } from './finish.ts'
import { answerHeaders } from './headers.ts'

/**
 * An answer that is passed on as it comes, byte for byte: sound, or events that callers know. Its beginning is held back
 * until there is one, so that somebody else can be asked; what breaks off later ends with an error, never as if whole.
 * The attempt is finished once, however it ends.
 */
export async function passedOn<R extends AnyRequest>(
  attempt: Attempt<R>,
  answer: Answer,
  hearing: Hearing,
  deps: GatewayDeps,
): Promise<Response> {
  const { response, watch } = answer
  const broke = (cause?: unknown) => brokeOff(attempt, answer, hearing, cause)
  if (!response.body) {
    watch.over()
    throw broke()
  }
  const source = watched(response.body, watch)
  let held = await firstOf(source, hearing).catch((cause: unknown) => {
    watch.over()
    throw broke(cause)
  })
  if (held === undefined || hearing.failure !== undefined) {
    watch.over()
    source.cancel().catch(() => {})
    throw broke()
  }
  watch.begun()
  const firstTokenMs = deps.clock()
  const { promise, resolve } = Promise.withResolvers<void>()
  deps.defer('finish stream', promise)
  let isOver = false
  const end = (outcome: Pick<Outcome, 'status' | 'usage' | 'estimated'> & Partial<Outcome>) => {
    if (isOver) return
    isOver = true
    watch.over()
    finish(attempt, { httpStatus: response.status, firstTokenMs, ...outcome }, deps)
    resolve()
  }
  const cut = (controller: ReadableStreamDefaultController<Uint8Array>, cause?: unknown) => {
    const error = broke(cause)
    end({ ...failureOf(attempt, error, deps), ...toldBy(hearing) })
    source.cancel(error).catch(() => {})
    if (!hearing.events) return controller.error(error)
    controller.enqueue(attempt.call.dialect.errorEvent(error, attempt.call.requestId))
    controller.close()
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (isOver) return
        try {
          const { done, value } = held ? { done: false, value: held } : await source.read()
          if (isOver) return
          if (!done) {
            if (!held && value) hearing.hear(value)
            held = undefined
            if (hearing.failure !== undefined) return cut(controller)
            if (value) controller.enqueue(value)
            return
          }
          hearing.over()
          if (!hearing.complete) return cut(controller)
          end({ status: 'success', ...hearing.used() })
          controller.close()
        } catch (cause) {
          if (!isOver) cut(controller, cause)
        }
      },
      async cancel(reason) {
        const left = new GatewayError('client_closed', 'The client closed the connection.')
        // Whoever leaves after the vendor's last word has had the whole answer.
        if (hearing.complete && hearing.events) end({ status: 'success', ...hearing.used() })
        else end({ ...failureOf(attempt, left, deps), ...toldBy(hearing) })
        await source.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      ...answerHeaders(attempt, response.headers, firstTokenMs - attempt.startedAtMs, undefined, deps),
      'content-type': response.headers.get('content-type') ?? 'application/octet-stream',
      ...(hearing.events && { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }),
    },
  })
}

/** Undefined for an answer that is over before it began. */
async function firstOf(source: Source, hearing: Hearing): Promise<Uint8Array | undefined> {
  for (;;) {
    const { done, value } = await source.read()
    if (done) return undefined
    if (!value || value.length === 0) continue
    hearing.hear(value)
    return value
  }
}

/** What the vendor has told holds over what we would reckon. */
function toldBy(hearing: Hearing): Partial<Outcome> {
  const { usage, estimated } = hearing.used()
  return estimated ? {} : { usage, estimated }
}

function brokeOff<R extends AnyRequest>(
  { deployment, provider }: Attempt<R>,
  { response, watch }: Answer,
  { failure }: Hearing,
  cause: unknown,
): GatewayError {
  if (failure !== undefined) {
    const { kind, message, ...details } = provider.failure(response.status, response.headers, failure)
    return new GatewayError(kind, message, { ...details, billed: true })
  }
  const ended = watch.ended()
  if (ended) return toGatewayError(ended)
  return new GatewayError('upstream_failed', `${deployment.group} broke off in the middle of its answer.`, {
    billed: true,
    retry: true,
    cause,
  })
}
