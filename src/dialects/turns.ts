import type { ChatMessage, ChatRequest } from './chat.ts'
import { isFields, text } from './loose-json.ts'

const GOES_ON = 'Please continue.'

/**
 * The request with its turns as its caller says that the model wants them, by LiteLLM's words, which go no further:
 * `supports_system_message: false` (what systems say is put before what the user says) and `ensure_alternating_roles`
 * (`user_continue_message` and `assistant_continue_message` between two turns of one side, and a user's turn first and
 * last). The very same request where it says nothing of the kind.
 */
export function withTurns(request: ChatRequest): ChatRequest {
  const { ensure_alternating_roles, supports_system_message } = request
  if (ensure_alternating_roles === undefined && supports_system_message === undefined) {
    if (request.user_continue_message === undefined && request.assistant_continue_message === undefined) return request
  }
  const { user_continue_message: users, assistant_continue_message: assistants, ...said } = request
  const { ensure_alternating_roles: _, supports_system_message: __, messages, ...rest } = said
  const plain = supports_system_message === false ? withoutSystems(messages) : messages
  if (ensure_alternating_roles !== true) return { ...rest, messages: plain }
  return { ...rest, messages: alternating(plain, turn('user', users), turn('assistant', assistants)) }
}

/** A message as its caller wrote it, or a text of one. */
function turn(role: 'user' | 'assistant', given: unknown): ChatMessage {
  if (isFields(given) && given.content !== undefined) return { ...given, role }
  return { role, content: text(given) ?? GOES_ON }
}

function alternating(messages: readonly ChatMessage[], user: ChatMessage, assistant: ChatMessage): ChatMessage[] {
  const all: ChatMessage[] = []
  let before: string | undefined
  for (const message of messages) {
    const { role } = message
    if (role === 'assistant' && (before === undefined || before === 'assistant')) all.push(user)
    if (role === 'user' && before === 'user') all.push(assistant)
    if (!isSystem(message)) before = role
    all.push(message)
  }
  return before === 'assistant' ? [...all, user] : all
}

function withoutSystems(messages: readonly ChatMessage[]): ChatMessage[] {
  const all: ChatMessage[] = []
  let waiting: unknown[] = []
  for (const message of messages) {
    if (isSystem(message)) {
      waiting.push(...partsOf(message.content))
      continue
    }
    const joins = message.role === 'user' && waiting.length > 0
    if (!joins && waiting.length > 0) all.push({ role: 'user', content: waiting })
    all.push(joins ? { ...message, content: [...waiting, ...partsOf(message.content)] } : message)
    waiting = []
  }
  return waiting.length > 0 ? [...all, { role: 'user', content: waiting }] : all
}

function isSystem({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer'
}

function partsOf(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content
  return text(content) === undefined ? [] : [{ type: 'text', text: content }]
}
