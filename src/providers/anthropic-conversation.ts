import { assistantBlocks, toolId } from '../dialects/anthropic-assistant.ts'
import { type Block, blocksOf, unreadable } from '../dialects/anthropic-parts.ts'
import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, isFields } from '../dialects/loose-json.ts'
import { isForeignTo } from '../dialects/signer.ts'
import { GatewayError } from '../errors.ts'

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: Block[]
}

export interface Conversation {
  readonly system: Block[]
  readonly messages: Turn[]
}

/**
 * Canonical messages as Anthropic's. Instructions before the first turn are `system`; later ones keep their place where
 * the model takes them there (after a user, before an assistant or the end) and join `system` where it does not.
 * Neighbours of one role become one turn, in which results of tools come first, as the vendor demands.
 */
export function conversationOf(messages: readonly ChatMessage[], laterInstructions: boolean): Conversation {
  const system: Block[] = []
  const turns: Turn[] = []
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`
    const content = marked(contentOf(message, at), message.cache_control)
    if (content.length === 0) continue
    const role = roleOf(message, at)
    if (role === 'system') {
      const next = messages.slice(index + 1).find((later) => !isInstruction(later))
      const fits = turns.at(-1)?.role !== 'assistant' && (next === undefined || next.role === 'assistant')
      if (turns.length === 0 || !laterInstructions || !fits) system.push(...content)
      else add(turns, role, content)
    } else add(turns, role, content)
  }
  if (!turns.some(({ role }) => role !== 'system'))
    throw new GatewayError(
      'invalid_request',
      'messages needs a message of the user: Claude answers no instructions alone.',
      {
        param: 'messages',
      },
    )
  return { system, messages: turns.map(resultsFirst) }
}

function add(turns: Turn[], role: Turn['role'], content: readonly Block[]): void {
  const last = turns.at(-1)
  if (last?.role === role) last.content.push(...content)
  else turns.push({ role, content: [...content] })
}

function isInstruction({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer'
}

function roleOf(message: ChatMessage, at: string): Turn['role'] {
  if (isInstruction(message)) return 'system'
  if (message.role === 'assistant') return 'assistant'
  if (message.role === 'user' || message.role === 'tool') return 'user'
  throw unreadable(`${at}.role`, `is "${message.role}"; use system, developer, user, assistant or tool`)
}

function contentOf(message: ChatMessage, at: string): Block[] {
  if (message.role === 'assistant') {
    if (isFields(message.function_call)) throw unreadable(`${at}.function_call`, 'is out of use; send tool_calls')
    return assistantBlocks(message, at).filter(isOwn)
  }
  if (message.role === 'tool') return [toolResult(message, at)]
  return blocksOf(message.content, `${at}.content`)
}

/** A thought that nobody signed, or that another vendor did, is refused by Claude. */
function isOwn({ type, signature, data }: Block): boolean {
  if (type === 'redacted_thinking') return !isForeignTo('anthropic', String(data))
  if (type !== 'thinking') return true
  return typeof signature === 'string' && signature !== '' && !isForeignTo('anthropic', signature)
}

function toolResult(message: ChatMessage, at: string): Block {
  if (typeof message.tool_call_id !== 'string') throw unreadable(`${at}.tool_call_id`, 'must be a text')
  const { content } = message
  return {
    type: 'tool_result',
    tool_use_id: toolId(message.tool_call_id),
    ...(typeof content === 'string' ? { content } : { content: blocksOf(content, `${at}.content`) }),
    ...(message.is_error === true && { is_error: true }),
  }
}

/** LiteLLM marks whole messages for the cache; Anthropic marks blocks, and never a thought. */
function marked(content: Block[], cacheControl: unknown): Block[] {
  const at = content.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking')
  const last = content[at]
  if (!isFields(cacheControl) || last === undefined) return content
  return content.with(at, { ...last, cache_control: cacheControl })
}

function resultsFirst(turn: Turn): Turn {
  const isResult = (block: Block) => block.type === 'tool_result'
  if (turn.role !== 'user' || !turn.content.some(isResult)) return turn
  return { role: turn.role, content: [...turn.content.filter(isResult), ...turn.content.filter((b) => !isResult(b))] }
}

/** Whether results of calls are being brought back to a turn that did not begin with a thought. */
export function hasUnthoughtCalls(messages: readonly Turn[]): boolean {
  if (messages.at(-1)?.role !== 'user' || !messages.at(-1)?.content.some(({ type }) => type === 'tool_result'))
    return false
  const turn = messages.findLast(({ role }) => role === 'assistant')
  const first = turn?.content[0]?.type
  return first !== undefined && first !== 'thinking' && first !== 'redacted_thinking'
}

/** Files that the request names by id need the vendor's Files API. */
export function namesFiles(messages: readonly Turn[]): boolean {
  const inside = (blocks: readonly unknown[]): boolean =>
    blocks.some((block) => {
      const { source, content } = fields(block) as Fields
      return fields(source).type === 'file' || (Array.isArray(content) && inside(content))
    })
  return messages.some(({ content }) => inside(content))
}
