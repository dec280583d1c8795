import type { Deployment } from '../config/config.ts'
import { parseTranscription, printTranscript, type Transcript, type TranscriptionRequest } from '../dialects/audio.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { audioTokens } from '../providers/audio-used.ts'
import { taskBody } from '../providers/task-request.ts'
import { boundedBy } from './bound.ts'
import { heardEvents } from './heard-events.ts'
import type { Operation } from './operation.ts'
import { measuredSeconds } from './sound/measured.ts'
import { taskOperation } from './task.ts'
import { valueBytes } from './text-size.ts'

/** For files that nobody here can read. Nothing has fewer than the silence of AMR, a byte for 20 ms. */
const LEAST_BYTES_PER_SECOND = 50
/** What such files mostly have: 128 kbit/s. */
const USUAL_BYTES_PER_SECOND = 16_000
/** OpenAI counts ten a second of sound that it hears; taken twice for the worst. */
const TOKENS_PER_SECOND = 10
/** An answer of OpenAI's transcribers has no more, or as much as there was to hear. */
const LEAST_OUTPUT = 2_048
const TOKENS_PER_PROMPT = 64
/** What the shortest file is billed as, by the vendor that has the longest such time (Groq). */
const LEAST_MS = 10_000

export type ListeningAction = 'transcriptions' | 'translations'

/** What is said in a file: in its own language, or in English. */
function listening(action: ListeningAction): Operation<TranscriptionRequest> {
  const whole = taskOperation<TranscriptionRequest, Transcript>({
    name: 'transcription',
    callType: 'atranscription',
    parse: parseTranscription,
    taskOf: ({ transcription }) => transcription?.[action],
    lacking:
      action === 'transcriptions' ? 'its vendor transcribes nothing here' : 'its vendor translates no sound here',
    worstCase: (request, deployment) =>
      boundedBy(
        deployment,
        [mostUsage(request, deployment), estimateUsage(request)],
        'input_cost_per_second',
        ...[deployment.params, request],
      ),
    estimateUsage,
    print: (transcript, { request }) => printTranscript(transcript, request),
  })
  return {
    ...whole,
    streams: ({ stream }) => stream === true,
    hearing({ request, deployment }) {
      if (request.stream !== true) return undefined
      return heardEvents({
        last: 'transcript.text.done',
        usage: audioTokens,
        estimate: () => estimateUsage(request),
        price: deployment.price,
      })
    },
  }
}

export const transcription = listening('transcriptions')
export const translation = listening('translations')

function mostUsage(request: TranscriptionRequest, deployment: Deployment): Usage {
  const { file: _, ...said } = taskBody(request, deployment)
  const seconds = measuredSeconds(request.file) ?? request.file.size / LEAST_BYTES_PER_SECOND
  const heard = Math.ceil(seconds * 2 * TOKENS_PER_SECOND)
  return {
    ...noUsage,
    inputTokens: valueBytes(said) + TOKENS_PER_PROMPT,
    inputAudioTokens: heard,
    outputTokens: Math.max(deployment.maxOutputTokens ?? LEAST_OUTPUT, heard),
    // Some bill whole seconds (OpenAI's `usage.seconds`).
    inputAudioMs: Math.max(LEAST_MS, Math.ceil(seconds) * 1000),
  }
}

function estimateUsage({ file, prompt }: TranscriptionRequest): Usage {
  const seconds = measuredSeconds(file) ?? file.size / USUAL_BYTES_PER_SECOND
  return {
    ...noUsage,
    inputTokens: Math.ceil(valueBytes(prompt) / 4),
    inputAudioTokens: Math.ceil(seconds * TOKENS_PER_SECOND),
    outputTokens: Math.ceil(seconds * 3),
    inputAudioMs: Math.ceil(seconds * 1000),
  }
}
