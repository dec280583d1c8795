import { lowerNames } from './lower-names.ts'
import type { Target, UpstreamRequest } from './provider.ts'

export const OLLAMA_ADDRESS = 'http://localhost:11434'

/** One of Ollama's own endpoints; an address that names one already stands for the server. */
export function ollamaRequest(
  target: Target,
  path: `/api/${string}`,
  body: Readonly<Record<string, unknown>>,
): UpstreamRequest {
  const base = (target.apiBase ?? OLLAMA_ADDRESS).replace(/\/+$/, '').replace(/\/api(?:\/(?:chat|embed))?$/, '')
  return {
    url: `${base}${path}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(target.apiKey !== undefined && { authorization: `Bearer ${target.apiKey}` }),
      ...lowerNames(target.extraHeaders),
    },
    body: JSON.stringify(body),
  }
}
