import { type Fields, fields, list, number, text } from '../dialects/loose-json.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { withSources } from './openai-compatible-messages.ts'
import { openaiImages } from './openai-images.ts'
import { openaiReach } from './task-request.ts'
import type { Vendor } from './translator.ts'
import { unsupported } from './unsupported.ts'

const defaults = { apiBase: 'https://api.x.ai/v1', apiBaseEnv: 'XAI_API_BASE', apiKeyEnv: 'XAI_API_KEY' }

/** What its pictures have not (docs.x.ai, image generations): one size, one quality. */
const UNPICTURED = ['size', 'quality', 'style', 'background', 'moderation', 'output_compression', 'output_format']

/** xAI counts reasoning beside the completion, names its sources beside the answer, and says what is wrong in `error`. */
const chat = openaiCompatible(defaults, {
  lacks: ['logit_bias', 'audio', 'prediction', 'verbosity'],
  counts: reasoningBeside,
  plain: (answer) =>
    withSources(
      answer,
      list(answer.citations)
        .map((source) => text(source) ?? text(fields(source).url))
        .filter((url) => url !== undefined)
        .map((url) => ({ url, title: url })),
    ),
  refusal: ({ code, error, ...body }) =>
    typeof error === 'string' ? { ...body, error: { message: error, type: code } } : { ...body, code, error },
})

export const xai = {
  ...chat,
  images: {
    generations: openaiImages(openaiReach(defaults, '/images/generations'), {
      body(body, target) {
        const said = (field: string) => ![undefined, null, 'auto'].includes(body[field] as string)
        unsupported(UNPICTURED.filter(said), target)
        return Object.fromEntries(Object.entries(body).filter(([name]) => !UNPICTURED.includes(name)))
      },
    }),
  },
} satisfies Vendor

/** The total says on which side of the completion the vendor counted. */
export function reasoningBeside(usage: Fields): Fields {
  const details = fields(usage.completion_tokens_details)
  const reasoning = number(details.reasoning_tokens) ?? 0
  const prompt = number(usage.prompt_tokens) ?? 0
  const completion = number(usage.completion_tokens) ?? 0
  if (reasoning === 0 || usage.total_tokens !== prompt + completion + reasoning) return usage
  return { ...usage, completion_tokens: completion + reasoning }
}
