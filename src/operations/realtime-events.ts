import { type Fields, fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import type { GatewayError } from '../errors.ts'
import { base64Bytes } from './text-size.ts'

/** What a client may say here. Of an event that nobody knows nobody knows what it costs either. */
export const CLIENT_EVENTS: readonly string[] = [
  'session.update',
  'input_audio_buffer.append',
  'input_audio_buffer.commit',
  'input_audio_buffer.clear',
  'conversation.item.create',
  'conversation.item.retrieve',
  'conversation.item.truncate',
  'conversation.item.delete',
  'response.create',
  'response.cancel',
  'output_audio_buffer.clear',
]

/** Servers write `type` first or second: most events need not be read to know what they are. */
const TYPE = /^\s*\{\s*(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([\w.]+)"/

/** Sound as clients send it, many times a second: each name once and nothing else, so that it goes on as it came. */
const SOUND =
  /^\s*\{\s*(?:"event_id"\s*:\s*"[\w.-]{0,512}"\s*,\s*)?(?:"type"\s*:\s*"input_audio_buffer\.append"\s*,\s*"audio"\s*:\s*"([A-Za-z0-9+/]*={0,2})"|"audio"\s*:\s*"([A-Za-z0-9+/]*={0,2})"\s*,\s*"type"\s*:\s*"input_audio_buffer\.append")\s*\}\s*$/

/** How many bytes of sound an event brings that says nothing else; undefined for any other. */
export function soundIn(data: string): number | undefined {
  const [, first, second] = SOUND.exec(data) ?? []
  const audio = first ?? second
  return audio === undefined ? undefined : base64Bytes(audio)
}

const RESPONSE_ID = /"response_id"\s*:\s*"([\w-]{1,128})"/
/** What stands around a piece of sound or of a word. */
const FRAME_CHARS = 180

/** Roughly what a piece of an answer adds to it, and to which: only for answers of which nobody tells more. */
export function pieceOf(type: string, data: string) {
  const chars = Math.max(0, data.length - FRAME_CHARS)
  const responseId = RESPONSE_ID.exec(data.slice(0, 2 * FRAME_CHARS))?.[1]
  if (type.endsWith('audio.delta')) return { responseId, textChars: 0, audioBytes: Math.ceil((chars * 3) / 4) }
  if (type.includes('transcript')) return { responseId, textChars: 0, audioBytes: 0 }
  const { delta } = fields(parsed(data))
  return { responseId, textChars: typeof delta === 'string' ? delta.length : chars, audioBytes: 0 }
}

/** A server's event, read only where its beginning does not say what it is. Undefined for what is none. */
export function typeOf(data: string): string | undefined {
  return TYPE.exec(data)?.[1] ?? text(fields(parsed(data)).type)
}

/** A refusal as a server says it. */
export function errorEvent(error: GatewayError, id: string, about?: string): string {
  const { param, facts, retryAfterMs } = error.details
  return JSON.stringify({
    type: 'error',
    event_id: `event_${id}`,
    error: {
      type: error.type,
      code: error.code,
      message: error.message,
      param: param ?? null,
      event_id: about ?? null,
      ...(facts && { facts }),
      ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }),
    },
  })
}

/** A session as its caller may see it: by the name that it asked for, and without the key that opens the vendor's door. */
export function shownSession(event: Fields, model: string): string {
  const { client_secret: _, ...session } = fields(event.session)
  return JSON.stringify({ ...event, session: { ...session, ...(session.model !== undefined && { model }) } })
}

/** The same event with another field in `session.audio.input.transcription`, or in its place in earlier versions. */
export function withTranscriber(event: Fields, model: string): Fields {
  const session = fields(event.session)
  const audio = fields(session.audio)
  const input = fields(audio.input)
  if (isFields(input.transcription)) {
    const transcription = { ...input.transcription, model }
    return { ...event, session: { ...session, audio: { ...audio, input: { ...input, transcription } } } }
  }
  const transcription = { ...fields(session.input_audio_transcription), model }
  return { ...event, session: { ...session, input_audio_transcription: transcription } }
}
