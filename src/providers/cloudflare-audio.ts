import type { Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { msOf } from './audio-used.ts'
import { run } from './cloudflare-run.ts'
import { headersFor } from './openai-compatible.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import { posted, taskBody } from './task-request.ts'
import type { ListeningTasks, SpeechTask, Task } from './translator.ts'
import { saysOf, unsupported } from './unsupported.ts'
import { segmentsOf, type Word } from './words-heard.ts'

const TURBO = /whisper-large-v3-turbo/

/** The file as base64 inside JSON (developers.cloudflare.com, whisper-large-v3-turbo). */
function turbo(request: TranscriptionRequest, target: Target, task: 'transcribe' | 'translate'): UpstreamRequest {
  const { language, prompt, vad_filter, beam_size, prefix } = taskBody(request, target)
  unsupported(saysOf({ stream: request.stream }, [false]), target)
  const said = present({ language, initial_prompt: prompt, vad_filter, beam_size, prefix })
  return { ...posted(run, target, { task, ...said }), inlined: { name: 'audio', file: request.file } }
}

/** Whisper and Nova take the file itself as their body. */
const transcriptions: Task<TranscriptionRequest, Transcript> = {
  ask(request, target) {
    if (TURBO.test(target.model)) return [turbo(request, target, 'transcribe')]
    const { language, prompt } = taskBody(request, target)
    unsupported(saysOf({ language, prompt, stream: request.stream }, [false]), target)
    const type = request.file.type === '' ? 'application/octet-stream' : request.file.type
    return [
      {
        url: run.url(target),
        method: 'POST',
        headers: { ...headersFor(target), 'content-type': type },
        body: '',
        upload: request.file,
      },
    ]
  },
  read,
}

const translations: Task<TranscriptionRequest, Transcript> = {
  ask(request, target) {
    if (TURBO.test(target.model)) return [turbo(request, target, 'translate')]
    throw new GatewayError(
      'invalid_request',
      `${target.model} translates nothing. Use @cf/openai/whisper-large-v3-turbo.`,
      {
        param: 'model',
      },
    )
  },
  read,
}

export const cloudflareTranscription: ListeningTasks = { transcriptions, translations }

function read([answer]: readonly unknown[]): Transcript {
  const result = fields(fields(answer).result)
  const [channel] = list(fields(result.results).channels).map(fields)
  const [best] = list(channel?.alternatives).map(fields)
  const said = text(result.text) ?? text(best?.transcript)
  if (said === undefined) throw new GatewayError('upstream_failed', 'The provider answered without a transcript.')
  const told = list(result.segments).map(fields)
  const words = list(result.words ?? best?.words ?? told.flatMap((one) => list(one.words))).map(wordOf)
  const info = fields(result.transcription_info)
  const duration = number(info.duration)
  return {
    text: said,
    answer: {
      task: 'transcribe',
      text: said,
      ...present({ language: text(info.language), duration }),
      words,
      segments: told.length > 0 ? told.map(segmentOf) : segmentsOf(words),
    },
    ...(duration !== undefined && { usage: { ...noUsage, inputAudioMs: msOf(duration) } }),
  }
}

function wordOf(one: unknown): Word {
  const { word, start, end } = fields(one)
  return { word: text(word) ?? '', start: number(start) ?? 0, end: number(end) ?? 0 }
}

function segmentOf({ start, end, text: said }: Fields, id: number): Fields {
  return { id, start: number(start) ?? 0, end: number(end) ?? 0, text: text(said) ?? '' }
}

/** Aura reads aloud in the bytes of its format; other voices answer in JSON, which is no sound. */
export const cloudflareSpeech: SpeechTask = {
  ask(request, target) {
    const { speed, instructions, stream_format, response_format } = taskBody(request, target)
    if (!/aura/.test(target.model))
      throw new GatewayError(
        'invalid_request',
        `${target.model} does not answer with sound. Use @cf/deepgram/aura-1 or @cf/deepgram/aura-2-en.`,
        { param: 'model' },
      )
    unsupported(saysOf({ speed, instructions, stream_format }, [1, 'audio']), target)
    const encoding = response_format ?? 'mp3'
    return posted(run, target, { text: request.input, speaker: request.voice, ...present({ encoding }) })
  },
}
