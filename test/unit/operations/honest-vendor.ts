import type { Fields } from '../../../src/dialects/loose-json.ts'
import type { UpstreamRequest } from '../../../src/providers/provider.ts'

/**
 * Any vendor, as it answers what it was sent: in all of the words that vendors have for it, of which each reader knows its
 * own. It bills within its rules: no more pictures than were asked for, a token for a byte at the most, and sound by its
 * length, in whole seconds.
 */
export interface Honesty {
  /** From 0 to 1: how much of what it may use it does, one after the other. */
  readonly part: () => number
  /** How long the file that was sent lasts, and the text that was sent takes to be said. */
  readonly seconds: number
  readonly saysUsage: boolean
}

/** What was sent, whatever its form. */
export function sentOf({ body, upload }: UpstreamRequest): Fields {
  if (!(upload instanceof FormData)) return body === '' ? {} : JSON.parse(body)
  return Object.fromEntries([...upload.entries()].map(([name, value]) => [name, readable(value)]))
}

const readable = (value: unknown) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)

/** What is said about the texts is no text of theirs. */
const ABOUT = ['model', 'schemaVersion', 'taskType', 'embeddingPurpose', 'truncationMode', 'input_type', 'task']

const bytesIn = (value: unknown): number =>
  typeof value === 'string'
    ? Buffer.byteLength(value)
    : typeof value === 'object' && value !== null && !(value instanceof Blob)
      ? Object.entries(value).reduce((sum, [name, one]) => sum + (ABOUT.includes(name) ? 0 : bytesIn(one)), 0)
      : 0

const COUNTS = ['n', 'num_images', 'num_images_per_prompt', 'num_outputs', 'numberOfImages', 'sampleCount']

function named(sent: unknown, names: readonly string[]): number {
  if (typeof sent !== 'object' || sent === null || sent instanceof Blob) return 1
  return Math.max(
    1,
    ...Object.entries(sent).map(([name, one]) =>
      names.includes(name) && typeof one === 'number' ? one : named(one, names),
    ),
  )
}

const longest = (sent: Fields) => (sent.generationConfig as { maxOutputTokens?: number } | undefined)?.maxOutputTokens
/** What OpenAI's guide counts for a picture of each quality (gpt-image-1 and -1.5). */
const PICTURE: Readonly<Record<string, number>> = { low: 408, medium: 1_584, high: 6_240 }

export function drawn(sent: Fields, model: string, { part, saysUsage }: Honesty): unknown {
  const up = (most: number) => Math.round(part() * most)
  const made = 1 + up(named(sent, COUNTS) - 1)
  const b64 = 'AA=='
  const times = <T>(one: T) => Array.from({ length: made }, () => one)
  const sources = Object.values(sent).filter((one) => one instanceof Blob).length
  const text = up(bytesIn(sent) + 64)
  const pictures = up(sources * 4_096)
  const quality = sent.quality === 'auto' ? ['low', 'medium', 'high'][up(2)] : sent.quality
  const most = /gpt-image/.test(model) ? (PICTURE[String(quality)] ?? 6_240) : 2_520
  const written = longest(sent) === undefined ? made * up(most) : up(longest(sent) ?? 0)
  const words = up(written / 10)
  if (sent.instances) return { predictions: times({ bytesBase64Encoded: b64 }) }
  if (sent.contents)
    return {
      candidates: [{ content: { parts: times({ inlineData: { data: b64 } }) }, finishReason: 'STOP' }],
      ...(saysUsage && {
        usageMetadata: {
          ...{ promptTokenCount: text, candidatesTokenCount: written - words, thoughtsTokenCount: words },
          ...{ totalTokenCount: text + written },
          candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: up(written - words) }],
        },
      }),
    }
  return {
    data: times({ b64_json: b64 }),
    images: times(b64),
    result: { image: b64 },
    ...(saysUsage && { quality, size: sent.size === 'auto' ? ['1024x1024', '1536x1024'][up(1)] : sent.size }),
    ...(saysUsage && {
      usage: {
        ...{ input_tokens: text + pictures, output_tokens: written, total_tokens: text + pictures + written },
        input_tokens_details: { text_tokens: text, image_tokens: pictures, cached_tokens: up(text) },
        output_tokens_details: { text_tokens: words, image_tokens: written - words },
      },
    }),
  }
}

