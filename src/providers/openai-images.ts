import type { Images, ImagesRequest } from '../dialects/images.ts'
import { type Fields, fields, isFields, list, number } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { imagesUsed } from './images-used.ts'
import type { Target } from './provider.ts'
import { posted, type Reach, taskBody, uploaded } from './task-request.ts'
import type { Task } from './translator.ts'

/** How a vendor's pictures differ from OpenAI's. */
export interface ImagesAccent {
  readonly body?: (body: Fields, target: Target) => Fields
}

/** Pictures of a vendor that has OpenAI's endpoint. */
export function openaiImages(reach: Reach, { body: spoken }: ImagesAccent = {}): Task<ImagesRequest, Images> {
  return {
    ask(request, target) {
      const body = taskBody(request, target)
      const asked = request.stream === true ? { ...body, stream: true } : body
      const said = spoken ? spoken(asked, target) : asked
      return [request.image === undefined ? posted(reach, target, said) : uploaded(reach, target, said)]
    },
    read: ([answer], request, target) => readImages(answer, taskBody(request, target)),
    streamed(event, request) {
      if (!isFields(event)) return undefined
      const kind = { quality: event.quality ?? request.quality, size: event.size ?? request.size }
      return { ...noUsage, ...tokensOf(event.usage), ...imagesUsed(kind, 1) }
    },
  }
}

/** What came is what is billed, by quality and size where the answer says them. */
function readImages(answer: unknown, asked: Fields): Images {
  const made = list(fields(answer).data).length
  if (!isFields(answer) || made === 0)
    throw new GatewayError('upstream_failed', 'The provider answered without a picture.')
  const { quality, size } = answer
  // An answer that says its size says what was made; else it is as it was asked for.
  const { width, height } = size === undefined ? asked : {}
  const kind = { quality: quality ?? asked.quality, size: size ?? asked.size, width, height }
  const tokens = tokensOf(answer.usage)
  return { answer, usage: { ...noUsage, ...tokens, ...imagesUsed(kind, made) } }
}

/** OpenAI's newer models count tokens: text and pictures that were read, and pictures that were made. */
function tokensOf(usage: unknown): Partial<Usage> {
  const { input_tokens, output_tokens, input_tokens_details, output_tokens_details } = fields(usage)
  const read = whole(input_tokens)
  const written = whole(output_tokens)
  const { image_tokens, cached_tokens } = fields(input_tokens_details)
  const cacheReadTokens = Math.min(whole(cached_tokens), read)
  const inputImageTokens = Math.min(whole(image_tokens), read - cacheReadTokens)
  const outputTokens = Math.min(whole(fields(output_tokens_details).text_tokens), written)
  return {
    inputTokens: read - inputImageTokens - cacheReadTokens,
    cacheReadTokens,
    inputImageTokens,
    outputTokens,
    outputImageTokens: written - outputTokens,
  }
}

function whole(value: unknown): number {
  return Math.max(0, Math.ceil(number(value) ?? 0))
}
