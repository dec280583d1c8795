import { completion } from '../dialects/openai.ts'
import { GatewayError } from '../errors.ts'
import { estimateUsage } from '../operations/chat.ts'
import type { Usage } from '../prices/usage.ts'
import type { Answer } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { costOf, finish, type Outcome } from './finish.ts'
import { answerHeaders } from './headers.ts'
import { passes, readingOf } from './tongue.ts'

/** An answer that is not streamed: read to its end, priced, handed on. Throws when it is not an answer after all. */
export async function whole(attempt: Attempt, answer: Answer, deps: GatewayDeps): Promise<Response> {
  const { request, deployment, provider } = attempt
  const text = await read(attempt, answer)
  const waitedMs = deps.clock() - attempt.startedAtMs
  const parsed = parse(text)
  if (parsed === undefined) {
    throw new GatewayError('upstream_failed', `${deployment.group} answered with something that is not JSON.`, {
      billed: true,
      retry: true,
    })
  }
  const usage = provider.usage(parsed)
  const outcome: Outcome = {
    status: 'success',
    usage: usage ?? estimateUsage(request, text.length, deployment.maxOutputTokens),
    estimated: usage === undefined,
    httpStatus: answer.response.status,
  }
  const body = told(attempt, { text, parsed, usage: outcome.usage })
  finish(attempt, outcome, deps)
  return new Response(body, {
    headers: {
      ...answerHeaders(attempt, answer.response.headers, waitedMs, costOf(attempt, outcome), deps),
      'content-type': 'application/json',
    },
  })
}

/** The answer in the caller's words, with an estimate of its usage where the vendor tells none. One that cannot be read is none. */
function told(attempt: Attempt, { text, parsed, usage }: { text: string; parsed: unknown; usage: Usage }): string {
  const { call, deployment, provider, request } = attempt
  if (passes(attempt)) return call.dialect.name === 'openai' ? completion(text, parsed, deployment.group) : text
  try {
    const answer = provider.completion(parsed, readingOf(attempt))
    return JSON.stringify(call.dialect.completion({ ...answer, usage: answer.usage ?? usage }, request))
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('upstream_failed', `${deployment.group} answered with something that cannot be read.`, {
      billed: true,
      retry: true,
      cause,
    })
  }
}

async function read({ deployment }: Attempt, { response, ended, over }: Answer): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw (
      ended() ??
      new GatewayError('upstream_failed', `${deployment.group} broke off in the middle of its answer.`, {
        billed: true,
        retry: true,
        cause,
      })
    )
  } finally {
    over()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
