import type { Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { msOf } from './audio-used.ts'
import { type Reach, taskBody, uploaded } from './task-request.ts'
import type { Task } from './translator.ts'
import { saysOf, unsupported } from './unsupported.ts'
import { segmentsOf, type Word } from './words-heard.ts'

/** OpenAI's fields without a counterpart; what is left of its fields changes only how we print. */
const LACKS = ['prompt', 'include', 'chunking_strategy', 'known_speaker_names', 'known_speaker_references']
const PRINTED = ['response_format', 'timestamp_granularities', 'user', 'file', 'model', 'language', 'use_multi_channel']

/** ElevenLabs' speech to text: a form, with `model_id` (elevenlabs.io/docs/api-reference/speech-to-text). */
export function elevenlabsTranscription(reach: Reach): Task<TranscriptionRequest, Transcript> {
  return {
    ask(request, target) {
      const body = taskBody(request, target)
      const asked = (field: string) => body[field] !== undefined && body[field] !== null
      unsupported([...LACKS.filter(asked), ...(request.stream === true ? ['stream'] : [])], target)
      // Its answer then is one for each channel, and each is billed.
      unsupported(saysOf({ use_multi_channel: body.use_multi_channel }, [false, 'false']), target)
      const own = Object.entries(body).filter(([name]) => !PRINTED.includes(name) && !LACKS.includes(name))
      const sent = { ...Object.fromEntries(own), ...present({ language_code: body.language }) }
      return [uploaded(reach, target, { ...sent, model_id: target.model, file: request.file })]
    },
    read([answer]) {
      const { text: said, language_code, audio_duration_secs, words } = fields(answer)
      if (typeof said !== 'string')
        throw new GatewayError('upstream_failed', 'The provider answered without a transcript.')
      const duration = number(audio_duration_secs)
      const heard = list(words).flatMap((one) => wordOf(fields(one)))
      return {
        text: said,
        answer: {
          task: 'transcribe',
          text: said,
          ...present({ language: text(language_code), duration }),
          words: heard,
          segments: segmentsOf(heard),
        },
        ...(duration !== undefined && { usage: { ...noUsage, inputAudioMs: msOf(duration) } }),
      }
    },
  }
}

/** Spaces and noises stand among the words. */
function wordOf({ type, text: word, start, end }: Fields): Word[] {
  if (type === 'spacing' || typeof word !== 'string') return []
  return [{ word, start: number(start) ?? 0, end: number(end) ?? 0 }]
}
