import type { Images, ImagesRequest } from '../dialects/images.ts'
import { type Fields, fields, number, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { noUsage } from '../prices/usage.ts'
import { run } from './cloudflare-run.ts'
import { imagesUsed } from './images-used.ts'
import { sizeOf } from './picture-size.ts'
import type { Target, UpstreamRequest } from './provider.ts'
import { posted, taskBody, uploaded } from './task-request.ts'
import type { Task } from './translator.ts'
import { saysOf, unsupported } from './unsupported.ts'

/** They take a form, also for words alone, and up to four pictures to begin from (developers.cloudflare.com, flux-2). */
const BY_FORM = /flux-2-/
const MOST_SOURCES = 4
const UNSIZED = /flux-1-schnell/

/** One picture for each time that they are asked. */
export const cloudflareImages: Task<ImagesRequest, Images> = {
  ask(request, target) {
    const body = wordsOf(request, target)
    return times(request, BY_FORM.test(target.model) ? uploaded(run, target, body) : posted(run, target, body))
  },
  read,
}

export const cloudflareEdits: Task<ImagesRequest, Images> = {
  ask(request, target) {
    if (!BY_FORM.test(target.model))
      throw new GatewayError(
        'invalid_request',
        `${target.model} changes no pictures here. Use @cf/black-forest-labs/flux-2-dev or one of flux-2-klein.`,
        { param: 'model' },
      )
    const { image, mask, ...body } = wordsOf(request, target)
    unsupported(saysOf({ mask }), target)
    const sources: readonly unknown[] = Array.isArray(image) ? image : [image]
    if (sources.length > MOST_SOURCES)
      throw new GatewayError('invalid_request', `${target.model} begins from ${MOST_SOURCES} pictures, no more.`, {
        param: 'image',
      })
    const named = Object.fromEntries(sources.map((source, at) => [`input_image_${at}`, source]))
    return times(request, uploaded(run, target, { ...body, ...named }))
  },
  read,
}

function wordsOf(request: ImagesRequest, target: Target): Fields {
  const {
    n: _,
    size,
    quality,
    style,
    background,
    response_format,
    user: __,
    model: ___,
    ...body
  } = taskBody(request, target)
  const wanted = response_format === 'url' ? { response_format } : {}
  unsupported(saysOf({ quality, style, background, ...wanted }, ['auto', 'standard']), target)
  return { ...body, ...(!UNSIZED.test(target.model) && sizeOf(size)) }
}

function times({ n }: ImagesRequest, one: UpstreamRequest): readonly [UpstreamRequest, ...UpstreamRequest[]] {
  return [one, ...Array.from({ length: (number(n) ?? 1) - 1 }, () => one)]
}

/** Newer models answer in JSON, older ones with the picture itself. */
function read(answers: readonly unknown[], request: ImagesRequest, target: Target): Images {
  const data = answers.flatMap((answer) => {
    const b64_json = text(fields(fields(answer).result).image) ?? text(fields(answer).b64_json)
    return b64_json === undefined ? [] : [{ b64_json }]
  })
  if (data.length === 0) throw new GatewayError('upstream_failed', 'The provider answered without a picture.')
  const { size, width, height } = taskBody(request, target)
  return { answer: { data }, usage: { ...noUsage, ...imagesUsed({ size, width, height }, data.length) } }
}
