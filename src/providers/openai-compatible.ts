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
      url: urlOf(target.apiBase ?? defaults.apiBase, target.model, '/chat/completions'),
      method: 'POST',
      headers: headersFor(target),
      body: JSON.stringify(chatBody(request, target)),
    }),
    usage: openaiUsage,
    failure: openaiFailure,
  }
}

/** Where one of OpenAI's endpoints is, below an `api_base` with or without a query; a base that names it already stays. */
export function urlOf(apiBase: string | undefined, model: string, path: `/${string}`): string {
  if (apiBase === undefined)
    throw new GatewayError('internal', `Nobody knows where "${model}" is: the operator must set its api_base.`)
  const [address = '', query] = apiBase.split('?', 2)
  const base = address.replace(/\/+$/, '')
  const url = base.endsWith(path) ? base : `${base}${path}`
  return query === undefined ? url : `${url}?${query}`
}

export function headersFor({ apiKey, organization, extraHeaders }: Target): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    ...(organization !== undefined && { 'openai-organization': organization }),
    ...Object.fromEntries(Object.entries(extraHeaders).map(([name, value]) => [name.toLowerCase(), value])),
  }
}
