import { type Fields, fields, isFields, list } from '../dialects/loose-json.ts'
import { isForeignTo } from '../dialects/signer.ts'

/**
 * A body in Anthropic's own words whose earlier turns other vendors may have answered: their thoughts, which nobody here
 * signed, and what hangs on their calls are left out, or Claude refuses the request. A turn of calls that has no thought
 * left is gone on with without thinking. The very same body where there is nothing of the kind.
 */
export function ownTurns(body: Fields): Fields {
  const messages = list(body.messages)
  const own = messages.some(isForeignTurn) ? messages.map(ownTurn) : messages
  const unthinking = fields(body.thinking).type === 'enabled' && isUnthought(own)
  if (own === messages && !unthinking) return body
  const { thinking, ...rest } = body
  return { ...rest, messages: own, ...(!unthinking && thinking !== undefined && { thinking }) }
}

function isForeignTurn(message: unknown): boolean {
  const { role, content } = fields(message)
  return role === 'assistant' && Array.isArray(content) && content.some(isForeign)
}

function isForeign(block: unknown): boolean {
  const { type, signature, data, provider_specific_fields } = fields(block)
  if (type === 'tool_use') return provider_specific_fields !== undefined
  if (type === 'redacted_thinking') return typeof data === 'string' && isForeignTo('anthropic', data)
  if (type !== 'thinking' || typeof signature !== 'string') return false
  return signature === '' || isForeignTo('anthropic', signature)
}

function ownTurn(message: unknown): unknown {
  if (!isForeignTurn(message)) return message
  const { content, ...rest } = fields(message)
  const kept = list(content).flatMap((block) => {
    if (!isForeign(block) || !isFields(block)) return [block]
    const { provider_specific_fields: _, ...own } = block
    return block.type === 'tool_use' ? [own] : []
  })
  return { ...rest, content: kept.length > 0 ? kept : [{ type: 'text', text: '…' }] }
}

/** Whether results come back to a turn that does not begin with a thought. */
function isUnthought(messages: readonly unknown[]): boolean {
  const last = fields(messages.at(-1))
  if (last.role !== 'user' || !list(last.content).some((block) => fields(block).type === 'tool_result')) return false
  const turn = messages.findLast((message) => fields(message).role === 'assistant')
  const first = fields(list(fields(turn).content)[0]).type
  return first !== undefined && first !== 'thinking' && first !== 'redacted_thinking'
}
