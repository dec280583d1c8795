import type { ChatMessage } from '../dialects/chat.ts'
import { spokenSeconds } from './sound/spoken.ts'
import { base64Bytes, namedBytes, utf8Bytes, valueBytes } from './text-size.ts'

/** What goes into a chat, measured but not yet counted in anybody's tokens. */
export interface ChatInput {
  readonly messages: number
  readonly textBytes: number
  /** The `detail` of each picture. */
  readonly images: readonly unknown[]
  /** Sound whose length is known, added up. */
  readonly audioSeconds: number
  /** Sound of which only its size is known. */
  readonly audioBytes: number
  /** Sound of an earlier answer, named by its id. */
  readonly earlierAudio: number
  readonly tools: number
  /** A format that the vendor writes into the prompt. */
  readonly schema: boolean
  /** Things whose size cannot be seen from here: files, videos, kinds of parts that nobody knows. */
  readonly opaque: number
}

type Fields = Readonly<Record<string, unknown>>

/** Measures the body as the vendor gets it. */
export function chatInput(body: Fields & { readonly messages: readonly ChatMessage[] }): ChatInput {
  const images: unknown[] = []
  let textBytes = 0
  let audioBytes = 0
  let audioSeconds = 0
  let earlierAudio = 0
  let opaque = 0

  const measure = (part: unknown) => {
    const { type, text, refusal, image_url, input_audio } = fields(part)
    if (typeof part === 'string') textBytes += utf8Bytes(part)
    else if (type === 'text') textBytes += valueBytes(text)
    else if (type === 'refusal') textBytes += valueBytes(refusal)
    else if (type === 'image_url') images.push(fields(image_url).detail)
    else if (type === 'input_audio') {
      const sound = fields(input_audio)
      const { data } = sound
      const seconds = typeof data === 'string' ? spokenSeconds(sound, data) : undefined
      if (seconds !== undefined) audioSeconds += seconds
      else if (typeof data === 'string') audioBytes += base64Bytes(data)
      else opaque += 1
    } else opaque += 1
  }

  for (const message of body.messages) {
    for (const [name, value] of Object.entries(message)) {
      if (name === 'content' && Array.isArray(value)) value.forEach(measure)
      else if (name === 'content') textBytes += valueBytes(value)
      else if (name !== 'audio') textBytes += namedBytes(name, value)
      else if (fields(value).id !== undefined) earlierAudio += 1
    }
  }
  // What lies in a vendor's own cache is read as input, too.
  if (typeof body.cachedContent === 'string' || typeof body.cached_content === 'string') opaque += 1
  const tools = Array.isArray(body.tools) ? body.tools : []
  const functions = Array.isArray(body.functions) ? body.functions : []
  textBytes +=
    valueBytes(tools) + valueBytes(functions) + valueBytes(body.tool_choice) + valueBytes(body.response_format)
  for (const field of TEMPLATE_FIELDS) textBytes += valueBytes(body[field])
  return {
    messages: body.messages.length,
    textBytes,
    images,
    audioSeconds,
    audioBytes,
    earlierAudio,
    tools: tools.length + functions.length,
    schema: isFields(body.response_format) || TEMPLATE_FIELDS.some((field) => isFields(body[field])),
    opaque,
  }
}

const AUDIO_TOKENS_PER_SECOND = 25

/** What the sound in it comes to, roughly. */
export function audioTokens({ audioSeconds, audioBytes }: Pick<ChatInput, 'audioSeconds' | 'audioBytes'>): number {
  return Math.ceil(audioSeconds * AUDIO_TOKENS_PER_SECOND) + Math.ceil(audioBytes / 400)
}

/** Fields of vLLM's that end up in the prompt. */
const TEMPLATE_FIELDS = ['documents', 'chat_template_kwargs', 'chat_template', 'structured_outputs', 'guided_json']

const nothing: Fields = {}

function fields(value: unknown): Fields {
  return isFields(value) ? value : nothing
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
