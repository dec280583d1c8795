import type { ChatRequest } from '../dialects/chat.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { ask } from './ask.ts'
import type { Attempt } from './attempt.ts'
import type { GatewayDeps } from './deps.ts'
import { relayed } from './relayed.ts'
import { whole } from './whole.ts'

/** One attempt's answer to the caller, streamed or whole. What it throws has sent nothing to the caller yet. */
export async function answered<R extends AnyRequest>(attempt: Attempt<R>, deps: GatewayDeps): Promise<Response> {
  const { operation } = attempt.call
  const [first, ...more] = operation.upstreams(attempt)
  const answer = await ask(attempt, first, deps)
  return isStreamedChat(attempt) ? await relayed(attempt, answer, deps) : await whole(attempt, answer, more, deps)
}

function isStreamedChat(attempt: Attempt<AnyRequest>): attempt is Attempt<ChatRequest> {
  const { call, request } = attempt
  return call.operation.name === 'chat' && call.operation.streams(request)
}
