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

/** The same as a form, for bodies with files: lists are told one by one, and the runtime writes the content type. */
export function uploaded({ url, headers }: Reach, target: Target, body: Fields): UpstreamRequest {
  const { 'content-type': _, ...rest } = headers(target)
  const form = new FormData()
  for (const [name, value] of Object.entries(body)) {
    if (Array.isArray(value)) for (const one of value) append(form, `${name}[]`, one)
    else append(form, name, value)
  }
  return { url: url(target), method: 'POST', headers: rest, body: '', upload: form }
}

function append(form: FormData, name: string, value: unknown): void {
  if (value === undefined || value === null) return
  if (value instanceof Blob) form.append(name, value, value instanceof File ? value.name : name)
  else form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
}
