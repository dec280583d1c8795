import type { ChatMessage } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, text } from '../dialects/loose-json.ts'
import { isForeignTo } from '../dialects/signer.ts'
import { GatewayError } from '../errors.ts'
import type { BedrockCaching } from './bedrock-models.ts'
import { dataUrl, type InlineData } from './data-url.ts'
import { functionCall } from './older-words.ts'

/** A block of Converse: an object with one field that names what it is. */
export type Block = Readonly<Record<string, unknown>>

export interface BedrockMessage {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Block[]
}

/** What one conversation's translation remembers: Bedrock wants every document's name once. */
interface Conversation {
  readonly documentNames: Set<string>
  readonly caching: BedrockCaching
  /** Claude refuses thoughts that nobody signed. */
  readonly signedOnly: boolean
}

const IMAGES: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}
const VIDEOS: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/webm': 'webm',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpeg',
  'video/mpg': 'mpg',
  'video/x-ms-wmv': 'wmv',
  'video/wmv': 'wmv',
  'video/3gpp': 'three_gp',
}
const DOCUMENTS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
}
const AUDIO: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/ogg': 'ogg',
  'audio/flac': 'flac',
  'audio/aac': 'aac',
  'audio/mp4': 'm4a',
  'audio/webm': 'webm',
  'audio/opus': 'opus',
}

/**
 * The conversation in Bedrock's two voices. What was said by the system stands apart, in its order; a tool's result is the
 * user's word, and neighbours of one voice become one message, since Bedrock wants them to take turns.
 */
export function bedrockConversation(
  messages: readonly ChatMessage[],
  { caching, signedOnly }: Pick<Conversation, 'caching' | 'signedOnly'>,
): {
  readonly system: readonly Block[]
  readonly messages: readonly BedrockMessage[]
} {
  const conversation: Conversation = { documentNames: new Set(), caching, signedOnly }
  const system: Block[] = []
  const turns: { role: 'user' | 'assistant'; content: Block[] }[] = []
  for (const [at, message] of messages.entries()) {
    const path = `messages[${at}]`
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...marked(systemBlocks(message.content, path, caching), message, caching))
      continue
    }
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = marked(blocksOf(message, path, conversation), message, caching)
    if (content.length === 0) {
      if (role === 'assistant') continue
      throw invalid(`${path}.content`, 'is empty, and Bedrock takes no empty message. Say something in it.')
    }
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content })
  }
  return { system, messages: turns }
}

function blocksOf(message: ChatMessage, path: string, conversation: Conversation): Block[] {
  if (message.role === 'tool' || message.role === 'function') return toolResult(message, path, conversation)
  const said = contentBlocks(message.content, `${path}.content`, conversation)
  if (message.role !== 'assistant') return said
  const thoughts = list(message.thinking_blocks)
    .map(fields)
    .flatMap((block) => thought(block, conversation))
  const refusal = text(message.refusal)
  return [
    ...thoughts,
    ...said,
    ...(refusal === undefined ? [] : [{ text: refusal }]),
    ...list(message.tool_calls).map((call, at) => toolUse(fields(call), `${path}.tool_calls[${at}]`)),
  ]
}

/** A cache marker on the message stands behind its last block. */
function marked(blocks: Block[], message: ChatMessage, caching: BedrockCaching): Block[] {
  return blocks.length === 0 ? blocks : [...blocks, ...cachePoint(message.cache_control, caching)]
}

export function cachePoint(marker: unknown, caching: BedrockCaching): Block[] {
  if (!isFields(marker) || caching === 'none') return []
  return [{ cachePoint: { type: 'default', ...(marker.ttl === '1h' && caching === 'long' && { ttl: '1h' }) } }]
}

function systemBlocks(content: unknown, path: string, caching: BedrockCaching): Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }]
  return list(content).flatMap((given, at) => {
    const part = fields(given)
    const native = nativeBlock(part, ['guardContent', 'cachePoint'])
    if (native) return [native]
    const words = text(part.text)
    if (part.type === 'guarded_text' && words !== undefined)
      return [{ guardContent: { text: { text: words } } }, ...cachePoint(part.cache_control, caching)]
    if (part.type !== 'text')
      throw invalid(`${path}.content[${at}]`, 'must be text: Bedrock takes no other system content.')
    return words === undefined ? [] : [{ text: words }, ...cachePoint(part.cache_control, caching)]
  })
}

