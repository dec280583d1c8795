import { GatewayError } from '../errors.ts'
import type { FramedEvent } from '../streams/splitter.ts'
import { textWithin } from '../streams/text-within.ts'
import type { Answer } from './ask.ts'
import type { Attempt } from './attempt.ts'

const LONGEST = 256 * 1024

/** The vendor's refusal, where a good status has one behind it: some servers and proxies fail that way. */
export function refusedWithin(
  { provider }: Pick<Attempt, 'provider'>,
  { status, headers }: Response,
  text: string,
  json: unknown,
): GatewayError | undefined {
  if (!isRefusal(json)) return undefined
  const { kind, message, ...details } = provider.failure(status, headers, text)
  return new GatewayError(kind, message, details)
}

/** What a vendor said when it failed in the middle of a stream. AWS's exceptions have their names beside their bodies. */
export function refusedInStream(
  { framing, failure }: Pick<Attempt['provider'], 'framing' | 'failure'>,
  response: Response,
  { event, data }: FramedEvent,
): GatewayError {
  const headers = new Headers(response.headers)
  if (framing === 'aws-event-stream' && event !== undefined && event !== 'error') headers.set('x-amzn-errortype', event)
  const { kind, message, ...details } = failure(response.status, headers, data)
  return new GatewayError(kind, message, details)
}

/** Why there is no stream where one was asked for. The connection is let go of. */
export async function noStream(attempt: Attempt, { response, watch }: Answer): Promise<GatewayError> {
  const text = isJson(response) ? await textOf(response, watch) : ''
  response.body?.cancel().catch(() => {})
  return (
    watch.ended() ??
    refusedWithin(attempt, response, text, parsed(text)) ??
    new GatewayError('upstream_failed', `${attempt.deployment.group} was asked for a stream and sent something else.`, {
      billed: true,
      retry: true,
    })
  )
}

async function textOf({ body }: Response, watch: Answer['watch']): Promise<string> {
  watch.wait()
  const { text } = await textWithin(body, LONGEST).catch(() => ({ text: '' }))
  watch.heard()
  return text
}

function isJson({ headers }: Response): boolean {
  return headers.get('content-type')?.toLowerCase().includes('json') === true
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Google's errors may stand in a list. */
function isRefusal(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  if (Array.isArray(json)) return json.some(isRefusal)
  return 'error' in json && Boolean(json.error) && !('choices' in json)
}
