import { GatewayError } from '../errors.ts'
import { estimateUsage } from '../operations/chat.ts'
import { passes, readingOf, splitterOf } from '../operations/chat-tongue.ts'
import { chatMeter } from '../streams/meter.ts'
import { relay, type StreamEnd } from '../streams/relay.ts'
import type { Answer } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { finish } from './finish.ts'
import { answerHeaders } from './headers.ts'
import { translate } from './translate.ts'

/**
 * A streamed answer: passed on as it comes, metered on its way. However it ends (whole, cut, or left by the client) the
 * attempt is finished once; a stream that broke off ends with an error event, never as if complete.
 */
export function relayed(attempt: Attempt, answer: Answer, deps: GatewayDeps): Promise<Response> {
  const { response, ended, over } = answer
  const { deployment, request, provider, call } = attempt
  if (!response.body || !isStream(attempt, response.headers)) {
    response.body?.cancel().catch(() => {})
    over()
    throw new GatewayError('upstream_failed', `${deployment.group} was asked for a stream and sent something else.`, {
      billed: true,
      retry: true,
    })
  }
  const waitedMs = deps.clock() - attempt.startedAtMs
  let firstTokenMs: number | undefined
  let onEnd: (end: StreamEnd) => void = () => {}
  deps.defer(
    'finish stream',
    new Promise<void>((resolve) => {
      onEnd = (end) => {
        over()
        finishStream(attempt, answer, end, firstTokenMs, deps)
        resolve()
      }
    }),
  )
  const { dialect } = call
  const shared = {
    cutEvent: (reason: string) => dialect.errorEvent(ended() ?? brokeOff(deployment.group, reason), call.requestId),
    onFirst: () => {
      firstTokenMs = deps.clock()
    },
    onEnd: (end: StreamEnd) => onEnd(end),
  }
  const passing = passes(attempt)
  const body =
    passing && dialect.name === 'openai'
      ? relay(response.body, { ...shared, meter: meterOf(attempt, response) })
      : translate(response.body, {
          ...shared,
          estimate: (chars) => estimateUsage(request, chars, deployment.maxOutputTokens),
          splitter: splitterOf(attempt),
          reader: provider.reader(readingOf(attempt)),
          ...(passing ? {} : { printer: dialect.printer(request) }),
        })
  const headers = {
    ...answerHeaders(attempt, response.headers, waitedMs, undefined, deps),
    'content-type': dialect.streamType ?? 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  }
  return Promise.resolve(new Response(body, { headers }))
}

function finishStream(
  attempt: Attempt,
  { ended, response }: Answer,
  end: StreamEnd,
  firstTokenMs: number | undefined,
  deps: GatewayDeps,
): void {
  const cut =
    end.how === 'cut' ? (ended() ?? brokeOff(attempt.deployment.group, end.error ?? 'it broke off')) : undefined
  finish(
    attempt,
    {
      status: end.how === 'complete' ? 'success' : end.how === 'cancelled' ? 'cancelled' : 'failure',
      usage: end.usage ?? estimateUsage(attempt.request, end.outputChars, attempt.deployment.maxOutputTokens),
      estimated: end.usage === undefined,
      httpStatus: response.status,
      ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
      ...(cut ? { error: cut } : {}),
    },
    deps,
  )
}

const brokeOff = (group: string, reason: string) =>
  new GatewayError('upstream_failed', `${group} broke off in the middle of its answer: ${reason}.`)

function meterOf({ deployment, request, provider }: Attempt, response: Response) {
  return chatMeter({
    group: deployment.group,
    showUsage: request.stream_options?.include_usage === true,
    usage: provider.usage,
    errorMessage: (event) => provider.failure(response.status, response.headers, event).message,
    choices: request.n ?? 1,
  })
}

const STREAM_TYPES = {
  sse: ['text/event-stream'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/json'],
  'aws-event-stream': ['application/vnd.amazon.eventstream'],
} as const

function isStream({ provider }: Attempt, headers: Headers): boolean {
  const type = headers.get('content-type')?.toLowerCase() ?? ''
  return STREAM_TYPES[provider.framing].some((known) => type.startsWith(known))
}
