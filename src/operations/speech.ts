import type { Deployment } from '../config/config.ts'
import { parseSpeech, type SpeechRequest } from '../dialects/audio.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { audioTokens } from '../providers/audio-used.ts'
import { ruledBy } from '../providers/parameter-rules.ts'
import { taskBody } from '../providers/task-request.ts'
import { boundedBy, isByToken } from './bound.ts'
import { heardEvents } from './heard-events.ts'
import type { Asking, Hearing, Operation } from './operation.ts'
import { utf8Bytes, valueBytes } from './text-size.ts'

const TOKENS_PER_REQUEST = 64
/** OpenAI's sound is about 21 tokens a second, and people say some fourteen characters in it; the slowest say two. */
const TOKENS_PER_CHARACTER = 1.5
const MOST_TOKENS_PER_CHARACTER = 12

/** A text, read aloud: sound that is passed on as it comes. */
export const speech: Operation<SpeechRequest> = {
  name: 'speech',
  callType: 'aspeech',
  parse: (body, path) => parseSpeech(body, path),
  unfit: ({ speech }) => (speech ? undefined : LACKING),
  worstCase: (request, deployment) => boundedBy(deployment, mostUsage(request, deployment), 'input_cost_per_character'),
  needs: ({ input }) => ({ inputTokens: Math.ceil(input.length / 4), capabilities: [] }),
  estimateUsage,
  streams: ({ stream_format }) => stream_format === 'sse',
  hearing({ request, deployment }) {
    if (request.stream_format !== 'sse') return heardSound(request, deployment)
    const usage = (event: unknown) => {
      const told = audioTokens(event)
      return told && { ...told, inputCharacters: charactersOf(request) }
    }
    return heardEvents({ last: 'speech.audio.done', usage, estimate: () => estimateUsage(request) })
  },
  upstreams(asking) {
    const { request, target } = ruledBy(asking.request, asking.target)
    const { speech } = asking.provider
    if (speech) return [speech.ask(request, target)]
    throw new GatewayError('not_implemented', `It cannot be asked: ${LACKING}. Use another model.`, { param: 'model' })
  },
  told({ deployment }: Asking<SpeechRequest>) {
    throw new GatewayError('upstream_failed', `${deployment.group} answered with something that is no sound.`, {
      billed: true,
      retry: true,
    })
  },
}

const LACKING = 'its vendor reads nothing aloud here'

function charactersOf({ input }: SpeechRequest): number {
  let count = 0
  for (const _ of input) count += 1
  return count
}

function mostUsage(request: SpeechRequest, deployment: Deployment): Usage {
  const { instructions } = taskBody(request, deployment)
  const inputCharacters = charactersOf(request)
  return {
    ...noUsage,
    inputTokens: utf8Bytes(request.input) + valueBytes(instructions) + TOKENS_PER_REQUEST,
    outputAudioTokens: MOST_TOKENS_PER_CHARACTER * inputCharacters,
    inputCharacters,
  }
}

function estimateUsage(request: SpeechRequest): Usage {
  const inputCharacters = charactersOf(request)
  return {
    ...noUsage,
    inputTokens: Math.ceil((utf8Bytes(request.input) + valueBytes(request.instructions)) / 4),
    outputAudioTokens: Math.ceil(TOKENS_PER_CHARACTER * inputCharacters),
    inputCharacters,
  }
}

/** Sound says nothing of its usage: characters are counted exactly, tokens are not. */
function heardSound(request: SpeechRequest, { price }: Deployment): Hearing {
  let isOver = false
  return {
    events: false,
    takes: (headers) => !/^(?:application\/json|text\/)/.test(headers.get('content-type') ?? ''),
    hear() {},
    over() {
      isOver = true
    },
    get complete() {
      return isOver
    },
    failure: undefined,
    used: () =>
      price && !isByToken(price)
        ? { usage: { ...noUsage, inputCharacters: charactersOf(request) }, estimated: false }
        : { usage: estimateUsage(request), estimated: true },
  }
}
