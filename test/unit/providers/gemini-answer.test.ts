import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { completionTokens, noUsage, promptTokens } from '../../../src/prices/usage.ts'
import { geminiFailure } from '../../../src/providers/gemini-failure.ts'
import { geminiCompletion, geminiReader } from '../../../src/providers/gemini-reader.ts'
import { geminiUsage } from '../../../src/providers/gemini-usage.ts'
import { folded } from '../dialects/folded.ts'
import { answerOf, cutAt, errors, readAll, reading, streamOf } from './gemini-world.ts'

const whole = (name: string) => geminiCompletion(answerOf(name), reading)
const candidate = (fields: object) => ({ candidates: [{ content: { parts: [{ text: 'x' }] }, ...fields }] })

describe('a whole answer', () => {
  it('has its text, its thoughts, and the signature byte for byte', () => {
    expect(whole('text')).toEqual({
      id: 'resp-text',
      created: 1_700_000_000,
      model: 'gemini-2.5-flash',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Grüß dich! 👋',
            reasoning_content: 'The user wants a greeting.',
            thinking_blocks: [{ type: 'thinking', thinking: 'The user wants a greeting.' }],
            provider_specific_fields: {
              thought_signatures: ['EjQKMgEMAbc+/8Zm9v'],
              safety_ratings: [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' }],
              avg_logprobs: -0.25,
            },
          },
          finish_reason: 'stop',
        },
      ],
      usage: {
        ...noUsage,
        inputTokens: 110,
        cacheReadTokens: 1000,
        inputAudioTokens: 40,
        inputImageTokens: 100,
        outputTokens: 7,
        reasoningTokens: 31,
      },
    })
  })

  it('ends as a tool call when it calls, with ids of the vendor or of ours and signatures on their calls', () => {
    const [choice] = whole('tools').choices
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: 'Let me look.' } })
    expect(choice?.message.tool_calls).toEqual([
      {
        id: 'fc_1',
        type: 'function',
        function: { name: 'get_weather', arguments: '{"city":"Köln","days":2}' },
        provider_specific_fields: { thought_signature: 'CiQBcallSignature+/==' },
      },
      { id: 'call_chatcmpl1_1', type: 'function', function: { name: 'now', arguments: '{}' } },
    ])
  })

  it('counts thoughts inside the candidates where the total says so', () => {
    expect(whole('tools').usage).toEqual({ ...noUsage, inputTokens: 90, outputTokens: 28, reasoningTokens: 12 })
  })

  it('cites sources in characters where Google counts bytes', () => {
    const { message } = whole('grounded').choices[0] ?? {}
    const cited = (url: string, title: string | undefined, start_index?: number, end_index?: number) => ({
      type: 'url_citation',
      url_citation: {
        url,
        ...(title && { title }),
        ...(start_index !== undefined && { start_index, end_index }),
      },
    })
    expect(message?.annotations).toEqual([
      cited('https://a.test/koeln', 'a.test', 0, 20),
      cited('https://a.test/koeln', 'a.test', 24, 34),
      cited('gs://bucket/doc.pdf', 'doc', 24, 34),
      cited('https://c.test/unused', undefined),
      cited('https://d.test/quote', undefined, 0, 4),
    ])
    expect(message?.content?.slice(24, 34)).toBe('Es regnet.')
    expect(message?.provider_specific_fields).toHaveProperty('grounding_metadata.searchEntryPoint')
    expect(whole('grounded').usage?.webSearches).toBe(2)
  })

  it('shows pictures with their signatures and keeps what chat has no word for', () => {
    const { message } = whole('media').choices[0] ?? {}
    expect(message?.images).toEqual([
      {
        type: 'image_url',
        image_url: { url: 'data:image/png;base64,aW1hZ2U=' },
        provider_specific_fields: { thought_signature: 'imageSignature' },
      },
    ])
    expect(message?.provider_specific_fields?.gemini_parts).toHaveLength(2)
    expect(whole('media').usage).toMatchObject({ outputTokens: 5, outputImageTokens: 1290 })
  })

  it('is a refusal when the prompt was blocked', () => {
    expect(whole('blocked')).toMatchObject({
      choices: [
        {
          finish_reason: 'content_filter',
          message: { content: null, refusal: 'The provider blocked the prompt (PROHIBITED_CONTENT).' },
        },
      ],
      usage: { inputTokens: 8 },
    })
  })

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['LANGUAGE', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['IMAGE_SAFETY', 'content_filter'],
    ['NO_IMAGE', 'content_filter'],
    ['OTHER', 'content_filter'],
  ])('ends with %s as %s, and says what Google said', (finishReason, finish) => {
    const [choice] = geminiCompletion(candidate({ finishReason, finishMessage: 'why' }), reading).choices
    expect(choice?.finish_reason).toBe(finish)
    const shown = choice?.message.provider_specific_fields?.native_finish_reason
    expect(shown).toBe(finish === 'content_filter' ? finishReason : undefined)
    expect(choice?.message.refusal).toBe(finish === 'content_filter' ? 'why' : undefined)
  })

  it.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MALFORMED_RESPONSE'])(
    'is a failure, not an answer, when it ends with %s',
    (finishReason) => {
      const answer = candidate({ finishReason, finishMessage: 'call print(' })
      expect(() => geminiCompletion(answer, reading)).toThrow(`unusable (${finishReason}): call print(`)
      const reader = geminiReader(reading)
      reader.read({ data: JSON.stringify(answer) })
      expect([reader.complete, reader.error]).toEqual([false, expect.stringContaining(finishReason)])
    },
  )

  it('is a failure when there is nothing in it', () => {
    expect(() => geminiCompletion({ usageMetadata: { promptTokenCount: 3 } }, reading)).toThrow('no candidates')
  })

  it('tells the likelihoods of its tokens', () => {
    const token = (word: string, logProbability: number) => ({ token: word, tokenId: 1, logProbability })
    const logprobsResult = {
      chosenCandidates: [token('ü', -0.1)],
      topCandidates: [{ candidates: [token('ü', -0.1), token('u', -2)] }],
    }
    const [choice] = geminiCompletion(candidate({ logprobsResult }), reading).choices
    expect(choice?.logprobs).toEqual({
      content: [
        {
          token: 'ü',
          logprob: -0.1,
          bytes: [195, 188],
          top_logprobs: [
            { token: 'ü', logprob: -0.1, bytes: [195, 188] },
            { token: 'u', logprob: -2, bytes: [117] },
          ],
        },
      ],
      refusal: null,
    })
  })

  it('speaks: pieces of sound are one', () => {
    const sound = (data: string) => ({ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data } })
    const answer = { candidates: [{ content: { parts: [sound(btoa('a')), sound(btoa('bc'))] }, finishReason: 'STOP' }] }
    expect(geminiCompletion(answer, reading).choices[0]?.message).toMatchObject({
      content: null,
      audio: { data: btoa('abc'), mime_type: 'audio/L16;codec=pcm;rate=24000' },
    })
  })
})

