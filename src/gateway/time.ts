import type { Config, Deployment, Timeouts } from '../config/config.ts'
import { GatewayError } from '../errors.ts'

/** How long one attempt is waited for. Absent means not at all by itself: `totalMs` ends everything. */
export interface Patience {
  /** From the request to its headers. */
  readonly headersMs: number
  /** From the request to the first event that says something; streams only. */
  readonly firstMs?: number
  /** The longest silence after the headers. */
  readonly silenceMs: number
  readonly totalMs: number
  /** How long an answer that has begun is read on when its client has left; absent where it is given up at once. */
  readonly drainMs?: number
}

export interface Waiting {
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
  readonly streams: boolean
  readonly deployment: Pick<Deployment, 'timeoutMs' | 'streamTimeoutMs' | 'timeouts' | 'reasonsInSilence'>
  readonly config: Pick<Config, 'router' | 'general'>
  /** Somebody else is left to be asked. */
  readonly elsewhere: boolean
}

/** Where another can be asked, a first token that takes longer than this is not worth waiting for. */
const FIRST_TOKEN_MS = 12_000

/**
 * Which of the settings holds: the caller's header, its body, the deployment, the router, in this order. `timeout` and
 * `stream_timeout` are LiteLLM's, and mean what they mean there: the longest silence, not the whole (litellm.md §3).
 * Nobody waits longer than `total_timeout`, for which the hold was made.
 */
export function patience({ headers, body, streams, deployment, config, elsewhere }: Waiting): Patience {
  const { router, general } = config
  const set = (name: keyof Timeouts, header: string) =>
    inHeader(headers, header) ?? deployment.timeouts?.[name] ?? router.timeouts?.[name]
  const totalMs = Math.min(set('totalMs', 'x-tollgate-total-timeout') ?? Infinity, general.totalTimeoutMs)
  const plainMs =
    inHeader(headers, 'x-litellm-timeout') ??
    inBody(body, 'timeout') ??
    inBody(body, 'request_timeout') ??
    deployment.timeoutMs ??
    router.timeoutMs
  const { drainMs } = general
  const drains = drainMs === undefined ? {} : { drainMs }
  if (!streams) return { headersMs: plainMs, silenceMs: plainMs, totalMs, ...drains }

  const streamMs =
    inHeader(headers, 'x-litellm-stream-timeout') ??
    inBody(body, 'stream_timeout') ??
    deployment.streamTimeoutMs ??
    router.streamTimeoutMs ??
    plainMs
  const connectMs = set('connectMs', 'x-tollgate-connect-timeout') ?? Infinity
  const waits = !elsewhere || deployment.reasonsInSilence === true || reasons(body)
  const firstMs = set('ttftMs', 'x-tollgate-ttft-timeout') ?? (waits ? undefined : FIRST_TOKEN_MS)
  return {
    headersMs: Math.min(streamMs, connectMs),
    silenceMs: set('streamIdleMs', 'x-tollgate-stream-idle-timeout') ?? streamMs,
    ...(firstMs === undefined ? {} : { firstMs }),
    totalMs,
    ...drains,
  }
}

/** The request asks for thoughts, in whichever dialect: they may take long before anything is shown. */
function reasons({ reasoning_effort, reasoning, thinking, generationConfig }: Waiting['body']): boolean {
  if (typeof reasoning_effort === 'string') return reasoning_effort !== 'none' && reasoning_effort !== 'minimal'
  if (isSaid(reasoning) || isSaid(reasoning_effort)) return true
  if (isSaid(thinking)) return (thinking as { type?: unknown }).type !== 'disabled'
  return isSaid(generationConfig) && isSaid((generationConfig as { thinkingConfig?: unknown }).thinkingConfig)
}

function isSaid(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function inHeader(headers: Headers, name: string): number | undefined {
  const said = headers.get(name)
  return said === null ? undefined : ms(said, `The header ${name}`, name)
}

function inBody(body: Waiting['body'], field: string): number | undefined {
  const said = body[field]
  return said === undefined || said === null ? undefined : ms(said, field, field)
}

/** Seconds, also where they came as text. */
function ms(said: unknown, what: string, param: string): number {
  const seconds = typeof said === 'number' ? said : typeof said === 'string' && said.trim() !== '' ? Number(said) : NaN
  if (seconds > 0) return seconds * 1000
  throw new GatewayError('invalid_request', `${what} must be a number of seconds above 0.`, { param })
}
