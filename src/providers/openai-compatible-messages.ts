import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, isFields, text } from '../dialects/loose-json.ts'

/** Thoughts under the name `reasoning`, where a vendor takes them back under that name only. */
export function renamedThoughts(message: ChatMessage): ChatMessage {
  const { reasoning_content, ...rest } = message
  const thought = text(reasoning_content)
  return thought === undefined ? rest : { ...rest, reasoning: thought }
}

/** `system`, where a vendor does not know the developer's role. */
export function withoutDeveloper(message: ChatMessage): ChatMessage {
  return message.role === 'developer' ? { ...message, role: 'system' } : message
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