/** The tokens of sound that are said, 25 a second at the most. */
export function spoken(sent: Fields, { part, seconds, saysUsage }: Honesty): { answer: unknown; event: unknown } {
  const read = Math.round(part() * (bytesIn(sent) + 32))
  const said = Math.floor(Math.min(25 * seconds, longest(sent) ?? Number.POSITIVE_INFINITY))
  const inlineData = { mimeType: 'audio/L16;rate=24000', data: 'AAAA' }
  return {
    answer: {
      candidates: [{ content: { parts: [{ inlineData }] }, finishReason: 'STOP' }],
      ...(saysUsage && {
        usageMetadata: { promptTokenCount: read, candidatesTokenCount: said, totalTokenCount: read + said },
      }),
    },
    event: {
      type: 'speech.audio.done',
      ...(saysUsage && { usage: { input_tokens: read, output_tokens: said, total_tokens: read + said } }),
    },
  }
}

/** Every vendor's transcript. `least` is what its vendor bills the shortest file as. */
export function heard(sent: Fields, { part, seconds, saysUsage }: Honesty): Record<string, unknown> {
  const billed = part() < 0.5 ? Math.ceil(seconds) : seconds
  const read = Math.round(part() * (bytesIn(sent) + 32))
  const audio = Math.round(part() * 10 * seconds)
  const written = Math.round(part() * Math.min(2_048, 16 * seconds))
  const usage =
    part() < 0.5
      ? { type: 'duration', seconds: billed, prompt_audio_seconds: billed }
      : {
          ...{ input_tokens: read + audio, output_tokens: written, total_tokens: read + audio + written },
          input_token_details: { text_tokens: read, audio_tokens: audio },
        }
  return {
    text: 'Hi.',
    results: { channels: [{ alternatives: [{ transcript: 'Hi.', words: [] }] }] },
    result: { text: 'Hi.', ...(saysUsage && { transcription_info: { duration: billed } }) },
    ...(saysUsage && { usage, duration: billed, audio_duration_secs: billed, metadata: { duration: billed } }),
  }
}

export function judged(sent: Fields, { part, saysUsage }: Honesty): unknown {
  const tokens = Math.round(part() * (bytesIn(sent) + 16))
  return {
    results: [{ flagged: false, categories: {}, category_scores: {} }],
    ...(saysUsage && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  }
}

/** Cohere bills a search for a hundred documents, of which each piece of 500 tokens with its query is one. */
export function ranked(
  { query, documents }: { readonly query: string; readonly documents: readonly string[] },
  { part, saysUsage }: Honesty,
): unknown {
  const perByte = part()
  const tokens = (text: string) => Math.floor(perByte * Buffer.byteLength(text))
  const asks = Math.min(tokens(query), 250)
  const pieces = documents.map((one) => Math.max(1, Math.ceil(tokens(one) / (500 - asks))))
  const searches = Math.ceil(pieces.reduce((sum, one) => sum + one, 0) / 100)
  const read = documents.reduce((sum, one) => sum + tokens(one) + tokens(query) + 8, 0)
  const results = [{ index: 0, relevance_score: 0.5, relevanceScore: 0.5 }]
  return {
    ...{ results, data: results, records: [{ id: '0', score: 0.5 }], result: { response: [{ id: 0, score: 0.5 }] } },
    ...(saysUsage &&
      (part() < 0.5 ? { meta: { billed_units: { search_units: searches } } } : { usage: { total_tokens: read } })),
  }
}

export function embedded(sent: Fields, { part, saysUsage }: Honesty): unknown {
  const given = sent.input ?? sent.texts ?? sent.requests ?? sent.instances ?? sent.inputs
  const inputs = Array.isArray(given) ? given : [given]
  const each = inputs.map(() => [0.5])
  const tokens = Math.round(part() * (bytesIn(given ?? sent) + 16 * inputs.length))
  const google = saysUsage && { usageMetadata: { promptTokenCount: tokens } }
  const amazon = saysUsage && { inputTextTokenCount: tokens }
  if (sent.inputs) return each
  if (sent.requests) return { embeddings: each.map((values) => ({ values })), ...google }
  if (sent.content) return { embedding: { values: [0.5] }, ...google }
  if (sent.instances) {
    const statistics = saysUsage ? { token_count: Math.floor(tokens / inputs.length) } : undefined
    return { predictions: each.map((values) => ({ embeddings: { values, statistics } })) }
  }
  if (sent.texts)
    return { embeddings: { float: each }, ...(saysUsage && { meta: { billed_units: { input_tokens: tokens } } }) }
  if (sent.inputText) return { embedding: [0.5], ...amazon }
  if (sent.singleEmbeddingParams) return { embeddings: [{ embeddingType: 'TEXT', embedding: [0.5] }], ...amazon }
  return {
    data: each.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    embeddings: each,
    ...(saysUsage && { usage: { prompt_tokens: tokens, total_tokens: tokens }, prompt_eval_count: tokens }),
  }
}
