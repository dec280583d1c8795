import type { ChatMessage } from '../dialects/chat.ts'
import { fields, isFields, list, number } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { olderMaximum } from './openai-compatible-messages.ts'
import { unsupported } from './unsupported.ts'

/**
 * DeepSeek counts hits and misses of its cache beside each other, has any JSON but no schemas, and wants the
 * thoughts of its calls back.
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
        messages: messages.map((message, at, all) =>
          withThoughts(message, at, all, thinks(body.thinking, target.model)),
        ),
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

function thinks(thinking: unknown, model: string): boolean {
  const { type } = fields(thinking)
  return type === 'enabled' || (type !== 'disabled' && /reasoner/.test(model))
}

/**
 * While it thinks, a call must have its thoughts, and some text beside them; where another vendor made the call, a blank
 * stands in their place. Other thoughts of turns that are over, where the user has spoken again, are not asked for.
 */
function withThoughts(message: ChatMessage, at: number, all: readonly ChatMessage[], thinking: boolean): ChatMessage {
  const { reasoning_content: thought, ...rest } = message
  const calls = list(message.tool_calls).length > 0
  if (calls && thinking) return { ...message, content: message.content ?? '', reasoning_content: thought || ' ' }
  const isOver = all.slice(at + 1).some(({ role }) => role === 'user')
  return thought === undefined || (calls && !isOver) ? message : rest
}
