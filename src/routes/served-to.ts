import { openaiChat } from '../dialects/openai-chat.ts'
import { serve } from '../gateway/serve.ts'
import type { AnyRequest, Operation } from '../operations/operation.ts'
import { callerOf } from './others.ts'
import type { Asked } from './route.ts'

/** One request of an operation that has only OpenAI's shape: who it is for, then the story. A path may name its model. */
export async function servedTo<R extends AnyRequest>(
  { principal, request, requestId, receivedAtMs, params: { model }, deps }: Asked<'key', unknown, unknown>,
  operation: Operation<R>,
  body: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const { headers, signal } = request
  const moment = { nowMs: receivedAtMs, defer: deps.gateway.defer }
  const caller = await callerOf(principal, { headers, body }, deps.tenants, moment)
  const path = model === undefined ? {} : { model }
  return serve(
    { requestId, principal: caller, operation, dialect: openaiChat, path, body, headers, signal, receivedAtMs },
    deps.gateway,
  )
}
