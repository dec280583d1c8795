import { annotationOf } from './anthropic-citations.ts'
import { type Block, blocksOf, isBlock, unreadable } from './anthropic-parts.ts'
import { pictureIn } from './anthropic-pictures.ts'
import type { AssistantMessage, ThinkingBlock, ToolCall } from './chat.ts'
import { type Fields, fields, isFields, list, parsed, present, text } from './loose-json.ts'

/**
 * An assistant's blocks as a canonical message. Where the message could not be made into the same blocks again (their
 * order, several texts, citations, the vendor's own tools), they are kept beside it, verbatim, as
 * `provider_specific_fields.content_blocks`.
 */
export function assistantOf(blocks: readonly Block[]): AssistantMessage {
  const said: string[] = []
  const thoughts: ThinkingBlock[] = []
  const calls: ToolCall[] = []
  const annotations: Fields[] = []
  const images: Fields[] = []
  let length = 0
  for (const block of blocks) {
    const picture = pictureIn(block)
    if (picture) images.push(picture)
    else if (block.type === 'text' && typeof block.text === 'string') {
      const span = { start: length, end: length + block.text.length }
      annotations.push(
        ...list(block.citations)
          .filter(isFields)
          .map((citation) => annotationOf(citation, span)),
      )
      said.push(block.text)
      length = span.end
    } else if (block.type === 'thinking' || block.type === 'redacted_thinking') {
      const thought = thinkingBlock(block)
      if (thought) thoughts.push(thought)
    } else if (block.type === 'tool_use') calls.push(toolCall(block))
  }
  const reasoning = thoughts.map((thought) => (thought.type === 'thinking' ? thought.thinking : '')).join('')
  return {
    role: 'assistant',
    content: said.length === 0 ? null : said.join(''),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(!isPlain(blocks) && { provider_specific_fields: { content_blocks: blocks } }),
  }
}

/** A canonical assistant's message as blocks: the very ones it was made of, if it still says the same. */
export function assistantBlocks(message: Fields, at: string): Block[] {
  const kept = list(fields(message.provider_specific_fields).content_blocks).filter(isBlock)
  if (kept.length > 0 && saysTheSame(kept, message)) return kept
  const blocks = [
    ...list(message.thinking_blocks).flatMap((block) => thinkingBlock(fields(block)) ?? []),
    ...blocksOf(message.content, `${at}.content`),
    ...(text(message.content) === undefined ? blocksOf(message.refusal, `${at}.refusal`) : []),
    ...list(message.tool_calls).map((call, index) => toolUse(fields(call), `${at}.tool_calls[${index}]`)),
  ]
  return blocks
}

function saysTheSame(blocks: readonly Block[], message: Fields): boolean {
  const said = blocks.map((block) => (block.type === 'text' ? text(block.text) : undefined) ?? '').join('')
  const ids = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id)
  const calls = list(message.tool_calls).map((call) => fields(call).id)
  return said === (message.content ?? '') && ids.length === calls.length && ids.every((id, i) => id === calls[i])
}

const ORDER: Readonly<Record<string, number>> = { thinking: 0, redacted_thinking: 0, text: 1, tool_use: 2 }
const PLAIN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  thinking: ['type', 'thinking', 'signature'],
  redacted_thinking: ['type', 'data'],
  text: ['type', 'text'],
  tool_use: ['type', 'id', 'name', 'input', 'caller', 'provider_specific_fields'],
}

function isPlain(blocks: readonly Block[]): boolean {
  let reached = 0
  let texts = 0
  for (const block of blocks) {
    const rank = ORDER[block.type]
    if (rank === undefined || rank < reached) return false
    reached = rank
    if (block.type === 'text') texts += 1
    for (const [field, value] of Object.entries(block))
      if (!PLAIN_FIELDS[block.type]?.includes(field) && !isNothing(value)) return false
  }
  return texts <= 1
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}

/** A thought as it was signed; one without a signature still counts as a thought, but nobody can verify it. */
export function thinkingBlock({ type, thinking, signature, data }: Fields): ThinkingBlock | undefined {
  if (type === 'redacted_thinking' && typeof data === 'string') return { type, data }
  if (type !== 'thinking' || typeof thinking !== 'string') return undefined
  return typeof signature === 'string' ? { type, thinking, signature } : { type, thinking }
}

/** A call made by code that the vendor runs says so; the vendor wants to hear it again. */
export function toolCall(block: Fields): ToolCall {
  const aside = { ...fields(block.provider_specific_fields), ...callerOf(block) }
  return {
    id: text(block.id) ?? '',
    type: 'function',
    function: { name: text(block.name) ?? '', arguments: JSON.stringify(isFields(block.input) ? block.input : {}) },
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
}

export function callerOf({ caller }: Fields): { readonly caller?: Fields } {
  return isFields(caller) && caller.type !== 'direct' ? { caller } : {}
}

function toolUse(call: Fields, at: string): Block {
  const isCustom = isFields(call.custom)
  const { name, arguments: written, input } = fields(isCustom ? call.custom : call.function)
  if (text(call.id) === undefined) throw unreadable(`${at}.id`, 'must be a text')
  if (text(name) === undefined) throw unreadable(`${at}.function.name`, 'must be a text')
  const { caller } = fields(call.provider_specific_fields)
  return {
    type: 'tool_use',
    id: toolId(call.id),
    name,
    input: isCustom ? { input } : argumentsOf(written, `${at}.function.arguments`),
    ...present({ caller: isFields(caller) ? caller : undefined, cache_control: call.cache_control }),
  }
}

function argumentsOf(written: unknown, at: string): Fields {
  if (isFields(written)) return written
  if (written === undefined || written === null) return {}
  const value = typeof written === 'string' ? (written.trim() === '' ? {} : parsed(written)) : undefined
  if (!isFields(value)) throw unreadable(at, 'must be the text of a JSON object')
  return value
}

/** Anthropic's ids have letters, digits, `_` and `-` only; other vendors' have more. The same id always becomes the same. */
export function toolId(id: unknown): string {
  return String(id).replace(/[^A-Za-z0-9_-]/g, '_')
}
