import { type Fields, isFields, present } from '../dialects/loose-json.ts'
import { elevenlabsTranscription } from './elevenlabs-transcription.ts'
import { lowerNames } from './lower-names.ts'
import { openaiCompatible } from './openai-compatible.ts'
import type { Target } from './provider.ts'
import { taskBody } from './task-request.ts'
import type { SpeechTask, Vendor } from './translator.ts'
import { unsupported } from './unsupported.ts'

const defaults = {
  apiBase: 'https://api.elevenlabs.io/v1',
  apiBaseEnv: 'ELEVENLABS_API_BASE',
  apiKeyEnv: 'ELEVENLABS_API_KEY',
}

/** OpenAI's formats by ElevenLabs' names; any other goes as it is (`mp3_22050_32`). */
const FORMATS: Readonly<Record<string, string>> = { mp3: 'mp3_44100_128', pcm: 'pcm_24000', opus: 'opus_48000_128' }
const LACKS = ['instructions', 'stream_format']
const OWN = ['voice_settings', 'language_code', 'seed', 'previous_text', 'next_text', 'apply_text_normalization']

/** ElevenLabs' text to speech: the voice's id is in the address (elevenlabs.io/docs/api-reference). */
const speak: SpeechTask = {
  ask(request, target) {
    const body = taskBody(request, target) as Fields
    const { voice, response_format, speed, voice_settings } = body
    const asked = (field: string) => body[field] !== undefined && body[field] !== null && body[field] !== 'audio'
    unsupported(LACKS.filter(asked), target)
    const format = typeof response_format === 'string' ? (FORMATS[response_format] ?? response_format) : FORMATS.mp3
    const own = Object.fromEntries(OWN.map((field) => [field, body[field]]))
    const settings =
      typeof speed === 'number' ? { ...(isFields(voice_settings) && voice_settings), speed } : voice_settings
    return {
      url: `${addressOf(target)}/text-to-speech/${encodeURIComponent(String(voice))}/stream?output_format=${encodeURIComponent(String(format))}`,
      method: 'POST',
      headers: headersOf(target),
      body: JSON.stringify({
        ...present(own),
        text: request.input,
        model_id: target.model,
        ...present({ voice_settings: settings }),
      }),
    }
  },
}

const addressOf = ({ apiBase = defaults.apiBase }: Target) => apiBase.replace(/\/+$/, '')

function headersOf({ apiKey, extraHeaders }: Target): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { 'xi-api-key': apiKey }),
    ...lowerNames(extraHeaders),
  }
}

export const elevenlabs = {
  ...openaiCompatible(defaults),
  chatless: true,
  speech: speak,
  transcription: {
    transcriptions: elevenlabsTranscription({
      url: (target) => `${addressOf(target)}/speech-to-text`,
      headers: headersOf,
    }),
  },
} satisfies Vendor
