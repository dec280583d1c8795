import { base64, fromBase64 } from '../seal.ts'
import type { KeptAnswer } from './port.ts'

/** An answer longer than this is not kept. */
export const LONGEST_ANSWER_BYTES = 4 * 1024 * 1024
/** What belongs to one delivery, not to the answer. */
const OF_DELIVERY = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'set-cookie',
  'transfer-encoding',
  'x-client-request-id',
  'x-litellm-call-id',
  'x-request-id',
])
const COST = 'x-litellm-response-cost'

/**
 * The answer to keep, or undefined where it did not come to its good end: what failed may be tried again. A stream that
 * broke off says so in its last event, as each dialect of ours ends one.
 */
export function kept(response: Pick<Response, 'status' | 'headers'>, body: Uint8Array): KeptAnswer | undefined {
  if (response.status < 200 || response.status > 299) return undefined
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream') && isFailure(lastEvent(body))) return undefined
  if (type.startsWith('application/json')) {
    const value = parsed(new TextDecoder().decode(body))
    if (value === undefined || (Array.isArray(value) && isFailure(value.at(-1)))) return undefined
  }
  const headers = [...response.headers].filter(([name]) => !OF_DELIVERY.has(name))
  return { status: response.status, headers, body: base64(body) }
}

/** The answer again, marked as such; it cost nothing this time. */
export function replayedAnswer({ status, headers, body }: KeptAnswer): Response {
  const shown = new Headers(headers.map(([name, value]) => [name, value] as [string, string]))
  if (shown.has(COST)) shown.set(COST, '0')
  shown.set('idempotent-replayed', 'true')
  const bytes = fromBase64(body)
  return new Response(bytes.length === 0 ? null : bytes, { status, headers: shown })
}

/** The data of the last event that has any. */
function lastEvent(body: Uint8Array): unknown {
  const text = new TextDecoder().decode(body)
  const data = text.split(/\r?\n/).findLast((line) => line.startsWith('data:'))
  return data === undefined ? { error: 'no event' } : (parsed(data.slice('data:'.length)) ?? {})
}

function isFailure(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false
  const { error, type }: { error?: unknown; type?: unknown } = event
  return (error !== undefined && error !== null) || type === 'error' || type === 'response.failed'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
