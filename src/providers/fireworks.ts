import { openaiCompatible } from './openai-compatible.ts'
import { plainLogprobs } from './openai-compatible-logprobs.ts'
import { eachChoice, olderMaximum } from './openai-compatible-messages.ts'

/** Fireworks has its models under accounts; a bare name is one of its own. */
export const fireworks = openaiCompatible(
  {
    apiBase: 'https://api.fireworks.ai/inference/v1',
    apiBaseEnv: 'FIREWORKS_API_BASE',
    apiKeyEnv: 'FIREWORKS_AI_API_KEY',
  },
  {
    knows: ['top_k', 'reasoning_content'],
    body: (body, { model }) => ({
      ...olderMaximum(body),
      model: /[/#]/.test(model) ? model : `accounts/fireworks/models/${model}`,
    }),
    plain: (answer) => eachChoice(answer, plainLogprobs),
  },
)
