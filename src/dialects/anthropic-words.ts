import { type Fields, fields, isFields, list, text } from './loose-json.ts'

/**
 * What a part of Anthropic's own says in words, for vendors that have no part of its kind: a result of the caller's own
 * search, or a document that is nothing but texts. Undefined for everything else.
 */
export function wordsIn(part: Fields): string | undefined {
  if (part.type === 'search_result') return said([text(part.title), text(part.source)], part.content)
  if (part.type !== 'document') return undefined
  const { type, content } = fields(part.source)
  if (type !== 'content') return undefined
  return said([text(part.title), text(part.context)], typeof content === 'string' ? [{ text: content }] : content)
}

/** Kinds of parts that Anthropic's own tools and files have, and nobody else reads. */
const OWN_PART = /(?:^|_)tool_(?:use|result)$|^(?:container_upload|tool_reference)$/

export function isAnthropicsPart({ type, source }: Fields): boolean {
  if (type === 'image' || type === 'document') return isFields(source)
  return typeof type === 'string' && OWN_PART.test(type)
}

function said(about: readonly (string | undefined)[], blocks: unknown): string | undefined {
  const all = list(blocks).map(fields)
  const texts = all.flatMap((block) => text(block.text) ?? [])
  return texts.length === all.length && texts.length > 0
    ? [...about.filter((one) => one !== undefined), ...texts].join('\n')
    : undefined
}
