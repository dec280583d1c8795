import type { ChatMessage, ThinkingBlock } from './chat.ts'
import { sealedIn, signatureAsWritten } from './gemini-signature.ts'
import { unreadable, word } from './gemini-words.ts'
import { type Fields, fields, isFields, list, present, text } from './loose-json.ts'

/**
 * Gemini's turns as messages. Calls without an id get one, and results without one answer the oldest call of their name.
 * What the model said in neighbouring turns is one message: Google's SDKs keep every event of a stream as a turn.
 */
export function messagesOf(contents: unknown, systemInstruction: unknown): ChatMessage[] {
  if (!Array.isArray(contents) || contents.length === 0)
    throw unreadable('contents', 'must be a list with at least one turn')
  const open: OpenCalls = []
  const messages = systemMessage(systemInstruction)
  let spoken: { readonly at: number; readonly parts: PlacedPart[] } | undefined
  const close = () => {
    if (spoken) messages.push(...modelMessage(spoken.parts, spoken.at, open))
    spoken = undefined
  }
  for (const [at, content] of contents.entries()) {
    const where = `contents[${at}]`
    if (!isFields(content)) throw unreadable(where, 'must be an object')
    const parts = partsOf(content, where).map((part, place) => ({ part, where: `${where}.parts[${place}]` }))
    const role = content.role ?? 'user'
    if (role === 'model') {
      spoken ??= { at, parts: [] }
      spoken.parts.push(...parts)
    } else if (role === 'user' || role === 'function' || role === 'tool') {
      close()
      messages.push(...userMessages(parts, open))
    } else throw unreadable(`${where}.role`, 'must be "user" or "model"')
  }
  close()
  return messages
}

interface PlacedPart {
  readonly part: Fields
  readonly where: string
}

type OpenCalls = { readonly id: string; readonly name: string }[]

function systemMessage(instruction: unknown): ChatMessage[] {
  if (instruction === undefined || instruction === null) return []
  const said =
    typeof instruction === 'string' ? [{ text: instruction }] : partsOf(fields(instruction), 'systemInstruction')
  const parts = said.map((part, at) => contentPart(part, `systemInstruction.parts[${at}]`))
  return parts.length === 0 ? [] : [{ role: 'system', content: plainOr(parts) }]
}

function partsOf(content: Fields, where: string): Fields[] {
  const { parts } = content
  if (parts === undefined || parts === null) return []
  const all = isFields(parts) ? [parts] : parts
  if (!Array.isArray(all)) throw unreadable(`${where}.parts`, 'must be a list')
  return all.map((part: unknown, at) => {
    if (!isFields(part)) throw unreadable(`${where}.parts[${at}]`, 'must be an object')
    return part
  })
}

/** A single plain text is a text; everything else stays a list of parts. */
function plainOr(parts: readonly Fields[]): unknown {
  const [only] = parts
  const isPlain = parts.length === 1 && only?.type === 'text' && Object.keys(only).length === 2
  return isPlain ? only.text : parts
}

function signatureOf(part: Fields): string | undefined {
  const signature = text(word(part, 'thoughtSignature'))
  return signature === undefined ? undefined : signatureAsWritten(signature)
}

function contentPart(part: Fields, where: string): Fields {
  const signature = signatureOf(part)
  const aside = signature === undefined ? {} : { provider_specific_fields: { thought_signature: signature } }
  if (typeof part.text === 'string') return { type: 'text', text: part.text, ...aside }
  const film = present({ video_metadata: word(part, 'videoMetadata') })
  const inline = word(part, 'inlineData')
  if (isFields(inline)) return { ...inlinePart(inline, where), ...film, ...aside }
  const file = word(part, 'fileData')
  if (isFields(file)) return { ...filePart(file, where), ...film, ...aside }
  const [kind = 'nothing'] = Object.keys(part)
  throw unreadable(where, `has "${kind}", which is no part of a user's turn that other models understand`)
}

function inlinePart(inline: Fields, where: string): Fields {
  const { data } = inline
  const mimeType = text(word(inline, 'mimeType'))
  if (typeof data !== 'string') throw unreadable(`${where}.inlineData.data`, 'must be base64')
  if (mimeType === undefined) throw unreadable(`${where}.inlineData.mimeType`, 'must be a MIME type')
  const url = `data:${mimeType};base64,${data}`
  if (mimeType.startsWith('image/')) return { type: 'image_url', image_url: { url } }
  const sound = /^audio\/(?:x-)?(wav|wave|mp3|mpeg|aac|flac|ogg|opus|aiff|m4a|pcm)$/.exec(mimeType)?.[1]
  if (sound !== undefined) return { type: 'input_audio', input_audio: { data, format: SOUNDS[sound] ?? sound } }
  const filename = text(word(inline, 'displayName'))
  return { type: 'file', file: { file_data: url, ...present({ filename }) } }
}

const SOUNDS: Readonly<Record<string, string>> = { mpeg: 'mp3', wave: 'wav' }

