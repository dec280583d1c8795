import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { bedrock } from '../../../src/providers/bedrock.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { canonical } from './canonical.ts'

const CLAUDE = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0'
const target: Target = {
  model: CLAUDE,
  apiKey: 'ABSK-test',
  aws: { region: 'eu-central-1' },
  extraHeaders: {},
  params: {},
}
const user = { role: 'user', content: 'Hi' }
const asked = (request: Partial<ChatRequest>, to: Partial<Target> = {}) =>
  JSON.parse(bedrock.chat({ model: 'fast', messages: [user], ...request }, { ...target, ...to }).body)
const refused = (request: Partial<ChatRequest>, to: Partial<Target> = {}): GatewayError => {
  try {
    asked(request, to)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('was not refused')
}
const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }
const nova = { model: 'eu.amazon.nova-pro-v1:0' }

describe('where Bedrock is asked', () => {
  it('asks with an API key', () => {
    expect(bedrock.chat({ model: 'fast', messages: [user] }, target)).toEqual({
      url: 'https://bedrock-runtime.eu-central-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse',
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: 'Bearer ABSK-test' },
      body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }),
    })
  })

  it.each([
    ['us-west-2/anthropic.claude-3-haiku', 'us-west-2', 'anthropic.claude-3-haiku'],
    ['converse/us.meta.llama3-3-70b-instruct-v1:0', 'eu-central-1', 'us.meta.llama3-3-70b-instruct-v1%3A0'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc',
      'us-east-1',
      'arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc',
    ],
  ])('finds %s', (model, region, path) => {
    const { url } = bedrock.chat({ model: 'fast', messages: [user], stream: true }, { ...target, model })
    expect(url).toBe(`https://bedrock-runtime.${region}.amazonaws.com/model/${path}/converse-stream`)
  })

  it('names the signature, session token included, instead of making one', () => {
    const { apiKey: _, ...keyless } = target
    const aws = { region: 'eu-west-1', accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' }
    const { headers, aws: signature } = bedrock.chat({ model: 'fast', messages: [user] }, { ...keyless, aws })
    expect(headers).not.toHaveProperty('authorization')
    expect(signature).toEqual({ service: 'bedrock', ...aws })
  })

  it('says what is missing', () => {
    const { apiKey: _, aws: __, ...bare } = target
    expect(() => bedrock.chat({ model: 'fast', messages: [user] }, bare)).toThrow(/aws_region_name/)
    const placed = { ...bare, aws: { region: 'eu-west-1' } }
    expect(() => bedrock.chat({ model: 'fast', messages: [user] }, placed)).toThrow(/aws_access_key_id/)
  })
})

