import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AssistantMessage, ChatChunk, ChatCompletion, ChatRequest } from '../../../src/dialects/chat.ts'
import { countTokensAnswer, gemini, geminiArray } from '../../../src/dialects/gemini.ts'
import { parseCountTokens } from '../../../src/dialects/gemini-request.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { gemini as google } from '../../../src/providers/gemini.ts'
import { geminiCompletion, geminiReader } from '../../../src/providers/gemini-reader.ts'
import { answerOf, eventsOf, newest, readAll, reading, streamOf } from '../providers/gemini-world.ts'
import { folded } from './folded.ts'

const path = { model: 'smart' }
const user = { role: 'user', parts: [{ text: 'Hi' }] }
const parse = (body: object, where: object = path) => gemini.parse({ contents: [user], ...body }, where)
const request: ChatRequest = { model: 'smart', messages: [{ role: 'user', content: 'Hi' }] }
const refused = (body: unknown) => {
  try {
    gemini.parse(body, path)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown.details.param
    throw thrown
  }
  return undefined
}
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they please
type Answer = any
const answered = (message: Partial<AssistantMessage>, rest: object = {}): ChatCompletion => ({
  id: 'a',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: 'stop', ...rest }],
})
const printed = (answer: ChatCompletion): Answer => gemini.completion(answer, request)

