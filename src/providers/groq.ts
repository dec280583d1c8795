import { type Fields, fields, isFields, text } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { renamedThoughts } from './openai-compatible-messages.ts'

/** Groq calls thoughts `reasoning`, on both ways, and tells the usage and the breaking off of a stream in `x_groq`. */
export const groq = openaiCompatible(
  { apiBase: 'https://api.groq.com/openai/v1', apiBaseEnv: 'GROQ_API_BASE', apiKeyEnv: 'GROQ_API_KEY' },
  {
    knows: ['reasoning_content', 'reasoning_format', 'include_reasoning'],
    lacks: ['logprobs', 'top_logprobs', 'logit_bias', 'n'],
    body: (body) => ({ ...body, messages: body.messages.map(renamedThoughts) }),
    plain: withoutGroq,
  },
)

function withoutGroq(answer: Fields): Fields {
  const { error, usage } = fields(answer.x_groq)
  const broke = text(error)
  return {
    ...answer,
    ...(!isFields(answer.usage) && isFields(usage) && { usage }),
    ...(broke !== undefined && { error: { message: broke, type: 'server_error' } }),
  }
}