function contentBlocks(content: unknown, path: string, conversation: Conversation): Block[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }]
  return list(content).flatMap((given, at) => {
    const part = fields(given)
    const blocks = partBlocks(part, `${path}[${at}]`, conversation)
    return blocks.length === 0 ? [] : [...blocks, ...cachePoint(part.cache_control, conversation.caching)]
  })
}

const NATIVE = ['guardContent', 'cachePoint', 'searchResult', 'document', 'image', 'video', 'audio', 'reasoningContent']

function partBlocks(part: Fields, path: string, conversation: Conversation): Block[] {
  const native = nativeBlock(part, NATIVE)
  if (native) return [native]
  const words = text(part.text)
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return words === undefined ? [] : [{ text: words }]
    case 'refusal':
      return text(part.refusal) === undefined ? [] : [{ text: part.refusal }]
    case 'guarded_text':
      return words === undefined ? [] : [{ guardContent: { text: { text: words, qualifiers: ['guard_content'] } } }]
    case 'thinking':
    case 'redacted_thinking':
      return thought(part, conversation)
    case 'image_url':
    case 'video_url': {
      const given = part[part.type]
      const url = text(given) ?? text(fields(given).url)
      const wanted = text(fields(given).format)
      return [mediaBlock({ url, path: `${path}.${part.type}`, mediaType: wanted, name: undefined }, conversation)]
    }
    case 'file': {
      const file = fields(part.file)
      const url = text(file.file_data) ?? text(file.file_id)
      const media = { url, path: `${path}.file`, mediaType: text(file.format), name: text(file.filename) }
      return [withContext(mediaBlock(media, conversation), part)]
    }
    case 'input_audio': {
      const { data, format } = fields(part.input_audio)
      if (text(data) === undefined || text(format) === undefined)
        throw invalid(`${path}.input_audio`, 'must have data and format.')
      return [{ audio: { format, source: { bytes: data } } }]
    }
    case 'document': {
      const content = list(fields(part.source).content).map((one) => ({ text: text(fields(one).text) ?? '' }))
      if (content.length === 0) throw invalid(`${path}.source`, 'must be data, an s3:// address or blocks of text.')
      const name = documentName(text(part.title), conversation)
      return [withContext({ document: { name, source: { content } } }, part)]
    }
    case 'search_result': {
      const { source, title, content, citations } = part
      const said = list(content).map((one) => ({ text: text(fields(one).text) ?? '' }))
      return [{ searchResult: { source, title, content: said, ...(isFields(citations) && { citations }) } }]
    }
    default:
      throw invalid(path, `has the type "${String(part.type)}", which Bedrock cannot be given.`)
  }
}

/** A block in Bedrock's own words is passed on as it is. */
function nativeBlock(part: Fields, names: readonly string[]): Block | undefined {
  if (part.type !== undefined) return undefined
  const name = names.find((one) => isFields(part[one]))
  return name === undefined ? undefined : { [name]: part[name] }
}

interface Media {
  readonly url: string | undefined
  readonly path: string
  readonly mediaType: string | undefined
  readonly name: string | undefined
}

function mediaBlock({ url, path, mediaType, name }: Media, conversation: Conversation): Block {
  if (url === undefined) throw invalid(path, 'must have data or an address.')
  const stored = url.startsWith('s3://')
  const inline = stored ? undefined : (dataUrl(url) ?? bare(url, mediaType))
  if (!stored && inline === undefined)
    throw invalid(path, 'must be a data: URL with base64, or an s3:// address: Bedrock fetches nothing from the web.')
  const source = inline ? { bytes: inline.base64 } : { s3Location: { uri: url } }
  const type = mediaType ?? inline?.mediaType ?? ''
  const ending = /\.([a-z0-9]+)$/i.exec(name ?? (stored ? url : ''))?.[1]?.toLowerCase()
  const find = (kind: Readonly<Record<string, string>>) =>
    kind[type] ?? Object.values(kind).find((format) => format === (type || ending))
  const image = find(IMAGES) ?? (type === '' && ending === 'jpg' ? 'jpeg' : undefined)
  if (image !== undefined) return { image: { format: image, source } }
  const video = find(VIDEOS)
  if (video !== undefined) return { video: { format: video, source } }
  const audio = find(AUDIO)
  if (audio !== undefined) return { audio: { format: audio, source } }
  const document =
    find(DOCUMENTS) ?? (ending === undefined ? undefined : Object.values(DOCUMENTS).find((one) => one === ending))
  if (document === undefined)
    throw invalid(path, `has the media type "${type || 'unknown'}", which Bedrock does not take.`)
  return { document: { format: document, name: documentName(name, conversation), source } }
}

