import type { Deployment } from '../config/config.ts'
import { parseSpeech, type SpeechRequest } from '../dialects/audio.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { audioTokens, charactersOf, mostSpokenTokens } from '../providers/audio-used.ts'
import { ruledBy } from '../providers/parameter-rules.ts'
import { taskBody } from '../providers/task-request.ts'
import { boundedBy, isByToken } from './bound.ts'
import { counted } from './counted.ts'
import { heardEvents } from './heard-events.ts'
import type { Asking, Hearing, Operation } from './operation.ts'
import { readable } from './task.ts'
import { utf8Bytes, valueBytes } from './text-size.ts'

const TOKENS_PER_REQUEST = 64
/** What is mostly said: fourteen characters in a second of some 21 tokens. */
const TOKENS_PER_CHARACTER = 1.5

/** A text, read aloud: sound that is passed on as it comes. */
export const speech: Operation<SpeechRequest> = {
  name: 'speech',
  callType: 'aspeech',
  parse: (body, path) => parseSpeech(body, path),
  unfit: ({ speech }) => (speech ? undefined : LACKING),
  worstCase: (request, deployment) =>
    boundedBy(
      deployment,
      [mostUsage(request, deployment), estimateUsage(request)],
      'input_cost_per_character',
      ...[deployment.params, request],
    ),
  needs: ({ input }) => ({ inputTokens: Math.ceil(input.length / 4), capabilities: [] }),
  estimateUsage,
  streams: ({ stream_format }) => stream_format === 'sse',
  hearing({ request, deployment, provider }) {
    if (provider.speech?.read) return undefined
    if (request.stream_format !== 'sse') return heardSound(request, deployment)
    const usage = (event: unknown) => {
      const told = audioTokens(event)
      return told && { ...told, inputCharacters: charactersOf(request.input) }
    }
    return heardEvents({
      last: 'speech.audio.done',
      usage,
      estimate: () => estimateUsage(request),
      price: deployment.price,
    })
  },
  upstreams(asking) {
    const { request, target } = ruledBy(asking.request, asking.target)
    const { speech } = asking.provider
    if (speech) return [speech.ask(request, target)]
    throw new GatewayError('not_implemented', `It cannot be asked: ${LACKING}. Use another model.`, { param: 'model' })
  },
  told({ deployment, provider, request }: Asking<SpeechRequest>, [answer]) {
    const read = provider.speech?.read
    if (read) {
      const { bytes, type, usage } = readable(deployment.group, () => read(answer.json, request))
      const used = usage && { ...usage, inputCharacters: charactersOf(request.input) }
      return { body: '', bytes, type, ...counted(used, estimateUsage(request), deployment.price) }
    }
    throw new GatewayError('upstream_failed', `${deployment.group} answered with something that is no sound.`, {
      billed: true,
      retry: true,
    })
  },
}

const LACKING = 'its vendor reads nothing aloud here'

function mostUsage(request: SpeechRequest, deployment: Deployment): Usage {
  const { instructions } = taskBody(request, deployment)
  const inputCharacters = charactersOf(request.input)
  return {
    ...noUsage,
    inputTokens: utf8Bytes(request.input) + valueBytes(instructions) + TOKENS_PER_REQUEST,
    outputAudioTokens: mostSpokenTokens(request.input),
    inputCharacters,
  }
}

function estimateUsage(request: SpeechRequest): Usage {
  const inputCharacters = charactersOf(request.input)
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
        ? { usage: { ...noUsage, inputCharacters: charactersOf(request.input) }, estimated: false }
        : { usage: estimateUsage(request), estimated: true },
  }
}