describe('a request', () => {
  it('is canonical chat', () => {
    expect(
      parse(
        {
          systemInstruction: { parts: [{ text: 'Be kind' }] },
          generationConfig: { temperature: 0, topP: 1, topK: 3, maxOutputTokens: 9, candidateCount: 2 },
        },
        { model: 'models/smart', stream: true },
      ),
    ).toEqual({
      model: 'smart',
      messages: [
        { role: 'system', content: 'Be kind' },
        { role: 'user', content: 'Hi' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      top_p: 1,
      top_k: 3,
      max_tokens: 9,
      n: 2,
    })
  })

  it('may be written in snake case', () => {
    const body = {
      system_instruction: { parts: { text: 'Be kind' } },
      contents: [{ parts: [{ inline_data: { mime_type: 'image/png', data: 'AA' } }] }],
      generation_config: { stop_sequences: ['END'], response_mime_type: 'application/json' },
      tools: [{ function_declarations: [{ name: 'f', parameters: { type: 'OBJECT', any_of: [{ type: 'STRING' }] } }] }],
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
      safety_settings: [{ category: 'c' }],
    }
    expect(gemini.parse(body, path)).toEqual({
      model: 'smart',
      messages: [
        { role: 'system', content: 'Be kind' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
      ],
      stop: ['END'],
      response_format: { type: 'json_object' },
      tools: [
        { type: 'function', function: { name: 'f', parameters: { type: 'object', anyOf: [{ type: 'string' }] } } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      safetySettings: [{ category: 'c' }],
    })
  })

  it.each<[object, object]>([
    [{ text: 'Hi' }, { type: 'text', text: 'Hi' }],
    [
      { inlineData: { mimeType: 'audio/mpeg', data: 'AA' } },
      { type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } },
    ],
    [
      { inlineData: { mimeType: 'application/pdf', data: 'AA', displayName: 'a.pdf' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } },
    ],
    [
      { fileData: { mimeType: 'image/png', fileUri: 'https://x.test/a' } },
      { type: 'image_url', image_url: { url: 'https://x.test/a', format: 'image/png' } },
    ],
    [
      { fileData: { mimeType: 'video/mp4', fileUri: 'gs://b/v' }, videoMetadata: { fps: 1 } },
      { type: 'file', file: { file_id: 'gs://b/v', format: 'video/mp4' }, video_metadata: { fps: 1 } },
    ],
  ])('shows %j', (part, expected) => {
    const two = gemini.parse({ contents: [{ parts: [part, { text: '?' }] }] }, path)
    expect(two.messages[0]?.content).toEqual([expected, { type: 'text', text: '?' }])
  })

  it('has calls and results that find each other, with ids or without', () => {
    const { messages } = gemini.parse(
      {
        contents: [
          user,
          {
            role: 'model',
            parts: [
              { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 's+/=' },
              { functionCall: { name: 'f' } },
              { functionCall: { id: 'own', name: 'g', args: {} } },
            ],
          },
          {
            role: 'user',
            parts: [
              { text: 'See:' },
              { functionResponse: { name: 'f', response: { output: 'one' } } },
              { functionResponse: { name: 'f', response: { error: 'two' } } },
              { functionResponse: { id: 'own', name: 'g', response: { rain: true } } },
            ],
          },
        ],
      },
      path,
    )
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'call_1_0',
            type: 'function',
            function: { name: 'f', arguments: '{"a":1}' },
            provider_specific_fields: { thought_signature: 's+/=' },
          },
          { id: 'call_1_1', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'own', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1_0', name: 'f', content: 'one' },
      { role: 'tool', tool_call_id: 'call_1_1', name: 'f', content: 'two', is_error: true },
      { role: 'tool', tool_call_id: 'own', name: 'g', content: '{"rain":true}' },
      { role: 'user', content: 'See:' },
    ])
  })

  it('has thoughts that are one up to their signature', () => {
    const parts = [
      { text: 'a', thought: true },
      { text: 'b', thought: true },
      { text: '', thought: true, thoughtSignature: 'sig+/==' },
      { text: 'c', thought: true, thoughtSignature: 'next' },
      { text: 'So' },
    ]
    const [, message] = gemini.parse({ contents: [user, { role: 'model', parts }] }, path).messages
    expect(message).toEqual({
      role: 'assistant',
      content: 'So',
      reasoning_content: 'abc',
      thinking_blocks: [
        { type: 'thinking', thinking: 'ab', signature: 'sig+/==' },
        { type: 'thinking', thinking: 'c', signature: 'next' },
      ],
    })
  })

  it("has what the model said in one message, though Google's SDKs keep a turn for each event", () => {
    const events = [
      { text: 'Hm', thought: true },
      { text: '', thought: true, thoughtSignature: 'sig' },
      { text: 'Hel' },
      { text: 'lo' },
      { text: '', thoughtSignature: 'seal+/=' },
      { functionCall: { id: 'c', name: 'f', args: {} } },
      { text: '' },
    ]
    const turns = [
      user,
      ...events.map((part) => ({ role: 'model', parts: [part] })),
      { role: 'model', parts: [] },
      user,
    ]
    expect(gemini.parse({ contents: turns }, path).messages).toEqual([
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'Hello',
        reasoning_content: 'Hm',
        thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 'sig' }],
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        provider_specific_fields: { thought_signatures: ['seal+/='] },
      },
      { role: 'user', content: 'Hi' },
    ])
  })

  it("has Claude's signatures as Claude wrote them, though Python's SDK writes base64 its own way", () => {
    const claudes = btoa('\x12\x40\x0a\x3e\x08\x07\x18\x02\xff\xfe\xfb the rest is sealed')
    expect(claudes).toMatch(/[+/]/)
    const back = claudes.replaceAll('+', '-').replaceAll('/', '_')
    const read = (thoughtSignature: string) => {
      const parts = [{ text: 'Hm', thought: true, thoughtSignature }]
      return gemini.parse({ contents: [user, { role: 'model', parts }] }, path).messages[1]?.thinking_blocks
    }
    expect(read(back)).toEqual([{ type: 'thinking', thinking: 'Hm', signature: claudes }])
    expect(read('other-_s')).toEqual([{ type: 'thinking', thinking: 'Hm', signature: 'other-_s' }])
  })

  it.each<[object, object]>([
    [{ thinkingBudget: 0 }, { thinking: { type: 'disabled' } }],
    [{ thinkingBudget: 2048, includeThoughts: true }, { thinking: { type: 'enabled', budget_tokens: 2048 } }],
    [{ thinkingBudget: -1 }, { thinking: { type: 'adaptive' } }],
    [{ includeThoughts: true }, { thinking: { type: 'adaptive' } }],
    [{ thinkingLevel: 'HIGH', includeThoughts: true }, { reasoning_effort: 'high' }],
  ])('asks for thought: %j', (thinkingConfig, expected) => {
    expect(parse({ generationConfig: { thinkingConfig } })).toEqual({ ...request, ...expected })
  })

  it.each<[object, unknown]>([
    [{ mode: 'AUTO' }, 'auto'],
    [{ mode: 'NONE' }, 'none'],
    [{ mode: 'ANY' }, 'required'],
    [{ mode: 'MODE_UNSPECIFIED' }, undefined],
    [
      { mode: 'ANY', allowedFunctionNames: ['f', 'g'] },
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [
            { type: 'function', function: { name: 'f' } },
            { type: 'function', function: { name: 'g' } },
          ],
        },
      },
    ],
  ])('chooses tools: %j', (functionCallingConfig, choice) => {
    expect(parse({ toolConfig: { functionCallingConfig } }).tool_choice).toEqual(choice)
  })

  it("has schemas in Google's words, or in those of JSON Schema", () => {
    const responseSchema = {
      type: 'OBJECT',
      title: 'My list',
      propertyOrdering: ['a'],
      properties: {
        type: { type: 'STRING', nullable: true, format: 'enum', enum: ['x'] },
        a_b: { type: 'ARRAY', minItems: '1', items: { type: 'INTEGER', format: 'int64' } },
      },
      required: ['a_b'],
    }
    const formatted = (config: object) =>
      parse({ generationConfig: { responseMimeType: 'application/json', ...config } }).response_format
    expect(formatted({ responseSchema })).toEqual({
      type: 'json_schema',
      json_schema: {
        name: 'My_list',
        schema: {
          type: 'object',
          title: 'My list',
          properties: {
            type: { type: ['string', 'null'], enum: ['x', null] },
            a_b: { type: 'array', minItems: 1, items: { type: 'integer', format: 'int64' } },
          },
          required: ['a_b'],
        },
      },
    })
    const responseJsonSchema = { type: 'object', $defs: {} }
    expect(formatted({ responseJsonSchema })).toMatchObject({ json_schema: { schema: responseJsonSchema } })
  })

  it('keeps what only Google knows under its name', () => {
    const body = { tools: [{ googleSearch: {} }], cachedContent: 'c', generationConfig: { imageConfig: { a: 1 } } }
    expect(parse(body)).toEqual({
      ...request,
      tools: [{ type: 'googleSearch', googleSearch: {} }],
      cachedContent: 'c',
      generationConfig: { imageConfig: { a: 1 } },
    })
  })

  it.each<[string, unknown]>([
    ['body', 'text'],
    ['contents', {}],
    ['contents', { contents: [] }],
    ['contents[0]', { contents: ['x'] }],
    ['contents[0].role', { contents: [{ role: 'system', parts: [] }] }],
    ['contents[0].parts', { contents: [{ parts: 'x' }] }],
    ['contents[0].parts[0]', { contents: [{ parts: [{ odd: 1 }] }] }],
    ['contents[0].parts[0].functionResponse', { contents: [{ parts: [{ functionResponse: { name: 'f' } }] }] }],
    ['contents[0].parts[0].inlineData.mimeType', { contents: [{ parts: [{ inlineData: { data: '' } }] }] }],
    ['generationConfig.maxOutputTokens', { contents: [user], generationConfig: { maxOutputTokens: 0 } }],
    ['tools[0].functionDeclarations[0].name', { contents: [user], tools: [{ functionDeclarations: [{}] }] }],
  ])('is refused at %s', (param, body) => {
    expect(refused(body)).toBe(param)
  })

  it('to be counted may be turns, or a whole request', () => {
    expect(parseCountTokens({ contents: [user] }, path)).toEqual(request)
    const whole = { model: 'models/other', contents: [user], systemInstruction: { parts: [{ text: 'S' }] } }
    expect(parseCountTokens({ generateContentRequest: whole }, path).messages).toHaveLength(2)
    expect(countTokensAnswer(7)).toEqual({ totalTokens: 7 })
  })
})

