import type { Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { msOf } from './audio-used.ts'
import { openaiCompatible } from './openai-compatible.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import { taskBody } from './task-request.ts'
import type { Task, Vendor } from './translator.ts'
import { unsupported } from './unsupported.ts'

const defaults = {
  apiBase: 'https://api.deepgram.com/v1',
  apiBaseEnv: 'DEEPGRAM_API_BASE',
  apiKeyEnv: 'DEEPGRAM_API_KEY',
}

/** Words of one line of subtitles. */
const WORDS_PER_SEGMENT = 12
/** OpenAI's fields without a counterpart; `temperature` and a `response_format` change nothing that Deepgram hears. */
const LACKS = ['stream', 'prompt', 'include', 'chunking_strategy', 'known_speaker_names', 'known_speaker_references']
const IGNORES = new Set([
  'model',
  'file',
  'response_format',
  'temperature',
  'timestamp_granularities',
  'user',
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
  const { apiBase = defaults.apiBase, apiKey, extraHeaders } = target
  const base = apiBase.replace(/\/+$/, '').replace(/\/listen$/, '')
  const headers = Object.entries(extraHeaders).map(([name, value]) => [name.toLowerCase(), value])
  return {
    url: `${base}/listen?${query}`,
    method: 'POST',
    headers: {
      'content-type': file.type === '' ? 'application/octet-stream' : file.type,
      ...(apiKey !== undefined && { authorization: `Token ${apiKey}` }),
      ...Object.fromEntries(headers),
    },
    body: '',
    upload: file,
  }
}

interface Word {
  readonly word: string
  readonly start: number
  readonly end: number
}

function wordOf({ word, punctuated_word, start, end }: Fields): Word {
  return { word: text(punctuated_word) ?? text(word) ?? '', start: number(start) ?? 0, end: number(end) ?? 0 }
}

function segmentsOf(words: readonly Word[]) {
  return Array.from({ length: Math.ceil(words.length / WORDS_PER_SEGMENT) }, (_, id) => {
    const some = words.slice(id * WORDS_PER_SEGMENT, (id + 1) * WORDS_PER_SEGMENT)
    const said = some.map(({ word }) => word).join(' ')
    return { id, start: some[0]?.start ?? 0, end: some.at(-1)?.end ?? 0, text: said }
  })
}

export const deepgram = {
  ...openaiCompatible(defaults),
  chatless: true,
  transcription: { transcriptions: listen },
} satisfies Vendor