/** What is said about a document, and whether it may be cited. */
function withContext(block: Block, { context, citations }: Fields): Block {
  if (!isFields(block.document)) return block
  const { enabled } = fields(citations)
  return {
    document: {
      ...block.document,
      ...(text(context) !== undefined && { context }),
      ...(typeof enabled === 'boolean' && { citations: { enabled } }),
    },
  }
}

/** LiteLLM lets base64 stand alone when its format is named. */
function bare(data: string, mediaType: string | undefined): InlineData | undefined {
  if (mediaType === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return undefined
  return { mediaType, base64: data }
}

/** Bedrock takes letters, digits, single spaces, hyphens and brackets in a document's name, and each name once. */
function documentName(filename: string | undefined, { documentNames }: Conversation): string {
  const plain = (filename ?? '')
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    .replace(/[^A-Za-z0-9\s\-()[\]]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 180)
  const base = plain === '' ? 'document' : plain
  let name = base
  for (let copy = 2; documentNames.has(name); copy++) name = `${base} (${copy})`
  documentNames.add(name)
  return name
}

/** Text and signature byte for byte; what another vendor signed means nothing here, and only Claude signs here. */
function thought({ type, thinking, signature, data }: Fields, { signedOnly }: Conversation): Block[] {
  const signer = signedOnly ? 'anthropic' : undefined
  if (type === 'redacted_thinking' && typeof data === 'string')
    return isForeignTo(signer, data) ? [] : [{ reasoningContent: { redactedContent: data } }]
  if (type !== 'thinking' || typeof thinking !== 'string') return []
  const isSigned = typeof signature === 'string' && signature !== '' && !isForeignTo(signer, signature)
  if (!isSigned && (signedOnly || thinking === '')) return []
  return [{ reasoningContent: { reasoningText: { text: thinking, ...(isSigned && { signature }) } } }]
}

function toolUse(call: Fields, path: string): Block {
  const { name, arguments: written } = fields(functionCall(call).function)
  if (text(name) === undefined) throw invalid(`${path}.function.name`, 'must be the name of a function.')
  const input = text(written) === undefined ? (isFields(written) ? written : {}) : parsed(String(written))
  if (!isFields(input)) throw invalid(`${path}.function.arguments`, 'must be a JSON object.')
  return { toolUse: { toolUseId: toolUseId(call.id, `${path}.id`), name, input } }
}

/** A cache marker inside a result stands behind it: a result holds none. */
function toolResult(message: ChatMessage, path: string, conversation: Conversation): Block[] {
  const failed = message.is_error === true || message.status === 'error'
  const blocks = contentBlocks(message.content, `${path}.content`, conversation)
  const result = {
    toolUseId: toolUseId(message.tool_call_id ?? message.name, `${path}.tool_call_id`),
    content: blocks.filter((block) => block.cachePoint === undefined),
    ...(failed && { status: 'error' }),
  }
  return [{ toolResult: result }, ...blocks.filter((block) => block.cachePoint !== undefined).slice(-1)]
}

/** Bedrock takes 64 characters of few kinds; a call and its result are rewritten alike. */
function toolUseId(id: unknown, path: string): string {
  if (typeof id !== 'string' || id === '') throw invalid(path, 'must be the id of a tool call.')
  const plain = id.replace(/[^A-Za-z0-9_.:-]/g, '_')
  return plain.length <= 64 ? plain : plain.slice(-64)
}

function invalid(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}`, { param })
}
