import { type Fields, fields, isFields, text } from '../dialects/loose-json.ts'
import { openaiSpeech, openaiTranscription } from './openai-audio.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { renamedThoughts } from './openai-compatible-messages.ts'
import { openaiReach } from './task-request.ts'
import type { Vendor } from './translator.ts'

const defaults = { apiBase: 'https://api.groq.com/openai/v1', apiBaseEnv: 'GROQ_API_BASE', apiKeyEnv: 'GROQ_API_KEY' }
const at = (path: `/${string}`) => openaiReach(defaults, path)

/** Groq calls thoughts `reasoning`, on both ways, and tells the usage and the breaking off of a stream in `x_groq`. */
const chat = openaiCompatible(defaults, {
  knows: ['reasoning_content', 'reasoning_format', 'include_reasoning'],
  lacks: ['logprobs', 'top_logprobs', 'logit_bias', 'n'],
  body: (body) => ({ ...body, messages: body.messages.map(renamedThoughts) }),
  plain: withoutGroq,
})

/** console.groq.com, speech to text: ten seconds are the least that is billed. */
const ACCENT = { leastMs: 10_000 }

export const groq = {
  ...chat,
  speech: openaiSpeech(at('/audio/speech')),
  transcription: {
    transcriptions: openaiTranscription(at('/audio/transcriptions'), ACCENT),
    translations: openaiTranscription(at('/audio/translations'), ACCENT),
  },
} satisfies Vendor

function withoutGroq(answer: Fields): Fields {
  const { error, usage } = fields(answer.x_groq)
  const broke = text(error)
  return {
    ...answer,
    ...(!isFields(answer.usage) && isFields(usage) && { usage }),
    ...(broke !== undefined && { error: { message: broke, type: 'server_error' } }),
  }
}
