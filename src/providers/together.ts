import { isFields, number, present } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { plainLogprobs } from './openai-compatible-logprobs.ts'
import { eachChoice, olderMaximum, renamedThoughts } from './openai-compatible-messages.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { openaiImages } from './openai-images.ts'
import { rerankAt } from './openai-rerank.ts'
import { sizeOf } from './picture-size.ts'
import { openaiReach } from './task-request.ts'
import { saysOf, unsupported } from './unsupported.ts'

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
  images: {
    generations: openaiImages(openaiReach(defaults, '/images/generations'), {
      /** Width and height in place of a size, and base64 by its own name (docs.together.ai, images). */
      body({ size, quality, style, background, response_format, user: _, ...body }, target) {
        unsupported(saysOf({ quality, style, background }, ['auto', 'standard']), target)
        const format = response_format === 'b64_json' ? 'base64' : response_format
        return { ...body, ...sizeOf(size), ...present({ response_format: format }) }
      },
    }),
  },
  embedding: openaiEmbedding(defaults, {
    textOnly: true,
    lacks: ['dimensions'],
    ignores: ['encoding_format', 'user'],
  }),
}
