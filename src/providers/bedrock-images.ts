import type { Images, ImagesRequest } from '../dialects/images.ts'
import { type Fields, fields, list, number, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { bedrockRequest } from './bedrock-address.ts'
import { bedrockModel } from './bedrock-models.ts'
import { imagesUsed } from './images-used.ts'
import { nearestRatio, sizeOf } from './picture-size.ts'
import { taskBody } from './task-request.ts'
import type { Task } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** What OpenAI's pictures have and these have not, and what would change a picture unseen. */
const LACKS = ['style', 'background', 'moderation', 'output_compression', 'partial_images']
const STABILITY_RATIOS = ['16:9', '1:1', '21:9', '2:3', '3:2', '4:5', '5:4', '9:16', '9:21'] as const
const QUALITIES: Readonly<Record<string, string>> = { hd: 'premium', high: 'premium', premium: 'premium' }

/**
 * InvokeModel for models that draw: Nova Canvas and Titan in Amazon's words, Stability's in its own (Bedrock's user guide,
 * inference parameters). Stability draws one picture for each request.
 */
export const bedrockImages: Task<ImagesRequest, Images> = {
  ask(request, target) {
    const { prompt, n, size, quality, response_format, user: _, model: __, ...own } = taskBody(request, target)
    const lacking = LACKS.filter((field) => own[field] !== undefined && own[field] !== null)
    unsupported([...lacking, ...(response_format === 'url' ? ['response_format'] : [])], target)
    const { id } = bedrockModel(target.model)
    const count = number(n) ?? 1
    if (/stability\./.test(id)) {
      unsupported(plain(quality) ? [] : ['quality'], target)
      const aspect_ratio = own.aspect_ratio ?? nearestRatio(size, STABILITY_RATIOS)
      const one = bedrockRequest(target, 'invoke', { ...own, prompt, ...present({ aspect_ratio }) })
      return [one, ...Array.from({ length: count - 1 }, () => one)]
    }
    if (/amazon\.(nova-canvas|titan-image)/.test(id))
      return [bedrockRequest(target, 'invoke', amazonBody({ prompt, count, size, quality }, own))]
    throw new GatewayError(
      'invalid_request',
      `Nobody here knows how ${id} is asked for pictures on Bedrock. Nova Canvas, Titan and Stability models make them.`,
      { param: 'model' },
    )
  },
  read(answers, request, target) {
    const data = answers.flatMap((answer) =>
      list(fields(answer).images).flatMap((image) => {
        const b64_json = text(image)
        return b64_json === undefined ? [] : [{ b64_json }]
      }),
    )
    if (data.length === 0) throw noPicture(answers)
    const { quality, size } = taskBody(request, target)
    return { answer: { data }, usage: { ...noUsage, ...imagesUsed({ quality, size }, data.length) } }
  },
}

const plain = (quality: unknown) => [undefined, null, 'auto', 'standard'].includes(quality as string)

interface Asked {
  readonly prompt: unknown
  readonly count: number
  readonly size: unknown
  readonly quality: unknown
}

function amazonBody({ prompt, count, size, quality }: Asked, own: Fields): Fields {
  const { seed, cfgScale, negativeText, negative_prompt } = own
  const wanted = plain(quality) ? undefined : (QUALITIES[String(quality)] ?? String(quality))
  return {
    taskType: 'TEXT_IMAGE',
    textToImageParams: { text: prompt, ...present({ negativeText: negativeText ?? negative_prompt }) },
    imageGenerationConfig: {
      numberOfImages: count,
      ...sizeOf(size),
      ...present({ quality: wanted, seed, cfgScale }),
    },
  }
}

/** Filters say why; who says nothing has answered something else. */
function noPicture(answers: readonly unknown[]): GatewayError {
  const [reason] = answers.flatMap((answer) => {
    const { error, finish_reasons } = fields(answer)
    return [text(error), ...list(finish_reasons).map(text)].filter((said) => said !== undefined)
  })
  if (reason === undefined)
    return new GatewayError('upstream_failed', 'The provider answered without a picture.', { billed: true })
  return new GatewayError('content_policy_violation', `The provider made no picture: ${reason}.`, {
    param: 'prompt',
    billed: true,
  })
}