describe('what survives on the way to Bedrock', () => {
  const png = 'data:image/png;base64,iVBORw0='
  const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }
  const called = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } }],
  }

  it.each<[string, Partial<ChatRequest>, object]>([
    [
      'system prompts in every position',
      {
        messages: [
          { role: 'system', content: 'A' },
          user,
          { role: 'developer', content: [{ type: 'text', text: 'B', cache_control: { type: 'ephemeral' } }] },
        ],
      },
      { system: [{ text: 'A' }, { text: 'B' }, { cachePoint: { type: 'default' } }] },
    ],
    [
      'images, PDFs, video and sound',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Look' },
              { type: 'image_url', image_url: { url: png } },
              {
                type: 'file',
                file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'my_report.v2.pdf' },
              },
              {
                type: 'file',
                file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'my_report.v2.pdf' },
              },
              { type: 'video_url', video_url: { url: 's3://bucket/clip.mp4' } },
              { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [
              { text: 'Look' },
              { image: { format: 'png', source: { bytes: 'iVBORw0=' } } },
              { document: { format: 'pdf', name: 'my-report-v2', source: { bytes: 'JVBERi0=' } } },
              { document: { format: 'pdf', name: 'my-report-v2 (2)', source: { bytes: 'JVBERi0=' } } },
              { video: { format: 'mp4', source: { s3Location: { uri: 's3://bucket/clip.mp4' } } } },
              { audio: { format: 'wav', source: { bytes: 'UklGRg==' } } },
            ],
          },
        ],
      },
    ],
    [
      'parallel calls, their results with an image, and an error as a result',
      {
        messages: [
          user,
          {
            ...called,
            tool_calls: [
              ...called.tool_calls,
              { id: 'call_2', type: 'function', function: { name: 'weather', arguments: '' } },
            ],
          },
          {
            role: 'tool',
            tool_call_id: 'call_1',
            content: [
              { type: 'text', text: 'wet' },
              { type: 'image_url', image_url: { url: png } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_2', content: 'no such city', is_error: true },
          { role: 'user', content: 'And now?' },
        ],
        tools: [weather],
      },
      {
        messages: [
          { role: 'user', content: [{ text: 'Hi' }] },
          {
            role: 'assistant',
            content: [
              { toolUse: { toolUseId: 'call_1', name: 'weather', input: { city: 'Köln' } } },
              { toolUse: { toolUseId: 'call_2', name: 'weather', input: {} } },
            ],
          },
          {
            role: 'user',
            content: [
              {
                toolResult: {
                  toolUseId: 'call_1',
                  content: [{ text: 'wet' }, { image: { format: 'png', source: { bytes: 'iVBORw0=' } } }],
                },
              },
              { toolResult: { toolUseId: 'call_2', content: [{ text: 'no such city' }], status: 'error' } },
              { text: 'And now?' },
            ],
          },
        ],
      },
    ],
    [
      'thoughts with their signatures, sealed ones too, before what was said',
      {
        messages: [
          user,
          {
            role: 'assistant',
            content: 'Hello',
            reasoning_content: 'hm ',
            thinking_blocks: [
              { type: 'thinking', thinking: ' hm\n', signature: 'EqQB+/==' },
              { type: 'redacted_thinking', data: 'b3BhcXVl' },
            ],
          },
          user,
        ],
      },
      {
        messages: [
          { role: 'user', content: [{ text: 'Hi' }] },
          {
            role: 'assistant',
            content: [
              { reasoningContent: { reasoningText: { text: ' hm\n', signature: 'EqQB+/==' } } },
              { reasoningContent: { redactedContent: 'b3BhcXVl' } },
              { text: 'Hello' },
            ],
          },
          { role: 'user', content: [{ text: 'Hi' }] },
        ],
      },
    ],
    [
      'cache markers of five minutes and an hour, on text, messages and tools',
      {
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
          { role: 'assistant', content: 'ok', cache_control: { type: 'ephemeral' } },
          user,
        ],
        tools: [{ ...weather, cache_control: { type: 'ephemeral' } }],
      },
      {
        messages: [
          { role: 'user', content: [{ text: 'long' }, { cachePoint: { type: 'default', ttl: '1h' } }] },
          { role: 'assistant', content: [{ text: 'ok' }, { cachePoint: { type: 'default' } }] },
          { role: 'user', content: [{ text: 'Hi' }] },
        ],
        toolConfig: { tools: [{ toolSpec: { name: 'weather' } }, { cachePoint: { type: 'default' } }] },
      },
    ],
    [
      'maximum, temperature, stop sequences and which one stopped',
      { max_completion_tokens: 9, temperature: 0, top_p: 1, stop: 'END', top_k: 3 },
      {
        inferenceConfig: { maxTokens: 9, temperature: 0, stopSequences: ['END'] },
        additionalModelRequestFields: { top_k: 3 },
        additionalModelResponseFieldPaths: ['/stop_sequence'],
      },
    ],
    [
      'a schema for the answer',
      { response_format: { type: 'json_schema', json_schema: { name: 'sum', schema } } },
      {
        outputConfig: {
          textFormat: {
            type: 'json_schema',
            structure: { jsonSchema: { name: 'sum', schema: JSON.stringify(schema) } },
          },
        },
      },
    ],
    [
      'a strict tool without arguments, chosen by name',
      {
        tools: [{ type: 'function', function: { name: 'clock', description: 'Tells.', strict: true } }],
        tool_choice: { type: 'function', function: { name: 'clock' } },
      },
      {
        toolConfig: {
          tools: [
            {
              toolSpec: {
                name: 'clock',
                description: 'Tells.',
                inputSchema: { json: { type: 'object', properties: {} } },
                strict: true,
              },
            },
          ],
          toolChoice: { tool: { name: 'clock' } },
        },
      },
    ],
    [
      'a call that must be made',
      { tools: [weather], tool_choice: 'required' },
      { toolConfig: { toolChoice: { any: {} } } },
    ],
    [
      'one call at a time',
      { tools: [weather], parallel_tool_calls: false },
      { additionalModelRequestFields: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } } },
    ],
    [
      "the vendor's own tools",
      { tools: [{ type: 'computer_20250124', name: 'computer', display_width_px: 1, display_height_px: 1 }] },
      { additionalModelRequestFields: { tools: [{ type: 'computer_20250124' }] } },
    ],
    [
      'a budget for thinking',
      { thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 4000 },
      { additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2000 } } },
    ],
    ['a service tier', { service_tier: 'flex' }, { serviceTier: { type: 'flex' } }],
    [
      "Converse's own fields, and fields that only the model knows",
      { guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' }, requestMetadata: { a: 'b' }, odd: 1 },
      {
        guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
        requestMetadata: { a: 'b' },
        additionalModelRequestFields: { odd: 1 },
      },
    ],
  ])('%s', (_, request, body) => {
    expect(asked(request)).toMatchObject(body)
  })

  it('gives Claude no thought that another vendor sealed, or nobody signed', () => {
    const thinking_blocks = [
      { type: 'thinking', thinking: 'a' },
      { type: 'thinking', thinking: 'b', signature: 'openai:rs_1:sealed' },
      { type: 'thinking', thinking: 'c', signature: 'EqQB' },
    ]
    const messages = [user, { role: 'assistant', content: 'Yes', thinking_blocks }, user]
    const texts = (model: string) =>
      asked({ messages }, { model }).messages[1].content.flatMap(
        (block: { reasoningContent?: { reasoningText: { text: string } } }) =>
          block.reasoningContent?.reasoningText.text ?? [],
      )
    expect(texts(CLAUDE)).toEqual(['c'])
    expect(texts('us.deepseek.r1-v1:0')).toEqual(['a', 'b', 'c'])
  })

  it('takes documents of blocks, search results, and what is said about them', () => {
    const content = [
      {
        type: 'file',
        file: { file_data: 'data:text/plain;base64,SGk=', filename: 'a.txt' },
        context: 'c',
        citations: { enabled: true },
      },
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'x' }] }, title: 'T' },
      {
        type: 'search_result',
        source: 's',
        title: 't',
        content: [{ type: 'text', text: 'y' }],
        citations: { enabled: true },
      },
    ]
    expect(asked({ messages: [{ role: 'user', content }] }).messages[0].content).toEqual([
      { document: { format: 'txt', name: 'a', source: { bytes: 'SGk=' }, context: 'c', citations: { enabled: true } } },
      { document: { name: 'T', source: { content: [{ text: 'x' }] } } },
      { searchResult: { source: 's', title: 't', content: [{ text: 'y' }], citations: { enabled: true } } },
    ])
  })

  it('leaves cache markers out where a model would refuse them', () => {
    const marker = { type: 'ephemeral', ttl: '1h' }
    const marked = {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'long', cache_control: marker }] }],
      tools: [{ ...weather, cache_control: marker }],
    }
    const points = (model: string) => JSON.stringify(asked(marked, { model })).match(/"cachePoint":{[^}]*}/g)
    expect(points(CLAUDE)).toEqual(Array(2).fill('"cachePoint":{"type":"default","ttl":"1h"}'))
    expect(points('arn:aws:bedrock:us-east-1:1:application-inference-profile/abc')).toHaveLength(2)
    expect(points('us.amazon.nova-pro-v1:0')).toEqual(['"cachePoint":{"type":"default"}'])
    expect(points('us.meta.llama3-3-70b-instruct-v1:0')).toBeNull()
  })

  it('makes older models answer in a shape by a tool', () => {
    const format = { type: 'json_schema', json_schema: { name: 'sum', schema } }
    const forced = asked({ response_format: format }, nova)
    expect(forced).not.toHaveProperty('outputConfig')
    expect(forced.toolConfig).toMatchObject({
      tools: [{ toolSpec: { name: 'json_tool_call', inputSchema: { json: schema } } }],
      toolChoice: { tool: { name: 'json_tool_call' } },
    })
    expect(asked({ response_format: format, tools: [weather] }, nova).toolConfig.toolChoice).toEqual({ any: {} })
  })

  it('declares the tools that a history used, because Bedrock wants them declared', () => {
    const messages = [user, called, { role: 'tool', tool_call_id: 'call_1', content: 'wet' }]
    expect(asked({ messages }).toolConfig.tools).toMatchObject([{ toolSpec: { name: 'weather' } }])
  })

  it('leaves tools out where none may be called', () => {
    expect(asked({ tools: [weather], tool_choice: 'none' })).not.toHaveProperty('toolConfig')
  })

  it('gives each family its own words for effort', () => {
    const effort = (model: string) => {
      const { additionalModelRequestFields, outputConfig } = asked({ reasoning_effort: 'low' }, { model })
      return additionalModelRequestFields ?? outputConfig
    }
    expect(effort('openai.gpt-oss-120b-1:0')).toEqual({ reasoning_effort: 'low' })
    expect(effort('us.amazon.nova-2-lite-v1:0')).toEqual({
      reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' },
    })
    expect(effort(CLAUDE)).toEqual({ thinking: { type: 'enabled', budget_tokens: 1024 } })
    expect(refused({ reasoning_effort: 'low' }, { model: 'meta.llama3-70b' }).details.param).toBe('reasoning_effort')
  })

  it('rewrites ids that Bedrock would refuse, of a call and its result alike', () => {
    const id = `call/${'x'.repeat(80)}`
    const [first] = called.tool_calls
    const messages = [
      user,
      { ...called, tool_calls: [{ ...first, id }] },
      { role: 'tool', tool_call_id: id, content: '1' },
    ]
    const [, assistant, result] = asked({ messages }).messages
    expect(assistant.content[0].toolUse.toolUseId).toBe('x'.repeat(64))
    expect(result.content[0].toolResult.toolUseId).toBe('x'.repeat(64))
  })
})