describe('an answer', () => {
  it.each(['text', 'tools', 'media', 'grounded'])("of Gemini's is what Gemini said, up to the joints: %s", (name) => {
    const given = answerOf(name)
    const shown = printed(geminiCompletion(given, reading))
    const [before, after] = [given, shown].map(({ candidates }) => candidates[0])
    const words = (all: Answer[], thought: boolean) =>
      all.flatMap((part) => ((part.thought ?? false) === thought ? (part.text ?? []) : [])).join('')
    for (const thought of [true, false])
      expect(words(after.content.parts, thought)).toBe(words(before.content.parts, thought))
    const seals = (all: Answer[]) => all.flatMap((part) => part.thoughtSignature ?? [])
    expect(seals(after.content.parts)).toEqual(seals(before.content.parts))
    expect(after.finishReason).toBe('STOP')
    expect(after.groundingMetadata).toEqual(before.groundingMetadata)
    expect(after.safetyRatings).toEqual(before.safetyRatings)
    const { promptTokenCount = 0, toolUsePromptTokenCount = 0 } = given.usageMetadata
    expect(shown.usageMetadata.promptTokenCount).toBe(promptTokenCount + toolUsePromptTokenCount)
    expect(shown).toMatchObject({ modelVersion: given.modelVersion, responseId: given.responseId })
  })

  it('shows a blocked prompt as Google does', () => {
    expect(printed(geminiCompletion(answerOf('blocked'), reading))).toMatchObject({
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    })
    expect(printed(geminiCompletion(answerOf('blocked'), reading))).not.toHaveProperty('candidates')
  })

  it('of other vendors has their thoughts, sealed ones too, calls and pictures', () => {
    const message = {
      content: 'So.',
      reasoning_content: 'Hm',
      thinking_blocks: [
        { type: 'thinking' as const, thinking: 'Hm', signature: 'EqQB+/=' },
        { type: 'redacted_thinking' as const, data: 'EmwK+/=' },
      ],
      tool_calls: [
        { id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        { id: 't2', type: 'function', function: { name: 'g', arguments: 'oops' } },
      ],
      images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }],
    }
    const [candidate] = printed(answered(message, { finish_reason: 'tool_calls' })).candidates
    expect(candidate).toEqual({
      index: 0,
      finishReason: 'STOP',
      content: {
        role: 'model',
        parts: [
          { text: 'Hm', thought: true, thoughtSignature: 'EqQB+/=' },
          { text: '', thought: true, thoughtSignature: expect.any(String) },
          { text: 'So.' },
          { inlineData: { mimeType: 'image/png', data: 'AA' } },
          { functionCall: { id: 't1', name: 'f', args: { a: 1 } } },
          { functionCall: { id: 't2', name: 'g', args: { input: 'oops' } } },
        ],
      },
    })
    const [back] = gemini.parse({ contents: [candidate.content] }, path).messages
    expect(back).toMatchObject({ thinking_blocks: message.thinking_blocks, content: 'So.' })
  })

  it('cites in bytes where OpenAI counts characters', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { url: 'https://a.test', title: 'A', start_index: 5, end_index: 8 } },
      { type: 'url_citation', url_citation: { url: 'https://b.test' } },
    ]
    const [{ groundingMetadata }] = printed(answered({ content: 'Köln 🏰!', annotations })).candidates
    expect(groundingMetadata).toEqual({
      groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }, { web: { uri: 'https://b.test' } }],
      groundingSupports: [{ segment: { startIndex: 6, endIndex: 11, text: '🏰!' }, groundingChunkIndices: [0] }],
    })
  })

  it.each([
    ['length', 'MAX_TOKENS'],
    ['content_filter', 'SAFETY'],
    ['tool_calls', 'STOP'],
  ])('that ended with %s ends with %s', (finish_reason, expected) => {
    expect(printed(answered({ content: '' }, { finish_reason })).candidates[0].finishReason).toBe(expected)
  })

  it('says a refusal', () => {
    const [{ content, finishReason }] = printed(answered({ refusal: 'No.' })).candidates
    expect([content.parts, finishReason]).toEqual([[{ text: 'No.' }], 'SAFETY'])
  })

  it("counts in Google's way", () => {
    const usage = {
      ...noUsage,
      inputTokens: 10,
      cacheReadTokens: 5,
      inputAudioTokens: 3,
      outputTokens: 7,
      reasoningTokens: 4,
    }
    expect(printed({ ...answered({ content: 'x' }), usage }).usageMetadata).toEqual({
      promptTokenCount: 18,
      cachedContentTokenCount: 5,
      candidatesTokenCount: 7,
      thoughtsTokenCount: 4,
      totalTokenCount: 29,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 15 },
        { modality: 'AUDIO', tokenCount: 3 },
      ],
      candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 7 }],
    })
  })
})

