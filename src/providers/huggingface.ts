import { type Fields, fields, isFields, list } from '../dialects/loose-json.ts'
import { huggingfaceEmbedding } from './huggingface-embeddings.ts'
import { openaiCompatible, urlOf } from './openai-compatible.ts'
import { eachChoice, olderMaximum } from './openai-compatible-messages.ts'

const defaults = {
  apiBase: 'https://router.huggingface.co/v1',
  apiBaseEnv: 'HUGGINGFACE_API_BASE',
  apiKeyEnv: 'HUGGINGFACE_API_KEY',
}
/** Text Generation Inference's kinds of errors, by the status that says the same. */
const STATUSES: Readonly<Record<string, string>> = {
  validation: 'invalid_request_error',
  overloaded: 'rate_limit_error',
  generation: 'server_error',
  incomplete_generation: 'server_error',
}

/** Text Generation Inference by its Messages API, on one's own endpoint or behind Hugging Face's router. */
const chat = openaiCompatible(defaults, {
  knows: ['top_k'],
  body: olderMaximum,
  url: ({ apiBase = defaults.apiBase, model }) => {
    const [address = '', query] = apiBase.split('?', 2)
    const base = address.replace(/\/+$/, '')
    const versioned = /\/v\d+(?:\/chat\/completions)?$/.test(base) ? base : `${base}/v1`
    return urlOf(query === undefined ? versioned : `${versioned}?${query}`, model, '/chat/completions')
  },
  plain: (answer) => eachChoice(refused(answer), plainChoice),
  refusal: refused,
})

export const huggingface = { ...chat, embedding: huggingfaceEmbedding }

/** `{"error": "…", "error_type": "…"}`. */
function refused(body: Fields): Fields {
  if (typeof body.error !== 'string') return body
  const kind = String(body.error_type)
  return { ...body, error: { message: body.error, type: STATUSES[kind] ?? kind } }
}

/** Older servers write a call's arguments as an object, and a streamed call alone instead of in a list. */
function plainChoice(choice: Fields): Fields {
  return {
    ...choice,
    ...(isFields(choice.message) && { message: plainCalls(choice.message) }),
    ...(isFields(choice.delta) && { delta: plainCalls(choice.delta) }),
  }
}

function plainCalls(message: Fields): Fields {
  const calls = isFields(message.tool_calls) ? [message.tool_calls] : list(message.tool_calls)
  if (calls.length === 0) return message
  return {
    ...message,
    tool_calls: calls.map(fields).map((call) => {
      const called = fields(call.function)
      const written = isFields(called.arguments) ? JSON.stringify(called.arguments) : called.arguments
      return { ...call, function: { ...called, arguments: written } }
    }),
  }
}
