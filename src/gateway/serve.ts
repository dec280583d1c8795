import { refuseInactive } from '../config/capabilities.ts'
import { groupOf } from '../config/read.ts'
import { parseChat } from '../dialects/openai.ts'
import { mayUse } from '../tenants/access.ts'
import { ask } from './ask.ts'
import type { Call } from './call.ts'
import { plan } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'
import { fail } from './finish.ts'
import { relayed } from './relayed.ts'
import { take } from './take.ts'
import { whole } from './whole.ts'

/**
 * The story of a request: parse → admit → plan → take → ask → relay; log and settle follow the answer. Whatever is
 * thrown ends the request here, and an attempt that was taken is always finished.
 */
export async function serve(call: Call, deps: GatewayDeps): Promise<Response> {
  const request = parseChat(call.body)
  refuseInactive(request, 'chat')
  mayUse(call.principal, request.model, groupOf(deps.config, request.model))
  const [candidate] = plan(request.model, deps)
  const attempt = await take(call, request, candidate, deps)
  try {
    const answer = await ask(attempt, deps)
    return request.stream === true ? relayed(attempt, answer, deps) : await whole(attempt, answer, deps)
  } catch (error) {
    throw fail(attempt, error, deps)
  }
}