const decoder = new TextDecoder()
const chunk = (delta: object, rest: object = {}): ChatChunk => ({
  id: 'a',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, ...rest }],
})
const streamed = (chunks: readonly ChatChunk[], dialect = gemini) => {
  const printer = dialect.printer(request)
  return [...chunks.map((one) => printer.print(one)), printer.end()].map((bytes) => decoder.decode(bytes)).join('')
}
const eventsIn = (stream: string): Answer[] => {
  const events: Answer[] = []
  createParser({ onEvent: ({ data }) => events.push(JSON.parse(data)) }).feed(stream)
  return events
}
const openaiLike: ChatChunk[] = [
  chunk({ role: 'assistant' }),
  chunk({ reasoning_content: 'Hm' }),
  chunk({ content: 'Hel' }),
  chunk({ content: 'lo' }),
  chunk({ tool_calls: [{ index: 0, id: 't0', type: 'function', function: { name: 'f', arguments: '' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '":1}' } }] }),
  chunk({ tool_calls: [{ index: 1, id: 't1', type: 'function', function: { name: 'g', arguments: '{}' } }] }),
  chunk({}, { finish_reason: 'tool_calls' }),
  { ...chunk({}), choices: [], usage: { ...noUsage, inputTokens: 3, outputTokens: 2 } },
]

