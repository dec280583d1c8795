import { ollamaCompletion, ollamaReader, ollamaUsage } from './ollama-answer.ts'
import { ollamaFailure } from './ollama-failure.ts'
import { ollamaBody } from './ollama-request.ts'
import type { Provider, Target, UpstreamRequest } from './provider.ts'
import type { Translator } from './translator.ts'

const defaults = { apiBase: 'http://localhost:11434', apiBaseEnv: 'OLLAMA_API_BASE', apiKeyEnv: 'OLLAMA_API_KEY' }

/** Ollama by its own `/api/chat`, under both of LiteLLM's names (`ollama`, `ollama_chat`). */
export const ollama = {
  framing: 'ndjson',
  inlinesMedia: true,
  defaults,
  chat: (request, target) => asked(ollamaBody(request, target), target),
  completion: ollamaCompletion,
  reader: ollamaReader,
  forward: (body, stream, target) => asked({ ...body, model: target.model, stream }, target),
  usage: ollamaUsage,
  failure: ollamaFailure,
} satisfies Translator & Pick<Provider, 'defaults' | 'usage' | 'failure'>

function asked(body: Readonly<Record<string, unknown>>, target: Target): UpstreamRequest {
  const base = (target.apiBase ?? defaults.apiBase).replace(/\/+$/, '').replace(/\/api(?:\/chat)?$/, '')
  const extra = Object.entries(target.extraHeaders).map(([name, value]) => [name.toLowerCase(), value])
  return {
    url: `${base}/api/chat`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(target.apiKey !== undefined && { authorization: `Bearer ${target.apiKey}` }),
      ...Object.fromEntries(extra),
    },
    body: JSON.stringify(body),
  }
}
