import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, text } from '../dialects/loose-json.ts'
import type { InlineData } from './data-url.ts'

/** Where a part of a message may name an address: the field, and the field in it. */
const PLACES: readonly (readonly [string, string])[] = [
  ['image_url', 'url'],
  ['video_url', 'url'],
  ['file', 'file_data'],
  ['file', 'file_id'],
]

/** The web addresses in a request, each once: what must be fetched for a vendor that fetches nothing itself. */
export function remoteMedia({ messages }: ChatRequest): string[] {
  const found = messages
    .flatMap(({ content }) => (Array.isArray(content) ? content.map(fields) : []))
    .flatMap((part) => PLACES.map(([field, inner]) => text(part[field]) ?? text(fields(part[field])[inner])))
    .filter((url) => url !== undefined)
  return [...new Set(found.filter(isRemote))]
}

/** The request with what was fetched in place of its addresses. */
export function withMedia(request: ChatRequest, fetched: ReadonlyMap<string, InlineData>): ChatRequest {
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
    const { file_id: _, ...kept } = fields(given)
    const place = inner === 'file_id' ? 'file_data' : inner
    return [[field, { ...kept, [place]: `data:${media.mediaType};base64,${media.base64}` }]]
  })
  return changed.length === 0 ? part : { ...part, ...Object.fromEntries(changed) }
}

function isRemote(url: string): boolean {
  return /^https?:\/\//i.test(url)
}
