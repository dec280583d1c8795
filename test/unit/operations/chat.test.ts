import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { estimateUsage, worstCase } from '../../../src/operations/chat.ts'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price } from '../../../src/prices/price.ts'
import { noUsage, totalTokens, type Usage } from '../../../src/prices/usage.ts'
import { flac, mp3, wav } from './sound/files.ts'

const price: Price = { input: 150_000, output: 600_000, cacheRead: 75_000 }
const deployment: Deployment = {
  id: 'd1',
  group: 'fast',
  provider: 'openai',
  model: 'gpt-4o-mini',
  params: {},
  mode: 'chat',
  price,
  maxInputTokens: 128_000,
  maxOutputTokens: 16_384,
}
const request: ChatRequest = { model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }
const { price: _, ...priceless } = deployment
const { maxInputTokens: __, maxOutputTokens: ___, ...limitless } = deployment

/** Text of a message: its five bytes, `role`, `user` and one between them; the marks of a message and of a request. */
const helloTokens = 5 + (4 + 4 + 1) + 16 + 256

describe('worstCase', () => {
  it('is bytes in and the maximum out', () => {
    expect(worstCase(request, deployment)).toEqual({
      tokens: helloTokens + 16_384,
      outputTokens: 16_384,
      maxOutputTokens: 16_384,
      costNano: BigInt(helloTokens * 150 + 16_384 * 600),
    })
  })

  it('counts bytes, not characters', () => {
    const worst = (content: string) =>
      worstCase({ ...request, messages: [{ role: 'user', content }] }, deployment).tokens
    expect(worst('é') - worst('e')).toBe(1)
    expect(worst('漢') - worst('e')).toBe(2)
    expect(worst('🙂') - worst('e')).toBe(3)
  })

  it('takes the maximum the request names, by either name, else that of the params', () => {
    const named = (fields: object, params = {}) =>
      worstCase({ ...request, ...fields }, { ...deployment, params }).maxOutputTokens
    expect(named({ max_tokens: 10 })).toBe(10)
    expect(named({ max_completion_tokens: 20 })).toBe(20)
    expect(named({ max_tokens: 10, max_completion_tokens: 20 })).toBe(20)
    expect(named({}, { max_tokens: 30 })).toBe(30)
    expect(named({ max_tokens: 10 }, { max_completion_tokens: 30 })).toBe(10)
    expect(named({ extra_body: { max_tokens: '40' } })).toBe(40)
  })

  it('multiplies the answer by n, not the input', () => {
    const { tokens } = worstCase({ ...request, max_tokens: 10, n: 3 }, deployment)
    expect(tokens).toBe(helloTokens + 30)
  })

  it('falls back to the window where no maximum is known, and says so where there is neither', () => {
    expect(worstCase(request, { ...limitless, maxInputTokens: 8_192 }).maxOutputTokens).toBe(8_192)
    const worst = worstCase(request, limitless)
    expect([worst.costNano, worst.maxOutputTokens]).toEqual([undefined, undefined])
    expect(worst.unbounded).toMatch(/Send max_tokens/)
    expect(worstCase({ ...request, max_tokens: 5 }, limitless).costNano).toBe(BigInt(helloTokens * 150 + 5 * 600))
  })

  it.each([
    ['no price', request, priceless, /no known price/],
    ['a priority tier', { ...request, service_tier: 'priority' }, deployment, /service_tier/],
    ['searches', { ...request, web_search_options: {} }, deployment, /web_search_options/],
    [
      'a file for an unknown window',
      { ...request, max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      limitless,
      /max_input_tokens/,
    ],
  ] as const)('gives no amount for %s, and the reason', (_name, asked, where, reason) => {
    const worst = worstCase(asked, where)
    expect(worst.costNano).toBeUndefined()
    expect(worst.unbounded).toMatch(reason)
    expect(worst.tokens).toBeGreaterThan(0)
  })

  it('counts tools, formats, tool calls and what the deployment adds', () => {
    const tokens = (fields: object, params = {}) =>
      worstCase({ ...request, ...fields }, { ...deployment, params }).tokens
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    const plain = tokens({})
    expect(tokens({ tools })).toBeGreaterThan(plain + JSON.stringify(tools).length / 2 + 512)
    expect(tokens({}, { tools })).toBe(tokens({ tools }))
    expect(tokens({ response_format: { type: 'json_schema', json_schema: { schema: {} } } })).toBeGreaterThan(
      plain + 512,
    )
    const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: 'x'.repeat(1000) } }]
    expect(tokens({ messages: [...request.messages, { role: 'assistant', tool_calls: calls }] })).toBeGreaterThan(
      plain + 1000,
    )
  })

  it('counts pictures by their documented maximum and never by their bytes', () => {
    const url = `data:image/png;base64,${'A'.repeat(100_000)}`
    const tokens = (model: string, detail?: string) => {
      const content = [{ type: 'image_url', image_url: { url, detail } }]
      const asked = { ...request, max_tokens: 1, messages: [{ role: 'user', content }] }
      return worstCase(asked, { ...deployment, model }).tokens - (helloTokens - 5 + 1)
    }
    expect(tokens('gpt-4o')).toBe(1445)
    expect(tokens('gpt-4o', 'low')).toBe(85)
    expect(tokens('gpt-4o-mini')).toBe(48_169)
    expect(tokens('gpt-4.1-mini')).toBe(3779)
    expect(tokens('gpt-5')).toBe(1190)
    expect(tokens('qwen-vl')).toBe(48_169)
  })

  it('counts sound by its size, and files by the window', () => {
    const tokens = (part: object) =>
      worstCase({ ...request, max_tokens: 1, messages: [{ role: 'user', content: [part] }] }, deployment).tokens
    const silence = tokens({ type: 'text', text: '' })
    expect(tokens({ type: 'input_audio', input_audio: { data: 'A'.repeat(4000), format: 'mp3' } })).toBe(silence + 60)
    expect(tokens({ type: 'file', file: { file_id: 'file-1' } })).toBe(silence + 128_000)
    expect(tokens({ type: 'something_new' })).toBe(silence + 128_000)
  })

  it('takes the dearest tier that the bound can reach, and only those', () => {
    const tiered: Price = { ...price, tiers: [{ aboveTokens: 1000, input: 300_000, output: 900_000 }] }
    const cost = (content: string) =>
      worstCase(
        { ...request, max_tokens: 100, messages: [{ role: 'user', content }] },
        { ...deployment, price: tiered },
      )
    const small = cost('x')
    expect(small.costNano).toBe(BigInt((small.tokens - 100) * 150 + 100 * 600))
    const large = cost('x'.repeat(1000))
    expect(large.costNano).toBe(BigInt((large.tokens - 100) * 300 + 100 * 900))
  })

  it('takes sound by its length: a second of it is fifty tokens, however many bytes it has', () => {
    const tokens = (data: string) =>
      worstCase(
        {
          ...request,
          max_tokens: 1,
          messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data } }] }],
        },
        deployment,
      ).tokens
    const none = tokens('')
    expect(tokens(base64(wav(48_000, 48_000))) - none).toBe(50)
    expect(tokens(`data:audio/wav;base64,${base64(wav(48_000, 48_000))}`) - none).toBe(50)
    const silence = tokens(base64(flac(8_000, 100, 65_536, 1))) - none
    expect(Math.abs(silence - (100 * 65_536 * 50) / 8_000)).toBeLessThanOrEqual(1)
    // What is no base64 may be read as another sound by whoever skips that.
    const odd = base64(wav(48_000, 48_000)).replace('A', '!')
    expect(tokens(odd) - none).toBe(Math.ceil((odd.length * 3) / 4 / 50))
  })

  it('takes the price of the tier that is asked for, and the usual one where that is dearer', () => {
    const tiers = { priority: { input: 300_000, output: 1_200_000 }, flex: { input: 75_000, output: 300_000 } }
    const asked = (service_tier?: string) =>
      worstCase(
        { ...request, max_tokens: 100, ...(service_tier && { service_tier }) },
        { ...deployment, price: { ...price, services: tiers } },
      ).costNano
    const usual = BigInt(helloTokens * 150 + 100 * 600)
    expect([asked(), asked('default'), asked('flex'), asked('priority')]).toEqual([usual, usual, usual, 2n * usual])
  })

  it('takes the dearest rate of what the input may turn out to be', () => {
    const written = worstCase(
      { ...request, max_tokens: 1 },
      { ...deployment, price: { ...price, cacheWrite: 200_000 } },
    )
    expect(written.costNano).toBe(BigInt(helloTokens * 200 + 600))
  })

  it('is an upper bound: no answer within the rules costs more', () => {
    fc.assert(
      fc.property(anyCase, ({ asked, where, usage }) => {
        const worst = worstCase(asked, where)
        expect(worst.costNano).toBeGreaterThanOrEqual(costNano(where.price!, usage))
        expect(worst.tokens).toBeGreaterThanOrEqual(totalTokens(usage))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('estimateUsage', () => {
  it('reckons three bytes or characters a token, and never more than is allowed', () => {
    expect(estimateUsage(request, 30)).toMatchObject({ inputTokens: 5 + 4 + 3, outputTokens: 10 })
    expect(estimateUsage({ ...request, max_tokens: 4 }, 30).outputTokens).toBe(4)
    expect(estimateUsage({ ...request, max_tokens: 4, n: 2 }, 30).outputTokens).toBe(8)
    expect(estimateUsage(request, 30, 7).outputTokens).toBe(7)
    expect(estimateUsage({ ...request, max_tokens: 4 }, 30, 7).outputTokens).toBe(4)
  })

  it('stays within the worst case', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(1_000_000), ({ asked, where }, outputChars) => {
        const usage = estimateUsage(asked, outputChars, where.maxOutputTokens)
        expect(worstCase(asked, where).costNano).toBeGreaterThanOrEqual(costNano(where.price!, usage))
      }),
    )
  })
})

const rate = fc.integer({ min: 0, max: 100_000_000 })
const rates = {
  input: rate,
  output: rate,
  cacheRead: rate,
  cacheWrite: rate,
  cacheWrite1h: rate,
  reasoning: rate,
  inputImage: rate,
  inputAudio: rate,
  outputAudio: rate,
}
const requiredKeys: ['input', 'output'] = ['input', 'output']
const anyPrice: fc.Arbitrary<Price> = fc
  .record({
    base: fc.record(rates, { requiredKeys }),
    tiers: fc.array(
      fc
        .tuple(fc.nat(3000), fc.record(rates, { requiredKeys }))
        .map(([aboveTokens, tier]) => ({ aboveTokens, ...tier })),
      { maxLength: 2 },
    ),
    request: fc.nat(1_000_000),
    services: fc.record({
      flex: fc.record(rates, { requiredKeys: [] }),
      // Without the prompt's and the answer's nobody knows what it costs, and then there is no bound.
      priority: fc.record(rates, { requiredKeys: ['input', 'output'] }),
    }),
  })
  .map(({ base, tiers, request: fee, services }) => ({ ...base, tiers, request: fee, services }))

/**
 * A request, and a usage such as its vendor may report: at most a token per byte and a few marks a message, pictures up to
 * what the vision guide allows for gpt-4o, ten tokens for a second of sound at 8 kbit/s, answers up to their maximum. Each
 * part may be billed under any class that it can fall into.
 */
/** Sound as base64, and the most tokens that any vendor counts for it: of files that can be read, and of what cannot. */
const anySound = fc.oneof(
  fc.nat(20).map((seconds) => ({ data: 'A'.repeat(Math.ceil((seconds * 1000 * 4) / 3)), tokens: seconds * 10 })),
  fc.integer({ min: 1, max: 800 }).map((n) => ({ data: base64(wav(8_000, n)), tokens: Math.floor((n * 32) / 8_000) })),
  fc.integer({ min: 1, max: 100 }).map((n) => ({ data: base64(mp3(n)), tokens: Math.floor(n * 0.036 * 32) })),
  // Silence, which takes next to no bytes.
  fc.integer({ min: 1, max: 100 }).map((n) => ({
    data: base64(flac(8_000, n, 65_536, 1)),
    tokens: Math.floor((n * 65_536 * 32) / 8_000),
  })),
)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

const anyCase = fc
  .record({
    price: anyPrice,
    texts: fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 6 }),
    pictures: fc.nat(2),
    sound: anySound,
    maxTokens: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
    n: fc.integer({ min: 1, max: 4 }),
    speaks: fc.boolean(),
    tier: fc.constantFrom('flex' as const, 'priority' as const, undefined),
    served: fc.boolean(),
    used: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
  })
  .map(({ price: some, texts, pictures, sound, maxTokens, n, speaks, tier, served, used }) => {
    const share = (index: number, whole: number) => Math.floor((used[index] ?? 0) * whole)
    const parts = [
      ...Array.from({ length: pictures }, () => ({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } })),
      { type: 'input_audio', input_audio: { data: sound.data, format: 'mp3' } },
    ]
    const asked: ChatRequest = {
      model: 'fast',
      messages: [...texts.map((content) => ({ role: 'user', content })), { role: 'user', content: parts }],
      n,
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(speaks && { modalities: ['text', 'audio'] }),
      ...(tier && { service_tier: tier }),
    }
    const bytes = texts.reduce((sum, said) => sum + new TextEncoder().encode(said).length, 0)
    const text = share(0, bytes + 7 * (texts.length + 1) + 3)
    const cacheRead = share(1, text)
    const cacheWrite = share(2, text - cacheRead)
    const image = share(3, pictures * 1445)
    const audio = share(4, sound.tokens)
    const out = share(5, n * (maxTokens ?? 16_384))
    const reasoning = share(6, out)
    const spoken = speaks ? share(7, out - reasoning) : 0
    const usage: Usage = {
      ...noUsage,
      inputTokens: text - cacheRead - cacheWrite,
      cacheReadTokens: cacheRead,
      cacheWriteTokens: cacheWrite,
      inputImageTokens: image,
      inputAudioTokens: audio,
      outputTokens: out - reasoning - spoken,
      reasoningTokens: reasoning,
      outputAudioTokens: spoken,
      // Whoever asks for a tier may get the usual one.
      ...(tier && served && { serviceTier: tier }),
    }
    return { asked, where: { ...deployment, model: 'gpt-4o', price: some }, usage }
  })
