import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment, Json } from '../../../src/config/config.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { chargeOf } from '../../../src/gateway/charge.ts'
import { embeddings } from '../../../src/operations/embeddings-operation.ts'
import { imageEdits, images, imageVariations } from '../../../src/operations/images.ts'
import { moderation } from '../../../src/operations/moderation.ts'
import type { AnyRequest, Asking, Operation } from '../../../src/operations/operation.ts'
import { rerank } from '../../../src/operations/rerank.ts'
import { measure } from '../../../src/operations/sound/measured.ts'
import { speech } from '../../../src/operations/speech.ts'
import { transcription, translation } from '../../../src/operations/transcription.ts'
import { billedUsage } from '../../../src/prices/service-tier.ts'
import type { Usage } from '../../../src/prices/usage.ts'
import type { Target, UpstreamRequest } from '../../../src/providers/provider.ts'
import { providers, vendorFor } from '../../../src/providers/registry.ts'
import '../../support/seed.ts'
import { drawn, embedded, type Honesty, heard, judged, ranked, sentOf, spoken } from './honest-vendor.ts'
import { wav } from './sound/files.ts'

const SECONDS = [0.3, 4, 10.2, 31.5]
const files = SECONDS.map(
  (seconds) => new File([wav(100, Math.round(100 * seconds)) as Uint8Array<ArrayBuffer>], 'a.wav'),
)
for (const file of files) await measure(file)
const picture = new File(['p'], 'a.png', { type: 'image/png' })

/** What vendors with more than one tongue take; each is tried with every vendor, and whoever refuses is asked nothing. */
const MODELS = {
  images: [
    ...[
      'gpt-image-1',
      'gpt-image-1',
      'dall-e-3',
      'imagen-4.0-generate-001',
      'gemini-2.5-flash-image',
      'amazon.nova-canvas-v1:0',
    ],
    ...[
      'gemini-2.5-flash-image',
      'gemini-3-pro-image-preview',
      'stability.stable-image-core-v1:1',
      '@cf/black-forest-labs/flux-2-dev',
    ],
  ],
  speech: ['tts-1', 'gpt-4o-mini-tts', '@cf/deepgram/aura-1'],
  transcription: ['whisper-1', 'gpt-4o-transcribe', '@cf/openai/whisper-large-v3-turbo'],
  moderation: ['omni-moderation-latest'],
  rerank: ['rerank-v3.5', 'cohere.rerank-v3-5:0'],
  embeddings: [
    ...['text-embedding-3-small', 'cohere.embed-v4:0', 'amazon.titan-embed-text-v2:0'],
    ...['amazon.nova-2-multimodal-embeddings-v1:0', 'gemini-embedding-001', 'gemini-embedding-2'],
  ],
}

type Kind = keyof typeof MODELS

/** Often nothing, so that one class stands for itself. */
const rate = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000_000 }))
const some = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 1 })
const kinds = ['standard/1024x1024', 'hd/1024x1024', 'high/1536x1024', 'low/1024x1024', 'medium/1536x1024']
const byToken = fc.record({
  ...{ input: rate, output: rate, cacheRead: some(rate), inputAudio: some(rate), outputAudio: some(rate) },
  ...{ inputImage: some(rate), outputImage: some(rate), reasoning: some(rate), request: some(rate) },
  tiers: some(fc.tuple(fc.record({ aboveTokens: fc.constantFrom(50, 1_000), input: rate, output: rate }))),
  services: some(fc.record({ priority: fc.record({ input: rate, output: rate }) })),
})
const byUnit = (units: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.oneof(...Object.entries(units).map(([name, one]) => one.map((value) => ({ [name]: value })))).map((one) => ({
    ...{ input: 0, output: 0 },
    units: one,
  }))
const units: Readonly<Record<Kind, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  images: { image: rate, images: fc.dictionary(fc.constantFrom(...kinds), rate, { minKeys: 2 }), pixel: fc.nat(1_000) },
  speech: { character: rate },
  transcription: { second: rate },
  rerank: { searchUnit: rate },
  moderation: { character: rate },
  embeddings: { character: rate },
}
const priceFor = (kind: Kind) =>
  fc
    .oneof(
      byToken,
      fc.constantFrom({ input: 1_000, output: 0 }, { input: 0, output: 1_000 }),
      byUnit(units[kind]),
      fc.tuple(byToken, byUnit(units[kind])).map(([a, b]) => ({ ...a, ...b })),
    )
    .map((price) => JSON.parse(JSON.stringify(price)) as NonNullable<Deployment['price']>)

const quality = fc.constantFrom('auto', 'auto', 'standard', 'hd', 'low', 'medium', 'high')
const size = fc.constantFrom('auto', '512x512', '1024x1024', '1536x1024')
const n = fc.integer({ min: 1, max: 4 })
const text = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.constant('word '.repeat(120)))
const service_tier = some(fc.constant('priority'))
const asked = {
  images: fc.record({
    ...{ prompt: text, n: some(n), quality: some(quality), size: some(size), service_tier },
    extra_body: some(fc.record({ n }, { requiredKeys: [] })),
  }),
  speech: fc.record({
    input: text,
    voice: fc.constant('v'),
    instructions: some(text),
    stream_format: some(fc.constant('sse')),
  }),
  transcription: fc.record({ file: fc.constantFrom(...files), prompt: some(text), stream: some(fc.boolean()) }),
  moderation: fc.record({ input: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 5 })) }),
  rerank: fc.record({
    query: text,
    documents: fc.array(fc.oneof(text, fc.record({ title: text, text })), { minLength: 1, maxLength: 110 }),
  }),
  embeddings: fc.record({ input: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 20 })), service_tier }),
}
const anyParams = fc.option(fc.record({ n: some(n), quality: some(quality), size: some(size) }), { nil: {} })

