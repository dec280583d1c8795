import type { Fields } from '../dialects/loose-json.ts'
import { chatBody } from './chat-body.ts'
import { headersFor, urlOf } from './openai-compatible.ts'
import type { Provider, Target, UpstreamRequest } from './provider.ts'

/** A request's own fields over the deployment's, without the gateway's: the rule that chats have too. */
export function taskBody(request: Fields, target: Pick<Target, 'model' | 'params'>): Record<string, unknown> {
  const { stream: _, ...asked } = request
  const { messages: __, ...body } = chatBody({ ...asked, model: target.model, messages: [] }, target)
  return body
}

/** How one of OpenAI's endpoints is reached at a vendor that has it. */
export interface Reach {
  readonly url: (target: Target) => string
  readonly headers: (target: Target) => Record<string, string>
}

/** At the deployment's address, else at the vendor's. */
export function openaiReach(defaults: Provider['defaults'], path: `/${string}`): Reach {
  return { url: (target) => urlOf(target.apiBase ?? defaults.apiBase, target.model, path), headers: headersFor }
}

export function posted({ url, headers }: Reach, target: Target, body: Fields): UpstreamRequest {
  return { url: url(target), method: 'POST', headers: headers(target), body: JSON.stringify(body) }
}
