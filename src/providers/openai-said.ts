import type { AssistantMessage, ChatCompletion, ThinkingBlock } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'

type Said = Omit<AssistantMessage, 'role' | 'content' | 'refusal' | 'tool_calls'> & {
  readonly content?: string
  readonly refusal?: string
}

/** What a message or a delta says beside its calls, whatever the vendor's names for it. */
export function said(message: Fields): Said {
  const parts = Array.isArray(message.content) ? message.content.filter(isFields) : undefined
  const content = parts
    ? joined(parts.map((part) => (part.type === 'thinking' ? undefined : text(part.text))))
    : undefined
  const details = detailsOf(message)
  const reasoning =
    text(message.reasoning_content) ??
    text(message.reasoning) ??
    text(message.reasoning_text) ??
    text(message.thinking) ??
    joined(details.map((detail) => text(detail.text) ?? text(detail.summary))) ??
    joined((parts ?? []).filter(({ type }) => type === 'thinking').map(thinkingText))
  const written = list(message.thinking_blocks).filter(isThinkingBlock)
  const blocks = written.length > 0 ? written : details.flatMap(blockOf)
  const annotations = list(message.annotations)
  const images = list(message.images)
  const aside = {
    ...fields(message.provider_specific_fields),
    ...present({ reasoning_details: details.length > 0 ? details : undefined }),
  }
  return {
    ...present({
      content: typeof message.content === 'string' ? message.content : content,
      refusal: text(message.refusal),
      reasoning_content: reasoning,
      audio: message.audio,
    }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
}

/** Mistral's thoughts are parts of the content, and have parts of their own. */
function thinkingText(part: Fields): string | undefined {
  return text(part.thinking) ?? joined(list(part.thinking).map((inner) => text(fields(inner).text)))
}

export function detailsOf(message: Fields): Fields[] {
  return list(message.reasoning_details).filter(isFields)
}

/** A piece put to the thought that it continues. */
export function withDetail(known: readonly Fields[], piece: Fields): readonly Fields[] {
  const at = known.findLastIndex(({ type, index }) => type === piece.type && index === piece.index)
  const before = known[at]
  if (before === undefined || text(piece.data) !== undefined) return [...known, piece]
  const both = (name: string) => joined([text(before[name]), text(piece[name])])
  return known.with(at, { ...before, ...present(piece), ...present({ text: both('text'), summary: both('summary') }) })
}

/** OpenRouter's thoughts, signed or sealed. */
function blockOf(detail: Fields): ThinkingBlock[] {
  const data = text(detail.data)
  if (detail.type === 'reasoning.encrypted' && data !== undefined) return [{ type: 'redacted_thinking', data }]
  if (detail.type !== 'reasoning.text') return []
  return [{ type: 'thinking', thinking: text(detail.text) ?? '', ...present({ signature: text(detail.signature) }) }]
}

function isThinkingBlock(value: unknown): value is ThinkingBlock {
  const { type, thinking, data } = fields(value)
  return (
    (type === 'thinking' && typeof thinking === 'string') || (type === 'redacted_thinking' && typeof data === 'string')
  )
}

function joined(texts: readonly (string | undefined)[]): string | undefined {
  const found = texts.filter((one) => one !== undefined)
  return found.length === 0 ? undefined : found.join('')
}

export function logprobsOf({ logprobs }: Fields): unknown {
  return isFields(logprobs) ? logprobs : undefined
}

/** Perplexity's sources and the like stand beside the answer. */
export function asideOf(answer: Fields): Pick<ChatCompletion, 'provider_specific_fields'> {
  const { citations, search_results } = answer
  const aside = { ...fields(answer.provider_specific_fields), ...present({ citations, search_results }) }
  return Object.keys(aside).length > 0 ? { provider_specific_fields: aside } : {}
}
