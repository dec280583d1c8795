import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, text } from '../dialects/loose-json.ts'
import type { InlineData } from './data-url.ts'

export type Conversation = Pick<ChatRequest, 'messages'>

/** Where a part of a message may name an address: the field, and the field in it. */
const PLACES: readonly (readonly [string, string])[] = [
  ['image_url', 'url'],
  ['video_url', 'url'],
  ['audio_url', 'url'],
  ['file', 'file_data'],
  ['file', 'file_id'],
  ['file', 'file_url'],
  ['file', 'url'],
]
const REMOTE = /^\s*(?:https?:|[a-z][a-z0-9+.-]*:\/\/)/i
/** Clouds' own stores, which only the vendor's account can read. */
const STORED = /^\s*(?:gs|s3):/i
const NOTHING: readonly string[] = []

/** The addresses in a request, each once: where somebody is sent to fetch something. Costs next to nothing without any. */
export function remoteMedia({ messages }: Conversation): readonly string[] {
  let found: string[] | undefined
  for (const { content } of messages) {
    if (!Array.isArray(content)) continue
    for (const part of content) {
      if (!isFields(part) || part.type === 'text') continue
      for (const [field, inner] of PLACES) {
        const given = part[field]
        const url = text(given) ?? text(fields(given)[inner])
        if (url === undefined || !REMOTE.test(url) || STORED.test(url)) continue
        found ??= []
        if (!found.includes(url)) found.push(url)
      }
    }
  }
  return found ?? NOTHING
}

/** The request with what was fetched in place of its addresses. */
export function withMedia<R extends Conversation>(request: R, fetched: ReadonlyMap<string, InlineData>): R {
  if (fetched.size === 0) return request
  return {
    ...request,
    messages: request.messages.map((message) =>
      Array.isArray(message.content)
        ? { ...message, content: message.content.map((part) => (isFields(part) ? inlined(part, fetched) : part)) }
        : message,
    ),
  }
}

function inlined(part: Fields, fetched: ReadonlyMap<string, InlineData>): Fields {
  const changed = PLACES.flatMap(([field, inner]) => {
    const given = part[field]
    const media = fetched.get(text(given) ?? text(fields(given)[inner]) ?? '')
    if (media === undefined) return []
    const { file_id: _, file_url: __, url: ___, ...kept } = fields(given)
    const place = field === 'file' ? 'file_data' : inner
    return [[field, { ...kept, [place]: `data:${media.mediaType};base64,${media.base64}` }]]
  })
  return changed.length === 0 ? part : { ...part, ...Object.fromEntries(changed) }
}
