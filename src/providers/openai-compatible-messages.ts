import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'

/** Thoughts under the name `reasoning`, where a vendor takes them back under that name only. */
export function renamedThoughts(message: ChatMessage): ChatMessage {
  const { reasoning_content, ...rest } = message
  const thought = text(reasoning_content)
  return thought === undefined ? rest : { ...rest, reasoning: thought }
}

/** One maximum, by its older name. */
export function olderMaximum({ max_completion_tokens, ...body }: Fields): Fields {
  if (max_completion_tokens === undefined || max_completion_tokens === null) return body
  return { ...body, max_tokens: max_completion_tokens }
}

/** The answer with every choice changed; one without choices (an error, usage alone) stays as it is. */
export function eachChoice(answer: Fields, change: (choice: Fields) => Fields): Fields {
  if (!Array.isArray(answer.choices)) return answer
  return { ...answer, choices: answer.choices.map((choice) => (isFields(choice) ? change(choice) : choice)) }
}

/** Sources that stand beside an answer, as annotations on the message that ends it. */
export function withSources(answer: Fields, sources: readonly Fields[]): Fields {
  if (sources.length === 0) return answer
  const annotations = sources.map((source) => ({ type: 'url_citation', url_citation: source }))
  return eachChoice(answer, (choice) => {
    if (text(choice.finish_reason) === undefined) return choice
    const place = isFields(choice.message) ? 'message' : 'delta'
    return { ...choice, [place]: { ...fields(choice[place]), annotations } }
  })
}

const FOREIGN_WORDS = ['thinking_blocks', 'reasoning_content', 'images', 'provider_specific_fields', 'cache_control']

/**
 * A conversation that other vendors answered earlier, as OpenAI takes it: what they hung on messages and calls, to have it
 * back, is left out. The very same list where there is nothing of the kind.
 */
export function withoutForeignWords(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return messages.some(hasForeignWords) ? messages.map(ownWords) : messages
}

function hasForeignWords(message: ChatMessage): boolean {
  if (message.role !== 'assistant') return false
  if (FOREIGN_WORDS.some((name) => message[name] !== undefined)) return true
  return list(message.tool_calls).some((call) => fields(call).provider_specific_fields !== undefined)
}

function ownWords(message: ChatMessage): ChatMessage {
  if (!hasForeignWords(message)) return message
  const kept = Object.entries(message).filter(([name]) => !FOREIGN_WORDS.includes(name))
  const calls = list(message.tool_calls).map((call) => {
    const { provider_specific_fields: _, ...own } = fields(call)
    return own
  })
  return { ...Object.fromEntries(kept), role: message.role, ...(calls.length > 0 && { tool_calls: calls }) }
}
