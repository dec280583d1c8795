import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { gemini } from '../../../src/providers/gemini.ts'
import { geminiCompletion } from '../../../src/providers/gemini-reader.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { canonical } from './canonical.ts'
import { answerOf, newest, reading, request, target } from './gemini-world.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies as they please
const sent = (asked: Partial<ChatRequest>, to: Partial<Target> = {}): any =>
  JSON.parse(gemini.chat({ ...request, ...asked }, { ...target, ...to }).body)
const parts = (content: unknown, to: Partial<Target> = {}) =>
  sent({ messages: [{ role: 'user', content }] }, to).contents[0].parts
const config = (asked: Partial<ChatRequest>, to: Partial<Target> = {}) => sent(asked, to).generationConfig
const refused = (asked: Partial<ChatRequest>) => {
  try {
    sent(asked)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return [thrown.kind, thrown.details.param]
  }
  return undefined
}

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells it',
    parameters: { type: 'object', properties: { city: { $ref: '#/$defs/c' } }, additionalProperties: false },
  },
}
const called = (id: string, name: string, extra: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: '{"a":1}' },
  ...extra,
})

describe('where it is asked', () => {
  it("is the model's own address, with the key in a header", () => {
    expect(gemini.chat(request, { ...target, extraHeaders: { 'X-Team': 'a' } })).toEqual({
      url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': 'AIza-test', 'x-team': 'a' },
      body: '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}',
    })
  })

  it.each([
    [{ apiBase: 'http://proxy/' }, 'http://proxy/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    [{ apiBase: 'http://proxy/g/v1' }, 'http://proxy/g/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    [
      { model: 'tunedModels/mine' },
      'https://generativelanguage.googleapis.com/v1beta/tunedModels/mine:streamGenerateContent?alt=sse',
    ],
  ])('streams at %j', (to, url) => {
    expect(gemini.chat({ ...request, stream: true }, { ...target, ...to }).url).toBe(url)
  })

  it("passes a caller's own body on, without what speaks to the gateway", () => {
    const own = { contents: [{ parts: [{ text: 'Hi', newField: 1 }] }], model: 'x', cachedContent: 'c', tags: ['t'] }
    const { url, body } = gemini.forward(own, true, target)
    expect(url).toMatch(/gemini-2\.5-flash:streamGenerateContent\?alt=sse$/)
    expect(JSON.parse(body)).toEqual({ contents: own.contents, cachedContent: 'c' })
  })

  it('counts tokens of the very request', () => {
    const { url, body } = gemini.tokenCounter.count(request, target)
    expect(url).toMatch(/gemini-2\.5-flash:countTokens$/)
    expect(JSON.parse(body).generateContentRequest).toMatchObject({ model: 'models/gemini-2.5-flash' })
  })
})