describe('a stream', () => {
  it('has whole calls, and its usage beside its end', () => {
    const events = eventsIn(streamed(openaiLike))
    expect(events.map(({ candidates: [{ content }] }) => content.parts)).toEqual([
      [{ text: 'Hm', thought: true }, { text: 'Hel' }],
      [{ text: 'lo' }],
      [{ functionCall: { id: 't0', name: 'f', args: { a: 1 } } }],
      [{ functionCall: { id: 't1', name: 'g', args: {} } }],
    ])
    expect(events.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
      modelVersion: 'm',
      responseId: 'a',
    })
    expect(events.filter(({ candidates: [{ finishReason }] }) => finishReason)).toHaveLength(1)
  })

  it('ends also where nobody counted', () => {
    expect(eventsIn(streamed(openaiLike.slice(0, -1))).at(-1).candidates[0].finishReason).toBe('STOP')
  })

  it('is one array where events were not asked for', () => {
    expect(JSON.parse(streamed(openaiLike, geminiArray))).toEqual(
      eventsIn(streamed(openaiLike)).toSpliced(0, 0, {
        modelVersion: 'm',
        responseId: 'a',
      }),
    )
    expect(JSON.parse(streamed([], geminiArray))).toEqual([])
  })

  it('that breaks off ends with an error, in either framing', () => {
    const error = new GatewayError('upstream_failed', 'The provider broke off.')
    const printer = geminiArray.printer(request)
    const begun = decoder.decode(printer.print(chunk({ role: 'assistant' })))
    const array = JSON.parse(begun + decoder.decode(geminiArray.errorEvent(error, 'r')))
    expect(array.at(-1).error).toMatchObject({ code: 502, status: 'INTERNAL' })
    expect(eventsIn(decoder.decode(gemini.errorEvent(error, 'r')))[0].error.message).toBe('The provider broke off.')
  })

  it.each(['text', 'tools', 'media', 'grounded'])("of Gemini's reads as what it was made of: %s", (name) => {
    const chunks = readAll(geminiReader(reading), [streamOf(name)])
    for (const dialect of [gemini, geminiArray]) {
      const stream = streamed(chunks, dialect)
      const data =
        dialect === gemini
          ? eventsOf([new TextEncoder().encode(stream)])
          : JSON.parse(stream).map((event: object) => ({ data: JSON.stringify(event) }))
      const reader = geminiReader(reading)
      const again = folded(data.flatMap((event: { data: string }) => reader.read(event)))
      const first = folded(chunks)
      expect(again.choices[0]?.message).toEqual(first.choices[0]?.message)
      expect(again.choices[0]?.finish_reason).toEqual(first.choices[0]?.finish_reason)
      expect(reader.complete).toBe(true)
    }
  })
})

