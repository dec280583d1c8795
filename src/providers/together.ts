import { isFields, number } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { plainLogprobs } from './openai-compatible-logprobs.ts'
import { eachChoice, olderMaximum, renamedThoughts } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { rerankAt } from './openai-rerank.ts'

const defaults = {
  apiBase: 'https://api.together.xyz/v1',
  apiBaseEnv: 'TOGETHERAI_API_BASE',
  apiKeyEnv: 'TOGETHERAI_API_KEY',
}

/** Together asks for a number of log probabilities, answers with lists of them, and calls thoughts `reasoning`. */
export const together = {
  ...openaiCompatible(defaults, {
    knows: ['top_k', 'reasoning_content', 'reasoning'],
    body: ({ logprobs, top_logprobs, messages, ...body }) => ({
      ...olderMaximum(body),
      messages: messages.map(renamedThoughts),
      ...(logprobs === true && { logprobs: number(top_logprobs) ?? 1 }),
      ...(number(logprobs) !== undefined && { logprobs }),
    }),
    plain: (answer) => eachChoice(answer, plainLogprobs),
    counts: (usage) => {
      const cached = number(usage.cached_tokens)
      if (cached === undefined || isFields(usage.prompt_tokens_details)) return usage
      return { ...usage, prompt_tokens_details: { cached_tokens: cached } }
    },
  }),
  reranking: rerankAt(defaults),
  embedding: openaiEmbedding(defaults, {
    textOnly: true,
    lacks: ['dimensions'],
    ignores: ['encoding_format', 'user'],
  }),
}
