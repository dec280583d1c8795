import type { Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { msOf } from './audio-used.ts'
import { lowerNames } from './lower-names.ts'
import { openaiCompatible } from './openai-compatible.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import { taskBody } from './task-request.ts'
import type { SpeechTask, Task, Vendor } from './translator.ts'
import { saysOf, unsupported } from './unsupported.ts'
import { segmentsOf, type Word } from './words-heard.ts'

const defaults = {
  apiBase: 'https://api.deepgram.com/v1',
  apiBaseEnv: 'DEEPGRAM_API_BASE',
  apiKeyEnv: 'DEEPGRAM_API_KEY',
}

/** OpenAI's fields without a counterpart; `temperature` and a `response_format` change nothing that Deepgram hears. */
const LACKS = ['stream', 'prompt', 'include', 'chunking_strategy', 'known_speaker_names', 'known_speaker_references']
const IGNORES = new Set([
  'model',
  'file',
  'response_format',
  'temperature',
  'timestamp_granularities',
  'user',
  'multichannel',
  ...LACKS,
])

/** Deepgram's `listen`: the file itself is the body, and everything else is in the address (developers.deepgram.com). */
const listen: Task<TranscriptionRequest, Transcript> = {
  ask(request, target) {
    const body = { ...taskBody(request, target), ...(request.stream === true && { stream: true }) } as Fields
    unsupported(
      LACKS.filter((field) => body[field] !== undefined && body[field] !== null),
      target,
    )
    // Each channel is billed, and only the first is told here.
    unsupported(saysOf({ multichannel: body.multichannel }, [false, 'false']), target)
    const query = new URLSearchParams({ model: target.model, smart_format: 'true' })
    for (const [name, value] of Object.entries(body))
      if (!IGNORES.has(name) && ['string', 'number', 'boolean'].includes(typeof value)) query.set(name, String(value))
    return [listening(target, query, request.file)]
  },
  read([answer]) {
    const { metadata, results } = fields(answer)
    const [channel] = list(fields(results).channels).map(fields)
    const [best] = list(channel?.alternatives).map(fields)
    if (channel === undefined || best === undefined || typeof best.transcript !== 'string')
      throw new GatewayError('upstream_failed', 'The provider answered without a transcript.')
    const duration = number(fields(metadata).duration)
    const words = list(best.words).map((one) => wordOf(fields(one)))
    return {
      text: best.transcript,
      answer: {
        task: 'transcribe',
        text: best.transcript,
        ...present({ language: text(channel.detected_language), duration }),
        words,
        segments: segmentsOf(words),
      },
      ...(duration !== undefined && { usage: { ...noUsage, inputAudioMs: msOf(duration) } }),
    }
  },
}

function listening(target: Target, query: URLSearchParams, file: Blob): UpstreamRequest {
  return {
    url: `${addressOf(target, 'listen')}?${query}`,
    method: 'POST',
    headers: headersOf(target, file.type === '' ? 'application/octet-stream' : file.type),
    body: '',
    upload: file,
  }
}

function wordOf({ word, punctuated_word, start, end }: Fields): Word {
  return { word: text(punctuated_word) ?? text(word) ?? '', start: number(start) ?? 0, end: number(end) ?? 0 }
}

/** Aura's voices are models: a name that ends with its language has one, any other takes the request's. */
const HAS_VOICE = /-[a-z]{2}$/
const SPOKEN: Readonly<Record<string, string>> = {
  mp3: 'encoding=mp3',
  opus: 'encoding=opus&container=ogg',
  aac: 'encoding=aac',
  flac: 'encoding=flac',
  wav: 'encoding=linear16&container=wav',
  pcm: 'encoding=linear16&container=none&sample_rate=24000',
}

/** Deepgram's `speak`: the text alone is the body (developers.deepgram.com, text to speech). */
const speak: SpeechTask = {
  ask(request, target) {
    const { speed, instructions, stream_format } = taskBody(request, target)
    const format = SPOKEN[request.response_format ?? 'mp3']
    const unformed = format === undefined ? ['response_format'] : []
    unsupported([...saysOf({ speed, instructions, stream_format }, [1, 'audio']), ...unformed], target)
    const model = HAS_VOICE.test(target.model) ? target.model : `${target.model}-${request.voice}-en`
    return {
      url: `${addressOf(target, 'speak')}?model=${encodeURIComponent(model)}&${format ?? SPOKEN.mp3}`,
      method: 'POST',
      headers: headersOf(target, 'application/json'),
      body: JSON.stringify({ text: request.input }),
    }
  },
}

function addressOf({ apiBase = defaults.apiBase }: Target, path: 'listen' | 'speak'): string {
  return `${apiBase.replace(/\/+$/, '').replace(/\/(?:listen|speak)$/, '')}/${path}`
}

function headersOf({ apiKey, extraHeaders }: Target, type: string): Record<string, string> {
  return {
    'content-type': type,
    ...(apiKey !== undefined && { authorization: `Token ${apiKey}` }),
    ...lowerNames(extraHeaders),
  }
}

export const deepgram = {
  ...openaiCompatible(defaults),
  chatless: true,
  speech: speak,
  transcription: { transcriptions: listen },
} satisfies Vendor
