import type { ChatRequest } from '../dialects/chat.ts'
import { hashText } from '../routing/affinity.ts'

/** Vendors cache from 1024 tokens on, which are about so many characters. */
const PREFIX_CHARS = 4096

/**
 * A key of a prompt's long beginning (tools, then messages, as vendors cache them): equal for requests that begin alike,
 * so that they can go where the beginning is cached. Undefined for a prompt that is too short to be cached anywhere.
 */
export function promptKey({ messages, tools }: ChatRequest): string | undefined {
  let hash = 0
  let left = PREFIX_CHARS
  const add = (text: string) => {
    const part = text.length > left ? text.slice(0, left) : text
    left -= part.length
    hash = hashText(part, hash)
    return left > 0
  }
  if (Array.isArray(tools) && tools.some((tool) => !add(JSON.stringify(tool)))) return key(hash)
  for (const { role, content } of messages) {
    if (!add(role)) return key(hash)
    const parts = Array.isArray(content) ? content : [content]
    for (const part of parts) {
      if (!add(textOf(part))) return key(hash)
    }
  }
  return undefined
}

/** Of a picture or a file only that it is one: reading it would cost more than a wrong guess. */
function textOf(part: unknown): string {
  if (typeof part === 'string') return part
  if (typeof part !== 'object' || part === null) return ''
  if ('text' in part && typeof part.text === 'string') return part.text
  return 'type' in part && typeof part.type === 'string' ? part.type : ''
}

function key(hash: number): string {
  return `prompt:${hash}`
}
