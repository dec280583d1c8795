import type { Images, ImagesRequest } from '../dialects/images.ts'
import { type Fields, fields, list, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { geminiUsage } from './gemini-usage.ts'
import { imagesUsed, PICTURE } from './images-used.ts'
import { nearestRatio } from './picture-size.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import { taskBody } from './task-request.ts'
import type { Task } from './translator.ts'
import { unsupported } from './unsupported.ts'

const RATIOS = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'] as const
const IMAGEN_RATIOS = ['1:1', '3:4', '4:3', '9:16', '16:9'] as const
/** What OpenAI's pictures have and Google's have not. `quality` and `style` change a picture, so they are refused. */
const LACKS = ['style', 'background', 'moderation', 'output_compression', 'output_format', 'partial_images']
const QUALITIES = [undefined, null, 'auto', 'standard']

/** A method of one of Google's models, where the deployment is. */
export type Method = (target: Target, method: string, body: Fields) => UpstreamRequest

/**
 * Google's pictures: Imagen by `predict`, and Gemini models that draw by `generateContent`, asked once for each picture
 * (ai.google.dev, image generation). Sizes become the nearest of their shapes.
 */
export function geminiImages(method: Method): Task<ImagesRequest, Images> {
  return {
    ask(request, target) {
      const { prompt, n, size, quality, response_format: _, user: __, ...body } = taskBody(request, target)
      const foreign = LACKS.filter((field) => body[field] !== undefined && body[field] !== null)
      unsupported([...foreign, ...(QUALITIES.includes(quality as string) ? [] : ['quality'])], target)
      const asked = { prompt, size, aspectRatio: text(body.aspectRatio), imageSize: text(body.imageSize) }
      const count = typeof n === 'number' ? n : 1
      if (isImagen(target.model)) return [method(target, 'predict', imagenBody(asked, count, body))]
      const one = method(target, 'generateContent', geminiBody(asked, target.model))
      return [one, ...Array.from({ length: count - 1 }, () => one)]
    },
    read,
  }
}

interface Asked {
  readonly prompt: unknown
  readonly size: unknown
  readonly aspectRatio: string | undefined
  readonly imageSize: string | undefined
}

function imagenBody({ prompt, size, aspectRatio, imageSize }: Asked, sampleCount: number, body: Fields): Fields {
  const { personGeneration } = body
  const ratio = aspectRatio ?? nearestRatio(size, IMAGEN_RATIOS)
  return {
    instances: [{ prompt }],
    parameters: { sampleCount, ...present({ aspectRatio: ratio, sampleImageSize: imageSize, personGeneration }) },
  }
}

function geminiBody({ prompt, size, aspectRatio, imageSize }: Asked, model: string): Fields {
  const imageConfig = present({ aspectRatio: aspectRatio ?? nearestRatio(size, RATIOS), imageSize })
  return {
    contents: [{ role: 'user', parts: [{ text: prompt }] }],
    generationConfig: {
      responseModalities: ['TEXT', 'IMAGE'],
      ...present({ maxOutputTokens: PICTURE.answerTokens(model) }),
      ...(Object.keys(imageConfig).length > 0 && { imageConfig }),
    },
  }
}

const isImagen = (model: string) => /(^|\/)imagen/.test(model)

function read(answers: readonly unknown[], request: ImagesRequest): Images {
  const data = answers.flatMap((answer) => [...predicted(fields(answer)), ...drawn(fields(answer))])
  if (data.length === 0) throw noPicture(answers)
  const usage = answers.map(geminiUsage).reduce<Usage>((sum, one) => (one ? added(sum, one) : sum), noUsage)
  return {
    answer: { data },
    usage: { ...usage, ...imagesUsed({ size: request.size }, data.length) },
  }
}

const predicted = ({ predictions }: Fields) =>
  list(predictions).flatMap((one) => {
    const b64_json = text(fields(one).bytesBase64Encoded)
    return b64_json === undefined ? [] : [{ b64_json }]
  })

const drawn = ({ candidates }: Fields) =>
  list(candidates).flatMap((candidate) =>
    list(fields(fields(candidate).content).parts).flatMap((part) => {
      const b64_json = text(fields(fields(part).inlineData).data)
      return b64_json === undefined || fields(part).thought === true ? [] : [{ b64_json }]
    }),
  )

/** These say how an answer ended, and nothing against its prompt. */
const ENDINGS = ['STOP', 'MAX_TOKENS', 'OTHER']

/** Filters say why; who says nothing has answered something else. */
function noPicture(answers: readonly unknown[]): GatewayError {
  const reason = reasonIn(answers)
  if (reason === undefined)
    return new GatewayError('upstream_failed', 'The provider answered without a picture.', { billed: true })
  return new GatewayError('content_policy_violation', `The provider made no picture: ${reason}.`, {
    param: 'prompt',
    billed: true,
  })
}

function reasonIn(answers: readonly unknown[]): string | undefined {
  const found = answers.flatMap((answer) => {
    const { predictions, candidates, promptFeedback } = fields(answer)
    return [
      text(fields(promptFeedback).blockReason),
      ...list(predictions).map((one) => text(fields(one).raiFilteredReason)),
      ...list(candidates).map((one) => text(fields(one).finishReason)),
    ].filter((reason) => reason !== undefined && !ENDINGS.includes(reason))
  })
  return found[0]
}

function added(a: Usage, b: Usage): Usage {
  const sum: Record<string, unknown> = { ...a }
  for (const [name, value] of Object.entries(b))
    if (typeof value === 'number') sum[name] = Number(sum[name] ?? 0) + value
  return { ...a, ...sum }
}
