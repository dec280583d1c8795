import type { Deployment } from '../config/config.ts'
import { type Images, type ImagesAction, type ImagesRequest, parseImages } from '../dialects/images.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { imagesUsed, PICTURE } from '../providers/images-used.ts'
import { taskBody } from '../providers/task-request.ts'
import { boundedBy } from './bound.ts'
import { heardEvents } from './heard-events.ts'
import type { Operation } from './operation.ts'
import { taskOperation } from './task.ts'
import { valueBytes } from './text-size.ts'

const TOKENS_PER_PROMPT = 256
/** A picture that is read closely: all of its tiles, and what OpenAI adds for `input_fidelity: high`. */
const TOKENS_PER_SOURCE = 8_192

/** The most that one picture is billed as, by OpenAI's guide for its own models; the guide of Google's says less. */
const MOST_TOKENS: Readonly<Record<string, number>> = { low: 408, medium: 1_584, high: 6_240 }
const MOST_OF_UNKNOWN = 16_384
/** A square one of medium quality, and one that is looked at as a whole. */
const USUAL_TOKENS = 1_056
const USUAL_OF_SOURCE = 1_024

const LACKING: Readonly<Record<ImagesAction, string>> = {
  generations: 'its vendor makes no pictures here',
  edits: 'its vendor changes no pictures here',
  variations: 'its vendor varies no pictures here',
}

/** What each picture before the last is billed as beside it (OpenAI, "Image generation", partial images). */
const TOKENS_PER_PARTIAL = 100

/** How many, in OpenAI's word, and in those of servers that take what they are sent beside it. */
const COUNTS = ['n', 'num_images', 'num_images_per_prompt', 'num_outputs', 'batch_size', 'samples']

/** Pictures: made from words, changed, or varied. */
function picturesBy(action: ImagesAction): Operation<ImagesRequest> {
  const whole = taskOperation<ImagesRequest, Images>({
    name: 'images',
    callType: action === 'generations' ? 'aimage_generation' : action === 'edits' ? 'aimage_edit' : 'aimage_variation',
    parse: (body, path) => parseImages(action, body, path),
    taskOf: ({ images }) => images?.[action],
    lacking: LACKING[action],
    worstCase: (request, deployment) =>
      boundedBy(
        deployment,
        mostUsages(taskBody(request, deployment), deployment, usualUsage(request)),
        'output_cost_per_image',
        ...[deployment.params, request],
      ),
    estimateUsage: usualUsage,
    print: ({ answer }, { startedAtMs }) => JSON.stringify({ created: Math.floor(startedAtMs / 1000), ...answer }),
  })
  return {
    ...whole,
    streams: ({ stream }) => stream === true,
    upstreams(asking) {
      const { request, provider } = asking
      if (request.stream === true && !provider.images?.[action]?.streamed)
        throw new GatewayError('invalid_request', 'Its vendor streams no pictures: leave stream out.', {
          param: 'stream',
        })
      return whole.upstreams(asking)
    },
    hearing({ request, provider, deployment }) {
      const usage = provider.images?.[action]?.streamed
      if (request.stream !== true || !usage) return undefined
      return heardEvents({
        last: action === 'edits' ? 'image_edit.completed' : 'image_generation.completed',
        usage: (event) => usage(event, request),
        estimate: () => whole.estimateUsage(request, 0),
        price: deployment.price,
      })
    },
  }
}

export const images = picturesBy('generations')
export const imageEdits = picturesBy('edits')
export const imageVariations = picturesBy('variations')

type Body = Readonly<Record<string, unknown>>

/** What a request is billed as at the most. Whoever leaves quality or size to the vendor may get any that has a price. */
function mostUsages(body: Body, { model, price }: Deployment, usual: Usage): readonly [Usage, ...Usage[]] {
  const { count, partial, sources, said } = sizesOf(body)
  const most: Usage = {
    ...noUsage,
    // Vendors that draw one at a time read it as often.
    inputTokens: count * (valueBytes(said) + TOKENS_PER_PROMPT),
    inputImageTokens: sources * TOKENS_PER_SOURCE,
    outputImageTokens: Math.max(
      count * mostTokens(model, body.quality) + partial * TOKENS_PER_PARTIAL,
      usual.outputImageTokens,
    ),
    ...imagesUsed(body, count),
  }
  const fits = (asked: unknown, own: string | undefined) => asked === 'auto' || asked === own
  const left = Object.keys(price?.units?.images ?? {}).filter((kind) => {
    const [quality, size] = kind.split('/')
    return fits(body.quality ?? 'standard', quality) && fits(body.size ?? '1024x1024', size)
  })
  return [most, usual, ...left.map((imageKind) => ({ ...most, imageKind }))]
}

/** What pictures are mostly billed as, whose vendor did not say. */
function usualUsage(request: ImagesRequest): Usage {
  const body = taskBody(request, { model: request.model, params: {} })
  const { count, partial, sources, said } = sizesOf(body)
  return {
    ...noUsage,
    inputTokens: Math.ceil(valueBytes(said) / 3),
    inputImageTokens: sources * USUAL_OF_SOURCE,
    outputImageTokens: count * (MOST_TOKENS[String(body.quality)] ?? USUAL_TOKENS) + partial * TOKENS_PER_PARTIAL,
    ...imagesUsed(body, count),
  }
}

function sizesOf(body: Body) {
  const { image, mask, ...said } = body
  const asked = COUNTS.map((name) => Number(body[name])).filter((count) => Number.isInteger(count) && count > 0)
  return {
    said,
    count: Math.max(1, ...asked),
    partial: Math.max(0, Number(body.partial_images) || 0),
    sources: (Array.isArray(image) ? image.length : image === undefined ? 0 : 1) + (mask === undefined ? 0 : 1),
  }
}

function mostTokens(model: string, quality: unknown): number {
  const gemini = PICTURE.answerTokens(model)
  if (gemini !== undefined) return gemini
  if (!/^gpt-image-1|^chatgpt-image/.test(model)) return MOST_OF_UNKNOWN
  return MOST_TOKENS[String(quality)] ?? MOST_TOKENS.high ?? MOST_OF_UNKNOWN
}