describe('what Bedrock has no word for', () => {
  it.each([
    ['n', { n: 2 }],
    ['seed', { seed: 1 }],
    ['logprobs', { logprobs: true }],
    ['frequency_penalty', { frequency_penalty: 1 }],
    ['service_tier', { service_tier: 'scale' }],
    ['tools[0]', { tools: [{ type: 'web_search' }] }],
    ['parallel_tool_calls', { tools: [weather], parallel_tool_calls: false }, nova],
    [
      'messages[0].content[0].image_url',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] }] },
    ],
    ['messages[0].content', { messages: [{ role: 'user', content: '' }] }],
    ['response_format.json_schema.schema', { response_format: { type: 'json_schema', json_schema: {} } }],
  ] as [string, Partial<ChatRequest>, Partial<Target>?][])('is refused by name: %s', (param, request, to = {}) => {
    expect(refused(request, to)).toMatchObject({ kind: 'invalid_request', details: { param } })
  })

  it('is left out where the operator says so', () => {
    expect(asked({ n: 2, seed: 1, logprobs: true }, { dropParams: true })).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
    })
  })

  it('passes where it asks for nothing', () => {
    const nothing = {
      n: 1,
      seed: null,
      logprobs: false,
      frequency_penalty: 0,
      tools: [],
      modalities: ['text'],
      user: 'u',
    }
    expect(asked(nothing)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] })
  })

  it('throws nothing but refusals, whatever is asked of whichever model', () => {
    const models = fc.constantFrom(CLAUDE, 'amazon.nova-2-lite-v1:0', 'openai.gpt-oss-20b-1:0', 'deepseek.r1-v1:0')
    fc.assert(
      fc.property(canonical, models, fc.boolean(), (request, model, dropParams) => {
        try {
          JSON.parse(bedrock.chat(request, { ...target, model, dropParams }).body)
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps every signature byte for byte', () => {
    fc.assert(
      fc.property(fc.string(), fc.base64String({ minLength: 1 }), fc.base64String(), (thinking, signature, data) => {
        const thinking_blocks = [
          { type: 'thinking', thinking, signature },
          { type: 'redacted_thinking', data },
        ]
        const [, { content }] = asked({
          messages: [user, { role: 'assistant', content: null, thinking_blocks }],
        }).messages
        expect(
          bedrock.completion(
            { output: { message: { content } }, stopReason: 'end_turn' },
            {
              id: 'i',
              createdSeconds: 0,
              request: { model: 'm', messages: [user] },
            },
          ).choices[0]?.message.thinking_blocks,
        ).toEqual(thinking_blocks)
      }),
    )
  })
})