interface Row {
  readonly operation: Operation<AnyRequest>
  readonly kind: Kind
  readonly more?: Readonly<Record<string, unknown>>
}

const row = <R extends AnyRequest>(operation: Operation<R>, kind: Kind, more?: Row['more']): Row => ({
  operation: operation as unknown as Operation<AnyRequest>,
  kind,
  ...(more && { more }),
})
const rows: Readonly<Record<string, Row>> = {
  'makes pictures': row(images, 'images'),
  'changes pictures': row(imageEdits, 'images', { image: [picture, picture] }),
  'varies pictures': row(imageVariations, 'images', { image: picture }),
  'reads aloud': row(speech, 'speech'),
  hears: row(transcription, 'transcription'),
  translates: row(translation, 'transcription'),
  moderates: row(moderation, 'moderation'),
  ranks: row(rerank, 'rerank'),
  'makes vectors': row(embeddings, 'embeddings'),
}

const table = Object.keys(providers).flatMap((provider) =>
  Object.entries(rows).flatMap(([does, one]) => {
    const vendor = vendorFor({ provider, model: 'm', mode: 'chat' })
    return vendor && one.operation.unfit(vendor, 'chat') === undefined ? [[provider, does, one] as const] : []
  }),
)

function askingOf(provider: string, model: string, { operation, more }: Row, body: object, deployment: Deployment) {
  const target: Target = {
    ...{ model, apiKey: 'k', apiBase: 'https://vendor.test/v1', extraHeaders: {}, params: deployment.params },
    ...{ apiVersion: '2026-01-01', aws: { region: 'us-east-1' } },
    vertex: { project: 'p', location: 'us-central1' },
  }
  const request = operation.parse({ model: 'g', ...defined(body), ...more }, {}, openaiChat)
  const vendor = vendorFor({ provider, model, mode: 'chat' })
  if (!vendor) throw new Error(provider)
  const asking: Asking<AnyRequest> = {
    ...{ id: 'id', request, deployment, provider: vendor, target, startedAtMs: 0 },
    call: { dialect: openaiChat, body: {} },
  }
  return asking
}

const part = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }))
const defined = (body: object) => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))

/** The usages that an answer may be charged by: told, and reckoned where it broke off. Undefined where nobody is asked. */
function usagesOf({ operation, kind }: Row, asking: Asking<AnyRequest>, honesty: Honesty): Usage[] | undefined {
  let sent: readonly UpstreamRequest[]
  try {
    sent = operation.upstreams(asking)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
  const { request } = asking
  const reckoned = operation.estimateUsage(request, 0)
  const answers = sent.map((one) => {
    const said = sentOf(one)
    if (kind === 'images') return drawn(said, asking.target.model, honesty)
    if (kind === 'speech') return spoken(said, honesty).answer
    if (kind === 'transcription') return heard(said, honesty)
    if (kind === 'moderation') return judged(said, honesty)
    if (kind === 'embeddings') return embedded(said, honesty)
    const documents = request.documents as readonly (string | { readonly text: string })[]
    const texts = documents.map((document) => (typeof document === 'string' ? document : document.text))
    return ranked({ query: String(request.query), documents: texts }, honesty)
  })
  const hearing = operation.hearing?.(asking)
  if (!hearing) {
    const [first, ...rest] = answers.map((json) => ({ text: '', json }))
    return first ? [reckoned, operation.told(asking, [first, ...rest]).usage] : undefined
  }
  const said = sentOf(sent[0] as UpstreamRequest)
  const event =
    kind === 'speech'
      ? spoken(said, honesty).event
      : kind === 'images'
        ? { type: 'image_generation.completed', ...(answers[0] as object) }
        : { type: 'transcript.text.done', ...(answers[0] as object) }
  hearing.hear(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`))
  hearing.over()
  return [reckoned, hearing.used().usage]
}

/** A vendor that is new in the registry is a row of it, and speaks in words that `honest-vendor.ts` has or is taught. */
describe('no answer of a vendor that bills within its rules costs more than was held for it', () => {
  it.each(table)('%s %s', (provider, _, one) => {
    let answered = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...MODELS[one.kind]),
        asked[one.kind] as fc.Arbitrary<object>,
        priceFor(one.kind),
        one.kind === 'images' ? anyParams : fc.constant({}),
        fc.array(part, { minLength: 8, maxLength: 8 }),
        fc.boolean(),
        (model, body, price, params, parts, saysUsage) => {
          const settings = defined(params) as Record<string, Json>
          const deployment = { id: 'd', group: 'g', provider, model, mode: 'chat', params: settings, price }
          const asking = askingOf(provider, model, one, body, deployment)
          let at = 0
          const { file, input } = asking.request
          const lasts =
            file instanceof Blob ? (SECONDS[files.indexOf(file as File)] ?? 0) : 10 + String(input).length / 14
          const honesty = { part: () => parts[at++ % parts.length] ?? 0, seconds: lasts, saysUsage }
          const usages = usagesOf(one, asking, honesty)
          if (!usages) return
          answered += 1
          const held = one.operation.worstCase(asking.request, deployment).costNano
          for (const usage of usages) {
            const billed = billedUsage(usage, asking.request, deployment.params)
            expect(chargeOf(deployment, billed).costNano).toBeLessThanOrEqual(held ?? -1n)
          }
        },
      ),
      {
        numRuns: 25,
        seed: (fc.readConfigureGlobal().seed ?? 0) + table.findIndex((row) => row[0] === provider && row[2] === one),
      },
    )
    expect(answered).toBeGreaterThan(0)
  })
})
