import { GatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { signAws } from '../providers/aws.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { Source } from '../streams/telling.ts'
import { textWithin } from '../streams/text-within.ts'
import type { Attempt } from './attempt.ts'
import { type Deadlines, deadlines } from './deadlines.ts'
import type { GatewayDeps } from './deps.ts'
import { headerText } from './header-text.ts'
import { patience } from './time.ts'
import { withFile } from './with-file.ts'

/** A provider's good answer: 2xx headers are here, its body is still to come. */
export interface Answer {
  readonly response: Response
  readonly watch: Deadlines
}

/** The answer to an upgrade: a WebSocket is open. */
const SWITCHED = 101

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
  const { headers, body: asked, signal: client } = call
  const { deployment, elsewhere = false } = attempt
  const streams = call.operation.streams(attempt.request)
  const allowed = patience({ headers, body: asked, streams, deployment, config: deps.config, elsewhere })
  const watch = deadlines(deployment.group, allowed, client, deps.clock)
  try {
    const sent = upstream.aws ? await signAws(upstream, deps.clock()) : upstream
    const body = sent.inlined ? await withFile(sent.body, sent.inlined) : (sent.upload ?? sent.body)
    const response = await deps.fetch(sent.url, {
      method: sent.method,
      headers: sent.headers,
      ...(sent.method !== 'GET' && { body }),
      redirect: 'manual',
      signal: watch.signal,
    })
    watch.heard()
    if (!response.ok && response.status !== SWITCHED) throw await failure(attempt, response, watch)
    return { response, watch }
  } catch (error) {
    watch.over()
    if (error instanceof GatewayError) throw error
    throw watch.ended() ?? unreachable(attempt, error)
  }
}

/** The body, each read of it watched: the vendor's silence counts while somebody waits for it. */
export function watched(body: ReadableStream<Uint8Array>, { wait, heard }: Pick<Deadlines, 'wait' | 'heard'>): Source {
  const reader = body.getReader()
  return {
    async read() {
      wait()
      const piece = await reader.read()
      heard()
      return piece
    },
    cancel: (reason) => reader.cancel(reason),
  }
}

const LONGEST_REFUSAL = 256 * 1024

/** The body of a refusal is always read or cancelled: a connection left open would stall others. */
async function failure(
  { provider, deployment }: Pick<Attempt, 'provider' | 'deployment'>,
  response: Response,
  watch: Deadlines,
): Promise<GatewayError> {
  watch.wait()
  const body = await textWithin(response.body, LONGEST_REFUSAL).catch(() => ({ text: '' }))
  watch.heard()
  const { kind, message, ...details } = provider.failure(response.status, response.headers, body.text)
  return new GatewayError(kind, message, {
    ...details,
    headers: { ...shownHeaders(response.headers), 'x-litellm-model-id': headerText(deployment.id) },
  })
}

function unreachable({ deployment }: Pick<Attempt, 'deployment'>, cause: unknown): GatewayError {
  return new GatewayError('upstream_failed', `${deployment.group} could not be reached. Ask again in a moment.`, {
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