describe('a stream', () => {
  it.each(['text', 'tools', 'grounded', 'media'])('of %s says what the whole answer says', (name) => {
    const reader = geminiReader(reading)
    const chunks = readAll(reader, [streamOf(name)])
    expect(folded(chunks)).toEqual(whole(name))
    expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, name === 'text' ? 1 : 0])
    expect(chunks.flatMap(({ choices }) => choices.filter((choice) => choice.finish_reason))).toHaveLength(1)
  })

  it.each(['text', 'tools', 'grounded', 'media'])('of %s is the same wherever it is cut, in any line ends', (name) => {
    const text = new TextDecoder().decode(streamOf(name))
    const once = readAll(geminiReader(reading), [streamOf(name)])
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), fc.constantFrom('\n', '\r\n', '\r'), (places, lineEnd) => {
        const bytes = new TextEncoder().encode(text.replaceAll('\n', lineEnd))
        expect(readAll(geminiReader(reading), cutAt(bytes, places))).toEqual(once)
      }),
      { numRuns: 60 },
    )
  })

  it('says what the whole answer says, however its parts are dealt out', () => {
    const seal = fc.option(fc.constantFrom('s1', 's2+/='), { nil: undefined })
    const words = fc.string({ unit: 'grapheme', minLength: 1 })
    const part = fc.oneof(
      fc.record({ text: words, thought: fc.boolean(), thoughtSignature: seal }),
      fc.record({
        functionCall: fc.record({ name: fc.constantFrom('f', 'g'), args: fc.dictionary(words, fc.integer()) }),
        thoughtSignature: seal,
      }),
      fc.constant({ inlineData: { mimeType: 'image/png', data: 'AA==' } }),
      fc.constant({ executableCode: { code: '1' } }),
    )
    const deal = (parts: readonly Readonly<Record<string, unknown>>[]) =>
      parts.flatMap((one) => {
        if (typeof one.text !== 'string' || one.thoughtSignature !== undefined) return [one]
        const half = one.text.length >> 1
        return [one.text.slice(0, half), one.text.slice(half)].map((text) => ({ ...one, text }))
      })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        const told = { finishReason: 'STOP', groundingMetadata: answerOf('grounded').candidates[0].groundingMetadata }
        const { choices } = geminiCompletion({ candidates: [{ content: { parts }, ...told }] }, reading)
        const reader = geminiReader(reading)
        const events = [...deal(parts).map((one) => ({ content: { parts: [one] } })), told]
        const chunks = events.flatMap((one) => reader.read({ data: JSON.stringify({ candidates: [one] }) }))
        const [streamed] = folded(chunks).choices
        const content = choices[0]?.message.content || null
        expect(streamed).toEqual({ ...choices[0], message: { ...choices[0]?.message, content } })
        expect(reader.complete).toBe(true)
      }),
    )
  })

  it('is not whole until it says so', () => {
    const bytes = streamOf('tools')
    const reader = geminiReader(reading)
    readAll(reader, [bytes.subarray(0, new TextDecoder('latin1').decode(bytes).indexOf('"finishReason"') - 300)])
    expect(reader.complete).toBe(false)
  })

  it('waits for every candidate that was asked for', () => {
    const reader = geminiReader({ ...reading, request: { ...reading.request, n: 2 } })
    const end = (index: number) => ({ data: JSON.stringify({ candidates: [{ index, finishReason: 'STOP' }] }) })
    reader.read(end(0))
    expect(reader.complete).toBe(false)
    reader.read(end(1))
    expect(reader.complete).toBe(true)
  })

  it('ends with the error that comes behind a 200, and reads nothing after it', () => {
    const reader = geminiReader(reading)
    const error = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }
    expect(reader.read({ data: JSON.stringify(error) })).toEqual([])
    expect([reader.error, reader.complete]).toEqual(['The model is overloaded.', false])
    expect(reader.read({ data: JSON.stringify(candidate({ finishReason: 'STOP' })) })).toEqual([])
  })

  it('is whole, and a refusal, when the prompt was blocked', () => {
    const reader = geminiReader(reading)
    const chunks = reader.read({ data: JSON.stringify(answerOf('blocked')) })
    expect(folded(chunks)).toEqual(whole('blocked'))
    expect(reader.complete).toBe(true)
  })

  it('finishes once, though the vendor says so twice', () => {
    const reader = geminiReader(reading)
    const end = { data: JSON.stringify(candidate({ finishReason: 'STOP', content: {} })) }
    const ends = [end, end, { data: '[DONE]' }].flatMap((event) => reader.read(event))
    expect(ends.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason))).toEqual(['stop'])
  })

  it('puts together arguments that Vertex sends in pieces', () => {
    const reader = geminiReader(reading)
    const say = (functionCall: object, finishReason?: string) =>
      reader.read({ data: JSON.stringify({ candidates: [{ content: { parts: [{ functionCall }] }, finishReason }] }) })
    const chunks = [
      ...say({ name: 'book', id: 'fc_9', willContinue: true }),
      ...say({ partialArgs: [{ jsonPath: '$.city', stringValue: 'Kö', willContinue: true }], willContinue: true }),
      ...say({ partialArgs: [{ jsonPath: '$.city', stringValue: 'ln' }], willContinue: true }),
      ...say({ partialArgs: [{ jsonPath: "$.days[0]['of week']", numberValue: 3 }], willContinue: true }),
      ...say({ partialArgs: [{ jsonPath: '$.sure', boolValue: true }] }),
      ...say({}, 'STOP'),
    ]
    const [choice] = folded(chunks).choices
    expect(choice?.finish_reason).toBe('tool_calls')
    expect(choice?.message.tool_calls).toEqual([
      {
        id: 'fc_9',
        type: 'function',
        function: { name: 'book', arguments: '{"city":"Köln","days":[{"of week":3}],"sure":true}' },
      },
    ])
  })
})

