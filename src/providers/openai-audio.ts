import type { Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import { type Fields, fields, isFields } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { audioTokens, msOf } from './audio-used.ts'
import type { Target } from './provider.ts'
import { posted, type Reach, taskBody, uploaded } from './task-request.ts'
import type { SpeechTask, Task } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** How a vendor's ears and voices differ from OpenAI's. */
export interface AudioAccent {
  readonly body?: (body: Fields, target: Target) => Fields
  /** Its answer in OpenAI's words. */
  readonly plain?: (answer: Fields) => Fields
  /** It answers as a whole, or in events of its own. */
  readonly lacksEvents?: true
  /** What the shortest sound is billed as. */
  readonly leastMs?: number
}

/** Speech of a vendor that has OpenAI's endpoint. */
export function openaiSpeech(reach: Reach, { body: spoken }: AudioAccent = {}): SpeechTask {
  return {
    ask(request, target) {
      const body = { ...taskBody(request, target), input: request.input }
      return posted(reach, target, spoken ? spoken(body, target) : body)
    },
  }
}

/**
 * Transcriptions of a vendor that has OpenAI's endpoint. The vendor is always asked for JSON, which says how long the
 * sound was; what the caller wants of it is printed here. Whispers say it only in their verbose form.
 */
export function openaiTranscription(
  reach: Reach,
  { body: spoken, plain, lacksEvents, leastMs = 0 }: AudioAccent = {},
): Task<TranscriptionRequest, Transcript> {
  return {
    ask(request, target) {
      const body = { ...taskBody(request, target), response_format: formatFor(request, target) }
      unsupported(lacksEvents && request.stream === true ? ['stream'] : [], target)
      const streams = request.stream === true && { stream: true }
      return [uploaded(reach, target, { ...(spoken ? spoken(body, target) : body), ...streams, file: request.file })]
    },
    read([said]) {
      const answer = isFields(said) && plain ? plain(said) : said
      if (!isFields(answer) || typeof answer.text !== 'string')
        throw new GatewayError('upstream_failed', 'The provider answered without a text.')
      const usage = audioTokens(answer) ?? lasted(answer)
      return { text: answer.text, answer, ...(usage && { usage: atLeast(usage, leastMs) }) }
    },
  }
}

function formatFor({ response_format: wanted }: TranscriptionRequest, { model }: Target): string {
  if (wanted === 'srt' || wanted === 'vtt') return 'verbose_json'
  if (wanted === 'verbose_json' || wanted === 'diarized_json') return wanted
  return /whisper/.test(model) ? 'verbose_json' : 'json'
}

/** Some servers write the length as text. */
function lasted(answer: Fields): Usage | undefined {
  const { duration } = fields(answer)
  const seconds = typeof duration === 'string' ? Number.parseFloat(duration) : duration
  return typeof seconds === 'number' && seconds >= 0 ? { ...noUsage, inputAudioMs: msOf(seconds) } : undefined
}

function atLeast(usage: Usage, leastMs: number): Usage {
  const { inputAudioMs } = usage
  return inputAudioMs === undefined || inputAudioMs >= leastMs ? usage : { ...usage, inputAudioMs: leastMs }
}