function filePart(file: Fields, where: string): Fields {
  const uri = text(word(file, 'fileUri'))
  const mimeType = text(word(file, 'mimeType'))
  if (uri === undefined) throw unreadable(`${where}.fileData.fileUri`, 'must be an address')
  if (mimeType?.startsWith('image/') === true) return { type: 'image_url', image_url: { url: uri, format: mimeType } }
  return { type: 'file', file: { file_id: uri, ...present({ format: mimeType }) } }
}

/** What a model said as one message. Pieces of a thought are one thought, up to the piece that is signed. */
function modelMessage(parts: readonly PlacedPart[], turn: number, open: OpenCalls): ChatMessage[] {
  const thoughts: ThinkingBlock[] = []
  const said: string[] = []
  const signatures: string[] = []
  const images: Fields[] = []
  const calls: Fields[] = []
  const others: Fields[] = []
  for (const { part, where } of parts) {
    const signature = signatureOf(part)
    const call = word(part, 'functionCall')
    if (isFields(call)) {
      const name = text(call.name)
      if (name === undefined) throw unreadable(`${where}.functionCall.name`, 'must name the function')
      const id = text(call.id) ?? `call_${turn}_${calls.length}`
      open.push({ id, name })
      calls.push({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(call.args ?? {}) },
        ...(signature !== undefined && { provider_specific_fields: { thought_signature: signature } }),
      })
    } else if (part.thought === true && (typeof part.text === 'string' || signature !== undefined))
      addThought(thoughts, typeof part.text === 'string' ? part.text : '', signature)
    else if (typeof part.text === 'string') {
      said.push(part.text)
      if (signature !== undefined) signatures.push(signature)
    } else if (isImage(part)) images.push(contentPart(part, where))
    else others.push(part)
  }
  const words = said.join('')
  const aside = {
    ...(signatures.length > 0 && { thought_signatures: signatures }),
    ...(others.length > 0 && { gemini_parts: others }),
  }
  const isAside = Object.keys(aside).length > 0
  if (words === '' && thoughts.length + images.length + calls.length === 0 && !isAside) return []
  const reasoning = thoughts.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('')
  return [
    {
      role: 'assistant',
      content: words === '' ? null : words,
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
      ...(images.length > 0 && { images }),
      ...(isAside && { provider_specific_fields: aside }),
    },
  ]
}

function addThought(thoughts: ThinkingBlock[], words: string, signature: string | undefined): void {
  const data = signature === undefined ? undefined : sealedIn(signature)
  if (data !== undefined) {
    thoughts.push({ type: 'redacted_thinking', data })
    return
  }
  const last = thoughts.at(-1)
  const continues = last?.type === 'thinking' && last.signature === undefined
  const block: ThinkingBlock = {
    type: 'thinking',
    thinking: continues ? last.thinking + words : words,
    ...(signature !== undefined && { signature }),
  }
  if (continues) thoughts[thoughts.length - 1] = block
  else thoughts.push(block)
}

function isImage(part: Fields): boolean {
  const media = fields(word(part, 'inlineData') ?? word(part, 'fileData'))
  return part.thought !== true && text(word(media, 'mimeType'))?.startsWith('image/') === true
}

/** Results come before what the user says beside them: no vendor lets anything stand between a call and its result. */
function userMessages(parts: readonly PlacedPart[], open: OpenCalls): ChatMessage[] {
  const results: ChatMessage[] = []
  const said: Fields[] = []
  for (const { part, where } of parts) {
    const result = word(part, 'functionResponse')
    if (isFields(result)) results.push(resultMessage(result, `${where}.functionResponse`, open))
    else said.push(contentPart(part, where))
  }
  return [...results, ...(said.length > 0 || results.length === 0 ? [{ role: 'user', content: plainOr(said) }] : [])]
}

function resultMessage(result: Fields, where: string, open: OpenCalls): ChatMessage {
  const name = text(result.name)
  const id = text(result.id)
  const at = open.findIndex((call) => (id === undefined ? call.name === name : call.id === id))
  const call = open[at]
  if (call === undefined && id === undefined)
    throw unreadable(where, `answers no call of this conversation ("${name ?? ''}")`)
  if (at >= 0) open.splice(at, 1)
  const response = fields(result.response)
  const failed = Object.keys(response).length === 1 && response.error !== undefined
  const media = list(result.parts)
    .filter(isFields)
    .map((part) => contentPart(part, where))
  const words = wordsOf(failed ? response.error : onlyOutput(response))
  return {
    role: 'tool',
    tool_call_id: call?.id ?? id ?? '',
    ...present({ name: name ?? call?.name }),
    content: media.length === 0 ? words : [{ type: 'text', text: words }, ...media],
    ...(failed && { is_error: true }),
  }
}

/** Google's `output` is the result itself; without it, the whole response is. */
function onlyOutput(response: Fields): unknown {
  return Object.keys(response).length === 1 && response.output !== undefined ? response.output : response
}

function wordsOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