describe('what survives', () => {
  it.each<[string, unknown, unknown]>([
    ['text', 'Hi', { text: 'Hi' }],
    [
      'a picture as data',
      { type: 'image_url', image_url: { url: 'data:image/webp;base64,AAAA' } },
      { inlineData: { mimeType: 'image/webp', data: 'AAAA' } },
    ],
    [
      'a picture by address',
      { type: 'image_url', image_url: { url: 'https://x.test/a.PNG?b=c' } },
      { fileData: { fileUri: 'https://x.test/a.PNG?b=c', mimeType: 'image/png' } },
    ],
    [
      'a picture by address with its type named',
      { type: 'image_url', image_url: { url: 'gs://b/o', format: 'image/jpeg' } },
      { fileData: { fileUri: 'gs://b/o', mimeType: 'image/jpeg' } },
    ],
    [
      'sound',
      { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklG' } },
    ],
    [
      'a PDF',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
    ],
    [
      'a PDF as bare base64',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'JVBE' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
    ],
    [
      'an uploaded file',
      { type: 'file', file: { file_id: 'files/abc', format: 'video/mp4' } },
      {
        fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc', mimeType: 'video/mp4' },
      },
    ],
    [
      'a film with its settings',
      { type: 'video_url', video_url: { url: 'https://youtu.be/x' }, video_metadata: { fps: 2 } },
      { fileData: { fileUri: 'https://youtu.be/x' }, videoMetadata: { fps: 2 } },
    ],
  ])('%s', (_, part, expected) => {
    expect(parts([part])).toEqual([expected])
  })

  it('the detail of a picture, from the third generation on', () => {
    const picture = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } }]
    expect(parts(picture, newest)[0].mediaResolution).toEqual({ level: 'MEDIA_RESOLUTION_LOW' })
    expect(parts(picture)[0]).not.toHaveProperty('mediaResolution')
  })

  it('system prompts in every position', () => {
    const body = sent({
      messages: [
        { role: 'system', content: 'One' },
        { role: 'user', content: 'Hi' },
        { role: 'developer', content: [{ type: 'text', text: 'Two', cache_control: { type: 'ephemeral' } }] },
        { role: 'user', content: 'there' },
      ],
    })
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'One' }, { text: 'Two' }] })
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Hi' }, { text: 'there' }] }])
  })

  it('a system prompt that stands alone', () => {
    const body = sent({ messages: [{ role: 'system', content: 'Say hi' }] })
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Say hi' }] }] })
  })

  it('parallel calls and their results, in the order of the calls, under their names', () => {
    const { contents } = sent({
      messages: [
        { role: 'user', content: 'Go' },
        { role: 'assistant', content: null, tool_calls: [called('c1', 'weather'), called('c2', 'now')] },
        { role: 'tool', tool_call_id: 'c2', content: 'noon' },
        { role: 'tool', tool_call_id: 'c1', content: '{"rain":true}' },
        { role: 'user', content: 'And?' },
      ],
    })
    expect(contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'c1', name: 'weather', args: { a: 1 } } },
          { functionCall: { id: 'c2', name: 'now', args: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c1', name: 'weather', response: { rain: true } } },
          { functionResponse: { id: 'c2', name: 'now', response: { output: 'noon' } } },
        ],
      },
      { role: 'user', parts: [{ text: 'And?' }] },
    ])
  })

  it('a call without arguments, an error as a result, a number too long to be read', () => {
    const result = (message: object) =>
      sent({
        messages: [
          { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
          { role: 'tool', tool_call_id: 'c', ...message },
        ],
      }).contents
    expect(result({ content: 'no', is_error: true })[0].parts[0].functionCall.args).toEqual({})
    expect(result({ content: 'no', is_error: true })[1].parts[0].functionResponse.response).toEqual({ error: 'no' })
    expect(result({ content: '{"id":12345678901234567}' })[1].parts[0].functionResponse.response).toEqual({
      output: '{"id":12345678901234567}',
    })
  })

  it('a picture in a result: inside from the third generation on, beside before', () => {
    const messages = [
      { role: 'assistant', tool_calls: [called('c', 'shot')] },
      {
        role: 'tool',
        tool_call_id: 'c',
        content: [
          { type: 'text', text: 'done' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
        ],
      },
    ]
    const inlineData = { mimeType: 'image/png', data: 'AA' }
    const answer = { id: 'c', name: 'shot', response: { output: 'done' } }
    expect(sent({ messages }, newest).contents[1].parts).toEqual([
      { functionResponse: { ...answer, parts: [{ inlineData }] } },
    ])
    expect(sent({ messages }).contents[1].parts).toEqual([{ functionResponse: answer }, { inlineData }])
  })

  it('the older words for functions', () => {
    const body = sent({
      messages: [
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'ok' },
      ],
      functions: [{ name: 'f' }],
      function_call: { name: 'f' },
    })
    expect(body.contents[1].parts[0].functionResponse).toEqual({ name: 'f', response: { output: 'ok' } })
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: 'f' }] }])
    expect(body.toolConfig.functionCallingConfig).toEqual({ mode: 'ANY', allowedFunctionNames: ['f'] })
  })

  it('tools with their schemas as they are, and none for a function without parameters', () => {
    const { $ref, ...now } = { type: 'function', function: { name: 'now', parameters: { type: 'object' } }, $ref: 0 }
    expect(sent({ tools: [weather, now] }).tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'weather',
            description: 'Tells it',
            parametersJsonSchema: weather.function.parameters,
          },
          { name: 'now' },
        ],
      },
    ])
  })

  it.each<[string, unknown, object]>([
    ['auto', 'auto', { mode: 'AUTO' }],
    ['none', 'none', { mode: 'NONE' }],
    ['required', 'required', { mode: 'ANY' }],
    [
      'one function',
      { type: 'function', function: { name: 'weather' } },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
    [
      'some of them',
      { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ function: { name: 'weather' } }] } },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
    [
      'some or none',
      { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ function: { name: 'weather' } }] } },
      { mode: 'VALIDATED', allowedFunctionNames: ['weather'] },
    ],
  ])('the choice of %s', (_, tool_choice, expected) => {
    expect(sent({ tools: [weather], tool_choice }).toolConfig.functionCallingConfig).toEqual(expected)
  })

  it('strict schemas', () => {
    const strict = { type: 'function', function: { ...weather.function, strict: true } }
    expect(sent({ tools: [strict] }).toolConfig.functionCallingConfig).toEqual({ mode: 'VALIDATED' })
  })

  it("Google's own tools, however they are written", () => {
    const tools = [{ googleSearch: {} }, { url_context: {} }, { type: 'code_execution' }, weather]
    const body = sent({ tools })
    expect(body.tools.slice(1)).toEqual([{ googleSearch: {} }, { urlContext: {} }, { codeExecution: {} }])
    expect(sent({ web_search_options: {} }).tools).toEqual([{ googleSearch: {} }])
  })

  it.each<[object, object]>([
    [{ type: 'json_object' }, { responseMimeType: 'application/json' }],
    [
      { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'array' }, strict: true } },
      { responseMimeType: 'application/json', responseJsonSchema: { type: 'array' } },
    ],
  ])('structured output %j', (response_format, expected) => {
    expect(config({ response_format })).toEqual(expected)
    expect(config({ response_format: { type: 'text' } })).toBeUndefined()
  })

  it('the knobs', () => {
    const asked = {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      max_tokens: 9,
      max_completion_tokens: 10,
      n: 2,
      stop: 'END',
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      logprobs: true,
      top_logprobs: 3,
      modalities: ['text', 'audio'],
      audio: { voice: 'Kore', format: 'pcm16' },
    }
    expect(config(asked)).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      maxOutputTokens: 10,
      candidateCount: 2,
      stopSequences: ['END'],
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseLogprobs: true,
      logprobs: 3,
      responseModalities: ['TEXT', 'AUDIO'],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
    })
  })

  it.each<[Partial<ChatRequest>, string, object | undefined]>([
    [{}, 'gemini-2.5-pro', undefined],
    [{ reasoning_effort: 'low' }, 'gemini-2.5-pro', { thinkingBudget: 1024, includeThoughts: true }],
    [{ reasoning_effort: 'medium' }, 'gemini-2.5-pro', { thinkingBudget: 8192, includeThoughts: true }],
    [{ reasoning_effort: 'high' }, 'gemini-2.5-flash', { thinkingBudget: 24_576, includeThoughts: true }],
    [{ reasoning_effort: 'none' }, 'gemini-2.5-flash', { thinkingBudget: 0 }],
    [{ reasoning_effort: 'high' }, 'gemini-3-pro-preview', { thinkingLevel: 'HIGH', includeThoughts: true }],
    [{ reasoning_effort: 'minimal' }, 'gemini-3-flash', { thinkingLevel: 'MINIMAL', includeThoughts: true }],
    [{ thinking: { type: 'disabled' } }, 'gemini-2.5-flash', { thinkingBudget: 0 }],
    [{ thinking: { type: 'disabled' } }, 'gemini-2.0-flash', undefined],
    [{ reasoning_effort: 'low' }, 'gemini-flash-latest', { thinkingLevel: 'LOW', includeThoughts: true }],
    [{ thinking: { type: 'adaptive' } }, 'gemini-2.5-flash', { thinkingBudget: -1, includeThoughts: true }],
    [{ thinking: { type: 'adaptive' } }, 'gemini-3-flash', { includeThoughts: true }],
    [
      { thinking: { type: 'enabled', budget_tokens: 5000 }, reasoning_effort: 'low' },
      'gemini-2.5-pro',
      { thinkingBudget: 5000, includeThoughts: true },
    ],
  ])('thought asked for as %j of %s', (asked, model, expected) => {
    expect(config(asked, { model })?.thinkingConfig).toEqual(expected)
  })

  it("Google's own fields, of the request, of the deployment, and of extra_body", () => {
    const body = sent(
      {
        safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
        cachedContent: 'cachedContents/1',
        extra_body: { google: { thinking_config: { include_thoughts: true } } },
        service_tier: 'flex',
      },
      { params: { labels: { team: 'a' }, imageConfig: { aspectRatio: '1:1' }, vertex_project: 'p', temperature: 0 } },
    )
    expect(body).toMatchObject({
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cachedContent: 'cachedContents/1',
      labels: { team: 'a' },
      serviceTier: 'flex',
      generationConfig: {
        temperature: 0,
        imageConfig: { aspectRatio: '1:1' },
        thinkingConfig: { include_thoughts: true },
      },
    })
    expect(body).not.toHaveProperty('vertex_project')
  })
})

