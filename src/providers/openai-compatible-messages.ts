import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, list, text } from '../dialects/loose-json.ts'

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

/** Sources that stand beside an answer, as annotations on the message that ends it. */
export function withSources(answer: Fields, sources: readonly Fields[]): Fields {
  if (sources.length === 0) return answer
  const annotations = sources.map((source) => ({ type: 'url_citation', url_citation: source }))
  return {
    ...answer,
    choices: list(answer.choices).map((choice) => {
      if (!isEnding(choice)) return choice
      const place = 'delta' in choice ? 'delta' : 'message'
      const said = typeof choice[place] === 'object' ? { ...choice[place] } : {}
      return { ...choice, [place]: { ...said, annotations } }
    }),
  }
}

function isEnding(choice: unknown): choice is Fields & { readonly delta?: object; readonly message?: object } {
  return typeof choice === 'object' && choice !== null && text(Reflect.get(choice, 'finish_reason')) !== undefined
}
