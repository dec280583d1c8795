import { openaiChat } from '../dialects/openai-chat.ts'
import { newId } from '../ids.ts'
import { upstreamOf } from '../operations/chat-tongue.ts'
import { maskSecrets } from '../providers/mask.ts'
import type { Principal } from '../tenants/principal.ts'
import type { GatewayDeps } from './deps.ts'
import { groupFor } from './groups.ts'

/** What a vendor would be sent, in LiteLLM's words. */
export interface Transformed {
  readonly raw_request_api_base: string
  readonly raw_request_body: unknown
  /** Without what opens a door. */
  readonly raw_request_headers: Readonly<Record<string, string>>
}

const OPENS = /auth|key|token|secret|cookie|signature/i

/** A chat as the first deployment of its group would be asked, which is not asked. */
export function transformed(
  body: Readonly<Record<string, unknown>>,
  principal: Principal,
  deps: GatewayDeps,
): Transformed {
  const request = openaiChat.parse(body, {})
  const [candidate] = groupFor(request.model, principal, deps).candidates
  if (!candidate) throw new TypeError('A group has no deployment.')
  const nowMs = deps.clock()
  const { provider, deployment, target } = candidate
  const call = { dialect: openaiChat, body }
  const upstream = upstreamOf({ id: newId(nowMs), request, deployment, provider, target, startedAtMs: nowMs, call })
  return {
    raw_request_api_base: maskSecrets(withoutKeys(upstream.url)),
    raw_request_body: JSON.parse(upstream.body),
    raw_request_headers: Object.fromEntries(
      Object.entries(upstream.headers).map(([name, value]) => [name, OPENS.test(name) ? '***' : maskSecrets(value)]),
    ),
  }
}

/** Some vendors are given their key in the address. */
function withoutKeys(address: string): string {
  const url = new URL(address)
  for (const name of [...url.searchParams.keys()]) if (OPENS.test(name)) url.searchParams.set(name, '***')
  return url.href
}
