import { GatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'

/** A provider's good answer: 2xx headers are here, its body is still to come. */
export interface Answer {
  readonly response: Response
  /** Why the call was ended from our side, if it was: nobody listens any more, or it took too long. */
  readonly ended: () => GatewayError | undefined
  /** To be called once, when the body is over: lets go of the deadline and of the client's signal. */
  readonly over: () => void
}

/** Upstream headers worth showing; each goes out as `llm_provider-…`, as LiteLLM does. */
const SHOWN = /^(x-request-id|x-ratelimit-.*|openai-(organization|processing-ms|version))$/

/**
 * Asks the provider once. Throws what the client should see: the vendor's refusal as its file classifies it, a timeout,
 * or `client_closed` when nobody is listening any more. Redirects are never followed: they would carry the key along.
 */
export async function ask<R extends AnyRequest>(
  attempt: Attempt<R>,
  upstream: UpstreamRequest,
  deps: GatewayDeps,
): Promise<Answer> {
  const { call } = attempt
  const { signal, ended, over, headersArrived } = deadlines(attempt, deps)
  try {
    const response = await deps.fetch(upstream.url, {
      method: upstream.method,
      headers: upstream.headers,
      body: upstream.body,
      redirect: 'manual',
      signal,
    })
    headersArrived()
    if (!response.ok) throw await failure(attempt, response)
    return { response, ended, over }
  } catch (error) {
    over()
    if (error instanceof GatewayError) throw error
    throw ended() ?? unreachable(attempt, error, call.signal.aborted)
  }
}

/** One timer keeps both deadlines: the shorter is waited for first, then what is left of the whole. */
function deadlines<R extends AnyRequest>({ call, request, deployment }: Attempt<R>, deps: GatewayDeps) {
  const { router, general } = deps.config
  const { signal: client } = call
  const controller = new AbortController()
  let why: GatewayError | undefined
  const end = (error: GatewayError) => {
    why ??= error
    controller.abort(error)
  }
  const leave = () => end(new GatewayError('client_closed', 'The client closed the connection.'))
  if (client.aborted) leave()
  else client.addEventListener('abort', leave, { once: true })

  const totalMs = general.totalTimeoutMs
  const silenceMs =
    (call.operation.streams(request) ? (deployment.streamTimeoutMs ?? router.streamTimeoutMs) : undefined) ??
    deployment.timeoutMs ??
    router.timeoutMs
  const firstMs = Math.min(silenceMs, totalMs)
  let silent = true
  let timer = setTimeout(() => {
    if (silent || firstMs === totalMs) end(timedOut(deployment.group, firstMs))
    else timer = setTimeout(() => end(timedOut(deployment.group, totalMs)), totalMs - firstMs)
  }, firstMs)
  const over = () => {
    clearTimeout(timer)
    client.removeEventListener('abort', leave)
  }
  const headersArrived = () => {
    silent = false
  }
  return { signal: controller.signal, ended: () => why, over, headersArrived }
}

const timedOut = (group: string, afterMs: number) =>
  new GatewayError('timeout', `${group} did not answer within ${afterMs / 1000} s.`, { retry: true })

/** The body of a refusal is always read or cancelled: a connection left open would stall others. */
async function failure(
  { provider, deployment }: Pick<Attempt, 'provider' | 'deployment'>,
  response: Response,
): Promise<GatewayError> {
  const body = await response.text().catch(() => '')
  const { kind, message, ...details } = provider.failure(response.status, response.headers, body)
  return new GatewayError(kind, message, {
    ...details,
    headers: { ...shownHeaders(response.headers), 'x-litellm-model-id': deployment.id },
  })
}

function unreachable({ deployment }: Pick<Attempt, 'deployment'>, cause: unknown, clientLeft: boolean): GatewayError {
  return clientLeft
    ? new GatewayError('client_closed', 'The client closed the connection.', { cause })
    : new GatewayError('upstream_failed', `${deployment.group} could not be reached. Ask again in a moment.`, {
        cause,
        retry: true,
      })
}

export function shownHeaders(headers: Headers): Record<string, string> {
  const shown: Record<string, string> = {}
  headers.forEach((value, name) => {
    if (SHOWN.test(name)) shown[`llm_provider-${name}`] = value
  })
  return shown
}
