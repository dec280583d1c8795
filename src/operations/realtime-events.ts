import { type Fields, fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import type { GatewayError } from '../errors.ts'

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
