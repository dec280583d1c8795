import type { Transcript, TranscriptionRequest } from '../dialects/audio.ts'
import type { Images, ImagesRequest } from '../dialects/images.ts'
import { fields, list, number, place, present, text } from '../dialects/loose-json.ts'
import { documentTexts, type Ranking, type RerankRequest } from '../dialects/rerank.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { imagesUsed } from './images-used.ts'
import { headersFor } from './openai-compatible.ts'
import { sizeOf } from './picture-size.ts'
import type { Target } from './provider.ts'
import { rankedBy } from './ranking.ts'
import { posted, type Reach, taskBody } from './task-request.ts'
import type { SpeechTask, Task } from './translator.ts'
import { saysOf, unsupported } from './unsupported.ts'
import { segmentsOf, type Word } from './words-heard.ts'

/** Everything that Workers AI has no OpenAI endpoint for is run by the model's name (developers.cloudflare.com/workers-ai). */
const run: Reach = { url: runUrl, headers: headersFor }

function runUrl({ apiBase, model }: Target): string {
  const base = apiBase?.replace(/\/+$/, '').replace(/\/ai\/(?:v1|run)$/, '')
  if (base === undefined)
    throw new GatewayError(
      'internal',
      'Nobody knows which account of Cloudflare to ask: the operator must set api_base or CLOUDFLARE_API_BASE.',
    )
  return `${base}/ai/run/${model}`
}

/** Models that answer with their picture in JSON; the others answer with its bytes alone. */
const DRAWS = /flux-1-schnell|lucid-origin/

export const cloudflareImages: Task<ImagesRequest, Images> = {
  ask(request, target) {
    const {
      n,
      size,
      quality,
      style,
      background,
      response_format,
      user: _,
      model: __,
      ...body
    } = taskBody(request, target)
    if (!DRAWS.test(target.model))
      throw new GatewayError(
        'invalid_request',
        `${target.model} answers with bytes, which nobody here reads. Use @cf/black-forest-labs/flux-1-schnell or @cf/leonardo/lucid-origin.`,
        { param: 'model' },
      )
    const wanted = response_format === 'url' ? { response_format } : {}
    unsupported(saysOf({ quality, style, background, ...wanted }, ['auto', 'standard']), target)
    const one = posted(run, target, { ...body, ...(/lucid/.test(target.model) && sizeOf(size)) })
    return [one, ...Array.from({ length: (number(n) ?? 1) - 1 }, () => one)]
  },
  read(answers, request) {
    const data = answers.flatMap((answer) => {
      const b64_json = text(fields(fields(answer).result).image)
      return b64_json === undefined ? [] : [{ b64_json }]
    })
    if (data.length === 0) throw new GatewayError('upstream_failed', 'The provider answered without a picture.')
    return { answer: { data }, usage: { ...noUsage, ...imagesUsed({ size: request.size }, data.length) } }
  },
}

/** Whisper and Nova take the file itself as their body. */
export const cloudflareTranscription: Task<TranscriptionRequest, Transcript> = {
  ask(request, target) {
    const { language, prompt } = taskBody(request, target)
    if (/whisper-large-v3-turbo/.test(target.model))
      throw new GatewayError(
        'invalid_request',
        'whisper-large-v3-turbo takes files in a shape that is not made here. Use @cf/openai/whisper or @cf/deepgram/nova-3.',
        { param: 'model' },
      )
    unsupported(saysOf({ language, prompt, stream: request.stream }, [false]), target)
    const type = request.file.type === '' ? 'application/octet-stream' : request.file.type
    return [
      {
        url: runUrl(target),
        method: 'POST',
        headers: { ...headersFor(target), 'content-type': type },
        body: '',
        upload: request.file,
      },
    ]
  },
  read([answer]) {
    const result = fields(fields(answer).result)
    const [channel] = list(fields(result.results).channels).map(fields)
    const [best] = list(channel?.alternatives).map(fields)
    const said = text(result.text) ?? text(best?.transcript)
    if (said === undefined) throw new GatewayError('upstream_failed', 'The provider answered without a transcript.')
    const words = list(result.words ?? best?.words).map((one): Word => {
      const { word, start, end } = fields(one)
      return { word: text(word) ?? '', start: number(start) ?? 0, end: number(end) ?? 0 }
    })
    return { text: said, answer: { task: 'transcribe', text: said, words, segments: segmentsOf(words) } }
  },
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

export const cloudflareReranking: Task<RerankRequest, Ranking> = {
  ask(request, target) {
    const { top_n } = taskBody(request, target)
    const contexts = documentTexts(request).map((text) => ({ text }))
    return [posted(run, target, { query: request.query, contexts, ...present({ top_k: top_n }) })]
  },
  read: ([answer], request) => ({
    results: rankedBy(
      fields(fields(answer).result).response,
      ({ id, score }) => ({ index: place(id), score: number(score) }),
      request.documents.length,
    ),
  }),
}
