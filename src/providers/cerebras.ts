import { openaiCompatible } from './openai-compatible.ts'
import { renamedThoughts } from './openai-compatible-messages.ts'

/** Cerebras calls thoughts `reasoning`, on both ways, refuses penalties, and writes its errors without a wrapping. */
export const cerebras = openaiCompatible(
  { apiBase: 'https://api.cerebras.ai/v1', apiBaseEnv: 'CEREBRAS_API_BASE', apiKeyEnv: 'CEREBRAS_API_KEY' },
  {
    knows: ['reasoning_content', 'disable_reasoning', 'clear_thinking'],
    // Callers of OpenAI's dialect know thoughts as `reasoning_content`, so that no answer passes unread.
    plain: (answer) => answer,
    lacks: ['frequency_penalty', 'presence_penalty', 'logit_bias', 'n'],
    body: ({ max_tokens, ...body }) => ({
      ...body,
      messages: body.messages.map(renamedThoughts),
      ...(max_tokens !== undefined &&
        body.max_completion_tokens === undefined && { max_completion_tokens: max_tokens }),
    }),
  },
)
