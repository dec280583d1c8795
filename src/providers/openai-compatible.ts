import { GatewayError } from '../errors.ts'
import { chatBody } from './chat-body.ts'
import { openaiFailure } from './openai-failure.ts'
import { openaiUsage } from './openai-usage.ts'
import type { Provider, Target } from './provider.ts'

/** A vendor that speaks OpenAI's chat completions. */
export function openaiCompatible(defaults: Provider['defaults']): Provider {
  return {
    dialect: 'openai',
    defaults,
    chat: (request, target) => ({
      url: chatUrl(target.apiBase ?? defaults.apiBase, target.model),
      method: 'POST',
      headers: headersFor(target),
      body: JSON.stringify(chatBody(request, target)),
    }),
    usage: openaiUsage,
    failure: openaiFailure,
  }
}

function chatUrl(apiBase: string | undefined, model: string): string {
  if (apiBase === undefined)
    throw new GatewayError('internal', `Nobody knows where "${model}" is: the operator must set its api_base.`)
  const [address = '', query] = apiBase.split('?', 2)
  const base = address.replace(/\/+$/, '')
  const url = base.endsWith('/chat/completions') ? base : `${base}/chat/completions`
  return query === undefined ? url : `${url}?${query}`
}

function headersFor({ apiKey, organization, extraHeaders }: Target): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    ...(organization !== undefined && { 'openai-organization': organization }),
    ...Object.fromEntries(Object.entries(extraHeaders).map(([name, value]) => [name.toLowerCase(), value])),
  }
}