describe('signatures', () => {
  it('come back byte for byte where they were', () => {
    for (const name of ['text', 'tools', 'media']) {
      const answer = geminiCompletion(answerOf(name), reading)
      const message = answer.choices[0]?.message ?? { role: 'assistant' }
      const [turn] = sent({ messages: [{ ...message }] }, newest).contents
      const given = answerOf(name).candidates[0].content.parts
      const seals = (all: { thoughtSignature?: string }[]) => all.flatMap((one) => one.thoughtSignature ?? [])
      expect(seals(turn.parts)).toEqual(seals(given))
    }
  })

  it('come back on the text, the picture and the call that they were on', () => {
    const [tools, media] = ['tools', 'media'].map((name) => {
      const message = geminiCompletion(answerOf(name), reading).choices[0]?.message ?? { role: 'assistant' }
      return sent({ messages: [{ ...message }] }, newest).contents[0].parts
    })
    const given = answerOf('tools').candidates[0].content.parts
    expect(tools[1]).toEqual(given[1])
    expect(media).toContainEqual(answerOf('media').candidates[0].content.parts[1])
    expect(media).toEqual(expect.arrayContaining(answerOf('media').candidates[0].content.parts.slice(2)))
  })

  it("of thoughts come back too, but Claude's stay away, and what was sealed whole", () => {
    const claudes = btoa('\x12\x40\x0a\x3e\x08\x07\x18\x02 the rest is sealed')
    const blocks = [
      { type: 'thinking', thinking: 'mine', signature: 'sig+/==' },
      { type: 'thinking', thinking: 'his', signature: claudes },
      { type: 'redacted_thinking', data: 'xx' },
    ]
    const [turn] = sent({ messages: [{ role: 'assistant', content: 'x', thinking_blocks: blocks }] }).contents
    expect(turn.parts).toEqual([
      { text: 'mine', thought: true, thoughtSignature: 'sig+/==' },
      { text: 'his', thought: true },
      { text: 'x' },
    ])
  })

  it("stand in where another model made the call, and are read where Google's own surface puts them", () => {
    const calls = (extra: object, to: Partial<Target>) =>
      sent({ messages: [{ role: 'assistant', tool_calls: [called('a', 'f', extra), called('b', 'g')] }] }, to)
        .contents[0].parts
    expect(calls({}, newest).map((part: { thoughtSignature?: string }) => part.thoughtSignature)).toEqual([
      'skip_thought_signature_validator',
      undefined,
    ])
    expect(calls({}, target)[0]).not.toHaveProperty('thoughtSignature')
    expect(calls({ extra_content: { google: { thought_signature: 's' } } }, newest)[0].thoughtSignature).toBe('s')
  })
})