describe('an error', () => {
  it("is Google's status, with the reason, the field and the wait", () => {
    const facts = { limit: '5', scope: { kind: 'key' } }
    const error = new GatewayError('rate_limited', 'Too many requests.', { facts, retryAfterMs: 1500, param: 'model' })
    expect(gemini.errorBody(error, 'req-1')).toEqual({
      error: {
        code: 429,
        message: 'Too many requests.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'RATE_LIMIT_EXCEEDED',
            domain: 'tollgate',
            metadata: { request_id: 'req-1', kind: 'rate_limited', limit: '5', scope: '{"kind":"key"}' },
          },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'model', description: 'Too many requests.' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
        ],
      },
    })
  })
})

describe('whatever comes', () => {
  const part = fc.record(
    {
      text: fc.oneof(fc.string(), fc.integer()),
      thought: fc.boolean(),
      thoughtSignature: fc.base64String(),
      functionCall: fc.oneof(fc.record({ name: fc.constantFrom('f', 'g', ''), args: fc.jsonValue() }), fc.jsonValue()),
      functionResponse: fc.record({ name: fc.constantFrom('f', 'g'), response: fc.jsonValue() }),
      inlineData: fc.record({ mimeType: fc.constantFrom('image/png', 'audio/wav', 'a/b'), data: fc.base64String() }),
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        contents: fc.array(fc.record({ role: fc.constantFrom('user', 'model', 'x'), parts: fc.array(part) })),
        generationConfig: fc.jsonValue(),
        systemInstruction: fc.jsonValue(),
        tools: fc.jsonValue(),
        toolConfig: fc.jsonValue(),
      },
      { requiredKeys: ['contents'] },
    ),
  )

  it('is canonical, or refused in words', () => {
    fc.assert(
      fc.property(body, (given) => {
        try {
          expect(gemini.parse(given, path).messages).toBeInstanceOf(Array)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GatewayError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps every signature, byte for byte, on its way to Google and back', () => {
    const seal = fc.string({ minLength: 1 })
    const turn = fc.record({ thought: seal, text: seal, call: seal })
    fc.assert(
      fc.property(turn, ({ thought, text, call }) => {
        const parts = [
          { text: 'Hm', thought: true, thoughtSignature: thought },
          { text: 'So', thoughtSignature: text },
          { functionCall: { id: 'c', name: 'f', args: {} }, thoughtSignature: call },
        ]
        const canonical = gemini.parse({ contents: [user, { role: 'model', parts }] }, path)
        expect(JSON.parse(google.chat(canonical, newest).body).contents[1].parts).toEqual(parts)
        const answer = geminiCompletion({ candidates: [{ content: { parts }, finishReason: 'STOP' }] }, reading)
        expect(printed(answer).candidates[0].content.parts).toEqual(parts)
      }),
    )
  })
})
