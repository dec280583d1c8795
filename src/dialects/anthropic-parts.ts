import { GatewayError } from '../errors.ts'
import { type Fields, fields, isFields, present, text } from './loose-json.ts'

/** A block of Anthropic's content: one with a type; every other field depends on it. */
export type Block = Readonly<Record<string, unknown>> & { readonly type: string }

export function isBlock(value: unknown): value is Block {
  return isFields(value) && typeof value.type === 'string'
}

const PDF = 'application/pdf'

/**
 * A block of what a user or a tool says, as canonical content. What OpenAI's shape has no part for (search results,
 * documents made of blocks, uploads) stays as it is: only Anthropic's models read it.
 */
export function partOf(block: Block): Fields {
  if (block.type === 'image') return imagePart(block)
  if (block.type === 'document') return documentPart(block)
  return block
}

function imagePart(block: Block): Fields {
  const { type: _, source: written, ...rest } = block
  const source = fields(written)
  if (source.type === 'file' && typeof source.file_id === 'string')
    return { type: 'file', file: { file_id: source.file_id, format: 'image/*' }, ...rest }
  const url = source.type === 'url' ? text(source.url) : dataUrl(source)
  return url === undefined ? block : { type: 'image_url', image_url: { url }, ...rest }
}

function documentPart(block: Block): Fields {
  const { type: _, source: written, title, ...rest } = block
  const source = fields(written)
  const filename = present({ filename: text(title) })
  if (source.type === 'file' && typeof source.file_id === 'string')
    return { type: 'file', file: { file_id: source.file_id, ...filename }, ...rest }
  if (source.type === 'url' && typeof source.url === 'string')
    return { type: 'file', file: { file_id: source.url, format: PDF, ...filename }, ...rest }
  const url =
    source.type === 'text' && typeof source.data === 'string'
      ? `data:text/plain;base64,${base64(source.data)}`
      : dataUrl(source)
  return url === undefined ? block : { type: 'file', file: { file_data: url, ...filename }, ...rest }
}

function dataUrl({ type, media_type, data }: Fields): string | undefined {
  if (type !== 'base64' || typeof media_type !== 'string' || typeof data !== 'string') return undefined
  return `data:${media_type};base64,${data}`
}

/**
 * Canonical content as Anthropic's blocks. Empty texts, which the vendor refuses, are left out; kinds that nobody here
 * knows are the vendor's own and go as they are. `at` names the place for the refusal of what no Claude can take.
 */
export function blocksOf(content: unknown, at: string): Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (content === undefined || content === null) return []
  if (!Array.isArray(content)) throw unreadable(at, 'must be a text or a list of content parts')
  return content.flatMap((part: unknown, index) => blockOf(part, `${at}[${index}]`) ?? [])
}

function blockOf(part: unknown, at: string): Block | undefined {
  if (typeof part === 'string') return part === '' ? undefined : { type: 'text', text: part }
  if (!isBlock(part)) throw unreadable(at, 'must be a content part with a type')
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return text(part.text) === undefined ? undefined : { ...part, type: 'text' }
    case 'refusal':
      return text(part.refusal) === undefined ? undefined : { type: 'text', text: part.refusal }
    case 'image_url':
      return imageBlock(part, at)
    case 'file':
      return fileBlock(part, at)
    case 'input_audio':
    case 'audio':
    case 'video_url':
    case 'input_video':
      throw unreadable(at, `is ${part.type}, which Claude does not take; send text, images or documents`)
    default:
      return part
  }
}

function imageBlock({ type: _, image_url, ...rest }: Block, at: string): Block {
  const url = typeof image_url === 'string' ? image_url : text(fields(image_url).url)
  if (url === undefined) throw unreadable(`${at}.image_url`, 'must have a url')
  const { detail: _hint, ...kept } = rest
  const source = sourceOf(url, at)
  if (source.type === 'text' || source.media_type === PDF) return { type: 'document', source, ...kept }
  return { type: 'image', source, ...kept }
}

function fileBlock({ type: _, file: written, ...rest }: Block, at: string): Block {
  const file = fields(written)
  const given = text(file.file_data) ?? text(file.file_url) ?? text(file.url) ?? text(file.file_id)
  if (given === undefined) throw unreadable(`${at}.file`, 'must have file_data or a file_id')
  const format = text(file.format)
  const title = present({ title: text(file.filename) })
  if (/^https?:\/\//i.test(given)) {
    const source = { type: 'url', url: given }
    return format?.startsWith('image/')
      ? { type: 'image', source, ...rest }
      : { type: 'document', source, ...title, ...rest }
  }
  if (given.startsWith('data:')) {
    const source = sourceOf(given, at)
    const isImage = typeof source.media_type === 'string' && source.media_type.startsWith('image/')
    return isImage ? { type: 'image', source, ...rest } : { type: 'document', source, ...title, ...rest }
  }
  if (text(file.file_data) === undefined)
    return {
      type: format?.startsWith('image/') ? 'image' : 'document',
      source: { type: 'file', file_id: given },
      ...title,
      ...rest,
    }
  return { type: 'document', source: { type: 'base64', media_type: format ?? PDF, data: given }, ...title, ...rest }
}

/** Where a picture or a document is: at an address, or in the request itself. Plain text is not sent as base64. */
function sourceOf(url: string, at: string): Fields {
  if (/^https?:\/\//i.test(url)) return { type: 'url', url }
  const found = /^data:([^;,]*)((?:;[^;,]*)*),/.exec(url)
  if (found === null) throw unreadable(at, 'must be an http(s) address or a data URL')
  const [head, type = '', parameters = ''] = found
  const data = url.slice(head.length)
  const isBase64 = /;\s*base64$/i.test(parameters)
  const mediaType = type.toLowerCase() === 'image/jpg' ? 'image/jpeg' : type.toLowerCase()
  if (mediaType !== '' && !mediaType.startsWith('text/'))
    return { type: 'base64', media_type: mediaType, data: isBase64 ? data : base64(percentDecoded(data, at)) }
  return { type: 'text', media_type: 'text/plain', data: isBase64 ? fromBase64(data, at) : percentDecoded(data, at) }
}

function percentDecoded(data: string, at: string): string {
  try {
    return decodeURIComponent(data)
  } catch {
    throw unreadable(at, 'has a data URL that cannot be decoded')
  }
}

function base64(plain: string): string {
  return btoa(Array.from(new TextEncoder().encode(plain), (byte) => String.fromCharCode(byte)).join(''))
}

function fromBase64(data: string, at: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(atob(data), (char) => char.charCodeAt(0)),
    )
  } catch {
    throw unreadable(at, 'has base64 that cannot be decoded')
  }
}

export function unreadable(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}
