import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import { RealtimeContext } from '../../../src/operations/realtime-context.ts'
import { responseUsage, transcriptionUsage } from '../../../src/operations/realtime-usage.ts'
import { costNano } from '../../../src/prices/cost.ts'
import type { Price } from '../../../src/prices/price.ts'
import { promptTokens, totalTokens } from '../../../src/prices/usage.ts'

const price: Price = {
  ...{ input: 4_000_000, output: 16_000_000, cacheRead: 400_000, cacheReadAudio: 500_000 },
  ...{ inputAudio: 32_000_000, outputAudio: 64_000_000, inputImage: 5_000_000 },
}
const deployment: Deployment = {
  ...{ id: 'd', group: 'voice', provider: 'openai', model: 'gpt-realtime', mode: 'realtime', params: {} },
  ...{ price, maxInputTokens: 32_000 },
}
const context = (more: Partial<Deployment> = {}) => new RealtimeContext({ ...deployment, ...more })
const costOf = (one: RealtimeContext, asked = {}) => one.most(asked).costNano ?? -1n
describe('the usage of a response', () => {
  const told = {
    input_tokens: 1_000,
    output_tokens: 300,
    input_token_details: {
      ...{ text_tokens: 300, audio_tokens: 600, image_tokens: 100, cached_tokens: 350 },
      cached_tokens_details: { text_tokens: 100, audio_tokens: 200, image_tokens: 50 },
    },
    output_token_details: { text_tokens: 100, audio_tokens: 200 },
  }

  it('is read into classes that do not overlap, each with a price of its own', () => {
    const usage = responseUsage({ usage: told })
    expect(usage).toMatchObject({
      ...{ inputTokens: 200, cacheReadTokens: 150, cacheReadAudioTokens: 200, inputAudioTokens: 400 },
      ...{ inputImageTokens: 50, outputTokens: 100, outputAudioTokens: 200 },
    })
    const picos = 200 * 4 + 150 * 0.4 + 200 * 0.5 + 400 * 32 + 50 * 5 + 100 * 16 + 200 * 64
    expect(usage && costNano(price, usage)).toBe(BigInt(picos * 1_000))
  })

  it('adds up to what the vendor counted, whatever it says of the parts', () => {
    const count = fc.option(fc.oneof(fc.nat(2_000), fc.integer(), fc.double(), fc.string()), { nil: undefined })
    const parts = fc.record({ text_tokens: count, audio_tokens: count, image_tokens: count })
    const usage = fc.record({
      ...{ input_tokens: fc.nat(1_000), output_tokens: fc.nat(1_000), output_token_details: parts },
      input_token_details: fc.record({
        audio_tokens: count,
        image_tokens: count,
        cached_tokens: count,
        cached_tokens_details: parts,
      }),
    })
    fc.assert(
      fc.property(usage, (said) => {
        const found = responseUsage({ usage: said })
        expect(found && promptTokens(found)).toBe(said.input_tokens)
        expect(found && totalTokens(found)).toBe(said.input_tokens + said.output_tokens)
        for (const tokens of Object.values(found ?? {})) expect(tokens).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('of a transcription is in tokens or in seconds', () => {
    expect(transcriptionUsage({ usage: { type: 'duration', seconds: 2.5 } })).toMatchObject({ inputAudioMs: 2_500 })
    const tokens = { type: 'tokens', input_tokens: 50, output_tokens: 9, input_token_details: { audio_tokens: 40 } }
    expect(transcriptionUsage({ usage: tokens })).toMatchObject({
      inputTokens: 10,
      inputAudioTokens: 40,
      outputTokens: 9,
    })
    expect(transcriptionUsage({})).toBeUndefined()
  })
})

describe('the worst case of a response', () => {
  it('grows with all that is said, and covers what it is billed for', () => {
    const one = context()
    let before = costOf(one)
    one.heard(48_000 * 40)
    expect(costOf(one)).toBeGreaterThan(before)
    before = costOf(one)
    for (const event of [
      { type: 'conversation.item.create', item: { content: [{ type: 'input_text', text: 'x'.repeat(5_000) }] } },
      { type: 'session.update', session: { instructions: 'y'.repeat(3_000) } },
      { type: 'conversation.item.create', item: { content: [{ type: 'input_image', image_url: 'data:,' }] } },
    ]) {
      one.sent(event)
      const after = costOf(one)
      expect(after).toBeGreaterThan(before)
      before = after
    }
    // Ten tokens a second of sound, a token for four letters, 4096 tokens of speech.
    const usage = {
      input_tokens: 400 + 2_000,
      output_tokens: 4_096,
      input_token_details: { audio_tokens: 400 },
      output_token_details: { audio_tokens: 4_096 },
    }
    const billed = responseUsage({ usage })
    expect(billed && costNano(price, billed)).toBeLessThan(before)
  })

  it('knows after a response what came before it, and does not forget what came meanwhile', () => {
    const one = context()
    one.heard(48_000 * 300)
    const before = costOf(one)
    const usage = responseUsage({ usage: { input_tokens: 100, output_tokens: 50 } })
    one.done(usage)
    one.done(usage)
    expect(costOf(one)).toBeLessThan(before)
    const known = costOf(one)
    one.heard(48_000 * 100)
    const meanwhile = costOf(one)
    one.done(usage)
    // It may have been sent after the response had begun.
    expect(costOf(one)).toBe(meanwhile)
    one.done(usage)
    expect(costOf(one)).toBe(known)
  })

  it('learns nothing about the conversation from a response beside it', () => {
    const one = context()
    one.heard(48_000 * 300)
    const before = costOf(one)
    one.sent({ type: 'response.create', response: { conversation: 'none', input: [] } })
    one.done(responseUsage({ usage: { input_tokens: 5, output_tokens: 5 } }))
    one.done(responseUsage({ usage: { input_tokens: 5, output_tokens: 5 } }))
    expect(costOf(one)).toBeGreaterThanOrEqual(before)
  })

  it('is the window and the longest answer at the most, and the window for what cannot be seen', () => {
    const one = context()
    for (let pieces = 0; pieces < 20; pieces++) one.heard(48_000 * 90)
    expect(costOf(one)).toBe(BigInt((32_000 * 32 + 4_096 * 64) * 1_000))
    const stored = context()
    stored.sent({ type: 'session.update', session: { prompt: { id: 'pmpt_1' } } })
    expect(stored.most().tokens).toBe(32_000 + 4_096)
  })

  it('follows the longest answer and what it is made of, of the session and of the response', () => {
    const one = context({ maxOutputTokens: 10_000 })
    const speaking = one.most().outputTokens
    expect(speaking).toBe(10_000)
    one.settled({ max_output_tokens: 500, output_modalities: ['audio'] })
    expect(one.most().outputTokens).toBe(500)
    const text = costOf(one, { output_modalities: ['text'], max_output_tokens: 100 })
    expect(costOf(one)).toBeGreaterThan(text)
    // Smaller only once the vendor says so, larger at once.
    one.sent({ type: 'session.update', session: { max_output_tokens: 50 } })
    expect(one.most().outputTokens).toBe(500)
    one.sent({ type: 'session.update', session: { max_output_tokens: 'inf' } })
    expect(one.most().outputTokens).toBe(10_000)
    // A response that asks for more than its session, in whichever word, is held for at more.
    one.settled({ max_output_tokens: 50, output_modalities: ['text'] })
    for (const most of ['inf', null, -1, 'many'])
      expect(one.most({ max_output_tokens: most }).outputTokens).toBe(10_000)
    expect(one.most({ max_output_tokens: 5, max_response_output_tokens: 70 }).outputTokens).toBe(70)
    expect(costOf(one, { output_modalities: ['text'], modalities: ['audio'] })).toBeGreaterThan(costOf(one))
    one.settled({ max_response_output_tokens: 50, modalities: ['text'] })
    expect(one.most().outputTokens).toBe(50)
  })

  it('has none without a price', () => {
    const { price: _, ...free } = deployment
    expect(new RealtimeContext(free).most()).toMatchObject({ costNano: undefined, unbounded: expect.any(String) })
  })

  it('knows who answers by itself, in both versions of the words', () => {
    const one = context()
    expect(one.answersItself).toBe(true)
    one.settled({ turn_detection: null })
    expect(one.answersItself).toBe(false)
    one.sent({ type: 'session.update', session: { audio: { input: { turn_detection: { type: 'server_vad' } } } } })
    expect(one.answersItself).toBe(true)
    one.sent({ type: 'session.update', session: { turn_detection: { type: 'server_vad', create_response: false } } })
    expect(one.answersItself).toBe(true)
    one.settled({ turn_detection: { type: 'server_vad', create_response: false } })
    expect(one.answersItself).toBe(false)
    one.settled({ turn_detection: { type: 'server_vad', create_response: false, idle_timeout_ms: 6_000 } })
    expect(one.answersItself).toBe(true)
  })

  it('of a transcription is of the sound that was not written down yet', () => {
    const scribe: Deployment = {
      ...deployment,
      model: 'whisper-1',
      price: { input: 0, output: 0, units: { second: 100_000_000 } },
    }
    const one = context()
    one.sent({ type: 'session.update', session: { input_audio_transcription: { model: 'whisper-1' } } })
    expect(one.transcribes).toBe('whisper-1')
    one.heard(48_000 * 60)
    expect(one.mostTranscribed(scribe).costNano).toBe(BigInt((60 + 30) * 100_000))
    one.committed()
    expect(one.mostTranscribed(scribe).costNano).toBe(BigInt(30 * 100_000))
  })
})
