import type { Fields } from '../dialects/loose-json.ts'
import type { ChatBody } from './chat-body.ts'
import type { Accent } from './openai-compatible.ts'
import { olderMaximum, withoutDeveloper } from './openai-compatible-messages.ts'

/**
 * Servers of open models: a model's own template knows no developer, the length has its older name, and thoughts of a turn
 * that still uses tools are taken back as `reasoning_content`.
 */
export const openModels = {
  knows: ['reasoning_content', 'top_k'],
  body: openBody,
} satisfies Accent

export function openBody({ messages, ...body }: ChatBody): Fields {
  return { ...olderMaximum(body), messages: messages.map(withoutDeveloper) }
}
