import { openaiCompatible } from './openai-compatible.ts'
import { plainLogprobs } from './openai-compatible-logprobs.ts'
import { eachChoice, olderMaximum } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'

const defaults = {
  apiBase: 'https://api.fireworks.ai/inference/v1',
  apiBaseEnv: 'FIREWORKS_API_BASE',
  apiKeyEnv: 'FIREWORKS_AI_API_KEY',
}

/** Fireworks has its models under accounts; a bare name is one of its own. */
export const fireworks = {
  ...openaiCompatible(defaults, {
    knows: ['top_k', 'reasoning_content'],
    body: (body, { model }) => ({ ...olderMaximum(body), model: accountModel(model) }),
    plain: (answer) => eachChoice(answer, plainLogprobs),
  }),
  embedding: openaiEmbedding(defaults, {
    ignores: ['encoding_format', 'user'],
    body: (body, { model }) => ({ ...body, model: accountModel(model) }),
  }),
}

function accountModel(model: string): string {
  return /[/#]/.test(model) ? model : `accounts/fireworks/models/${model}`
}
