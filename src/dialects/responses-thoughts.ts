import type { ThinkingBlock } from './chat.ts'
import { type Fields, fields, isFields, list, parsed, text } from './loose-json.ts'

/**
 * OpenAI's reasoning items and canonical thinking blocks are the same thing: a text to read and a sealed text to hand back.
 * What OpenAI sealed travels through other dialects as a signature with its item's id; what another vendor signed travels
 * through Responses as `encrypted_content`, which every client of a stateless conversation sends back as it came.
 */
const OPENAI = 'openai:'
const CARRIED = 'tollgate:'

/** What a call or a message of another vendor needs back, beside its thoughts. */
export interface CarriedFields {
  /** The call's id; absent for the message itself. */
  readonly call?: string
  readonly fields: Fields
}

export type Thought = { readonly block: ThinkingBlock } | { readonly carried: CarriedFields }

/** The id that an item had at OpenAI, else the one given. */
export function reasoningItem(block: ThinkingBlock, id: string): Fields {
  if (block.type === 'redacted_thinking') return item(id, [], `${CARRIED}redacted:${block.data}`)
  const summary = block.thinking === '' ? [] : [{ type: 'summary_text', text: block.thinking }]
  const { signature } = block
  // Some SDKs hand back only what is sealed.
  if (signature === undefined) return item(id, summary, `${CARRIED}unsigned:`)
  const own = openaiSeal(signature)
  return own
    ? item(own.id === '' ? id : own.id, summary, own.encrypted)
    : item(id, summary, `${CARRIED}thinking:${signature}`)
}

export function carrierItem(carried: CarriedFields, id: string): Fields {
  return item(id, [], `${CARRIED}fields:${JSON.stringify(carried)}`)
}

function item(id: string, summary: readonly object[], encrypted: string | undefined): Fields {
  return { id, type: 'reasoning', summary, ...(encrypted !== undefined && { encrypted_content: encrypted }) }
}

/** What a reasoning item says; undefined when it has neither text nor seal. */
export function thoughtIn(reasoning: Fields): Thought | undefined {
  const thinking = reasoningText(reasoning)
  const sealed = text(reasoning.encrypted_content)
  if (sealed?.startsWith(CARRIED)) return opened(sealed.slice(CARRIED.length), thinking)
  if (sealed !== undefined)
    return { block: { type: 'thinking', thinking, signature: `${OPENAI}${text(reasoning.id) ?? ''}:${sealed}` } }
  return thinking === '' ? undefined : { block: { type: 'thinking', thinking } }
}

/** Content and summaries in their order, a blank line between. */
export function reasoningText({ content, summary }: Fields): string {
  return [...list(content), ...list(summary)].flatMap((part) => text(fields(part).text) ?? []).join('\n\n')
}

function opened(carried: string, thinking: string): Thought | undefined {
  const colon = carried.indexOf(':')
  const kind = carried.slice(0, colon)
  const value = carried.slice(colon + 1)
  if (kind === 'thinking') return { block: { type: 'thinking', thinking, signature: value } }
  if (kind === 'unsigned') return thinking === '' ? undefined : { block: { type: 'thinking', thinking } }
  if (kind === 'redacted') return { block: { type: 'redacted_thinking', data: value } }
  const said = fields(parsed(value))
  if (kind !== 'fields' || !isFields(said.fields)) return undefined
  const call = text(said.call)
  return { carried: { ...(call !== undefined && { call }), fields: said.fields } }
}

/** The item that OpenAI sealed; undefined for signatures of other vendors, which mean nothing to it. */
export function openaiSeal(signature: string): { readonly id: string; readonly encrypted: string } | undefined {
  if (!signature.startsWith(OPENAI)) return undefined
  const colon = signature.indexOf(':', OPENAI.length)
  return colon < 0 ? undefined : { id: signature.slice(OPENAI.length, colon), encrypted: signature.slice(colon + 1) }
}