describe('usage', () => {
  const count = fc.nat(5000)
  it('adds up to what the vendor counted, whatever the details claim', () => {
    const detail = fc.array(
      fc.record({ modality: fc.constantFrom('TEXT', 'AUDIO', 'IMAGE', 'VIDEO'), tokenCount: count }),
    )
    const meta = fc.record({
      promptTokenCount: count,
      cachedContentTokenCount: count,
      toolUsePromptTokenCount: count,
      candidatesTokenCount: count,
      promptTokensDetails: detail,
      cacheTokensDetails: detail,
      candidatesTokensDetails: detail,
    })
    fc.assert(
      fc.property(meta, (usageMetadata) => {
        const usage = geminiUsage({ usageMetadata }) ?? noUsage
        expect(promptTokens(usage)).toBe(usageMetadata.promptTokenCount + usageMetadata.toolUsePromptTokenCount)
        expect(completionTokens(usage)).toBe(usageMetadata.candidatesTokenCount)
        expect(Math.min(...Object.values(usage).map(Number))).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('is nothing where nothing was counted', () => {
    expect(geminiUsage({})).toBeUndefined()
    expect(geminiUsage({ usageMetadata: {} })).toBeUndefined()
  })
})

it('never throws anything of its own over what a vendor may send', () => {
  const part = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record(
      {
        text: fc.oneof(fc.string(), fc.integer()),
        thought: fc.boolean(),
        thoughtSignature: fc.string(),
        functionCall: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  )
  const answer = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.record({
      candidates: fc.array(
        fc.record(
          {
            content: fc.record({ parts: fc.array(part) }),
            finishReason: fc.constantFrom('STOP', 'SAFETY', 'NEW', null),
            groundingMetadata: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
      usageMetadata: fc.jsonValue(),
    }),
  )
  fc.assert(
    fc.property(answer, (body) => {
      geminiReader(reading).read({ data: JSON.stringify(body) })
      try {
        geminiCompletion(body, reading)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(GatewayError)
      }
    }),
  )
})

describe('a failure', () => {
  it.each(errors)('$what', ({ status, body, failure }) => {
    expect(geminiFailure(status, new Headers(), JSON.stringify(body))).toEqual(failure)
  })

  it('is told by its status when the body is a page or nothing', () => {
    const message = 'The provider answered 502 without an explanation.'
    for (const body of ['', '<html>Bad Gateway</html>'])
      expect(geminiFailure(502, new Headers({ 'retry-after': '2' }), body)).toEqual({
        kind: 'upstream_failed',
        status: 502,
        message,
        retryAfterMs: 2000,
      })
  })
})