describe('what Gemini has no word for', () => {
  it.each<[string, Partial<ChatRequest>]>([
    ['logit_bias', { logit_bias: { 1: 2 } }],
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['unheard_of', { unheard_of: 1 }],
    ['reasoning_effort', { reasoning_effort: 'xhigh' }],
    ['service_tier', { service_tier: 'scale' }],
    ['audio', { audio: { voice: 'alloy', format: 'mp3' } }],
    ['parallel_tool_calls', { parallel_tool_calls: false, tools: [weather, weather] }],
    ['tools of type bash_20250124', { tools: [{ type: 'bash_20250124', name: 'bash' }] }],
    ['tools of type custom', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['response_format', { response_format: { type: 'grammar' } }],
  ])('is refused by name: %s', (param, asked) => {
    expect(refused(asked)).toEqual(['invalid_request', param])
  })

  it('is left out where the operator lets it', () => {
    const body = sent({ logit_bias: {}, reasoning_effort: 'xhigh', service_tier: 'scale' }, { dropParams: true })
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] })
  })

  it.each<[string, ChatRequest['messages']]>([
    ['messages[0].content[0]', [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-abc' } }] }]],
    ['messages[0].content[0]', [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x.png' } }] }]],
    ['messages[0].tool_call_id', [{ role: 'tool', tool_call_id: 'gone', content: 'x' }]],
    ['messages[0].role', [{ role: 'narrator', content: 'x' }]],
    [
      'messages[0].tool_calls[0].function.arguments',
      [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '[1]' } }] }],
    ],
  ])('is refused where it stands: %s', (param, messages) => {
    expect(refused({ messages })).toEqual(['invalid_request', param])
  })

  it('keeps hints that change no answer to itself', () => {
    const hints = { user: 'u', metadata: { a: 'b' }, store: true, prompt_cache_key: 'k', safety_identifier: 's' }
    expect(sent({ ...hints, parallel_tool_calls: true })).toEqual(sent({}))
    expect(sent({ tools: [weather], parallel_tool_calls: false })).toEqual(sent({ tools: [weather] }))
  })
})

it('translates every canonical request, or refuses it in words', () => {
  fc.assert(
    fc.property(canonical, fc.constantFrom(target, newest), fc.boolean(), (asked, to, dropParams) => {
      try {
        expect(JSON.parse(gemini.chat(asked, { ...to, dropParams }).body)).toHaveProperty('contents')
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(GatewayError)
      }
    }),
    { numRuns: 500 },
  )
})
