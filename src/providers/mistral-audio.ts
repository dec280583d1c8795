import { fields, number, present } from '../dialects/loose-json.ts'
import { type AudioAccent, openaiTranscription } from './openai-audio.ts'
import type { Provider } from './provider.ts'
import { openaiReach } from './task-request.ts'
import { unsupported } from './unsupported.ts'

/** OpenAI's fields that Mistral's transcription has not. */
const LACKS = ['prompt', 'include', 'chunking_strategy', 'known_speaker_names', 'known_speaker_references']

/** Voxtral hears in OpenAI's form, knows its own fields alone, and counts seconds (docs.mistral.ai, audio transcriptions). */
const ACCENT: AudioAccent = {
  lacksEvents: true,
  body({ response_format, timestamp_granularities, user: _, ...body }, target) {
    unsupported(
      LACKS.filter((field) => body[field] !== undefined && body[field] !== null),
      target,
    )
    const timed = timestamp_granularities ?? (response_format === 'verbose_json' ? 'segment' : undefined)
    const [granularity] = Array.isArray(timed) ? timed : [timed]
    return { ...body, ...present({ timestamp_granularities: granularity }) }
  },
  plain(answer) {
    const { prompt_audio_seconds } = fields(answer.usage)
    const seconds = number(prompt_audio_seconds)
    return seconds === undefined ? answer : { ...answer, duration: seconds, usage: { type: 'duration', seconds } }
  },
}

export function mistralTranscription(defaults: Provider['defaults']) {
  return openaiTranscription(openaiReach(defaults, '/audio/transcriptions'), ACCENT)
}
