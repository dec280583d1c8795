import type { ChatMessage } from '../dialects/chat.ts'
import { fields, isFields, list, number } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { olderMaximum, withoutDeveloper } from './openai-compatible-messages.ts'
import { unsupported } from './unsupported.ts'

/**
 * DeepSeek counts hits and misses of its cache beside each other, has any JSON but no schemas, and wants its thoughts back
 * only while their turn is still using tools.
 */
export const deepseek = openaiCompatible(
  { apiBase: 'https://api.deepseek.com', apiBaseEnv: 'DEEPSEEK_API_BASE', apiKeyEnv: 'DEEPSEEK_API_KEY' },
  {
    knows: ['reasoning_content', 'thinking', 'prefix'],
    lacks: ['logit_bias', 'n', 'audio', 'prediction', 'web_search_options', 'verbosity'],
    body: ({ messages, ...body }, target) => {
      const shaped = fields(body.response_format).type === 'json_schema'
      unsupported(shaped ? ['response_format'] : [], target)
      const { response_format, ...rest } = olderMaximum(body)
      return {
        ...rest,
        ...(response_format !== undefined && !shaped && { response_format }),
        messages: messages.map(withoutDeveloper).map(withoutOldThoughts),
      }
    },
    counts: (usage) => {
      const hit = number(usage.prompt_cache_hit_tokens)
      if (hit === undefined || number(fields(usage.prompt_tokens_details).cached_tokens) !== undefined) return usage
      const details = isFields(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
      return { ...usage, prompt_tokens_details: { ...details, cached_tokens: hit } }
    },
  },
)

/** The end of a turn is where the user speaks next: what was thought before is not asked for again. */
function withoutOldThoughts(message: ChatMessage, at: number, all: readonly ChatMessage[]): ChatMessage {
  if (message.reasoning_content === undefined) return message
  const isOver = all.slice(at + 1).some(({ role }) => role === 'user')
  if (list(message.tool_calls).length > 0 && !isOver) return message
  const { reasoning_content: _, ...rest } = message
  return rest
}
