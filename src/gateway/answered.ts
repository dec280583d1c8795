import type { ChatRequest } from '../dialects/chat.ts'
import { GatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import { forgetToken } from './access.ts'
import { type Answer, ask } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { passedOn } from './passed-on.ts'
import { prepared } from './prepared.ts'
import { relayed } from './relayed.ts'
import { whole } from './whole.ts'

/** One attempt's answer to the caller, streamed or whole. What it throws has sent nothing to the caller yet. */
export async function answered<R extends AnyRequest>(attempt: Attempt<R>, deps: GatewayDeps): Promise<Response> {
  const { ready, answer, more } = await asked(attempt, deps)
  if (isStreamedChat(ready)) return await relayed(ready, answer, deps)
  const hearing = ready.call.operation.hearing?.(ready)
  if (hearing?.takes(answer.response.headers)) return await passedOn(ready, answer, hearing, deps)
  return await whole(ready, answer, more, deps)
}

/** The vendor's answer, beside the attempt as the vendor was asked, and what it is to be asked after it. */
export async function asked<R extends AnyRequest>(attempt: Attempt<R>, deps: GatewayDeps): Promise<Asked<R>> {
  const waiting = prepared(attempt, deps)
  const ready = waiting instanceof Promise ? await waiting : waiting
  const [first, ...more] = ready.call.operation.upstreams(ready)
  try {
    return { ready, answer: await ask(ready, first, deps), more }
  } catch (error) {
    const { tokenSource } = ready.target
    if (tokenSource && error instanceof GatewayError && error.kind === 'auth_error') forgetToken(tokenSource, deps)
    throw error
  }
}

export interface Asked<R extends AnyRequest> {
  readonly ready: Attempt<R>
  readonly answer: Answer
  readonly more: readonly UpstreamRequest[]
}

function isStreamedChat(attempt: Attempt<AnyRequest>): attempt is Attempt<ChatRequest> {
  const { call, request } = attempt
  return call.operation.name === 'chat' && call.operation.streams(request)
}
