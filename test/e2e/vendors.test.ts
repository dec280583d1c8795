import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { SAID, SECRETS, startClouds } from '../support/clouds.ts'
import { eventually, useGateway } from '../support/gateway.ts'

const clouds = await startClouds()
afterAll(() => clouds.stop())

const families = {
  'azure-key': '/azure/',
  'azure-entra': '/azure/',
  'bedrock-claude': '/aws/',
  'vertex-gemini': '/vertex/',
  'vertex-claude': '/vertex/',
  'gpt-by-responses': '/openai/',
} as const
type Model = keyof typeof families
const models = Object.keys(families) as Model[]

const hello = [{ role: 'user' as const, content: 'Say hello.' }]
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      description: 'd',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
]

describe('the clouds, by the SDKs of OpenAI and Anthropic', () => {
  const gateway = useGateway({ configFile: 'test/fixtures/clouds-config.yaml', vars: clouds.vars })
  let apiKey = ''
  beforeEach(async () => {
    apiKey ||= (await gateway().key({ max_budget: 5 })).key
    clouds.seen.length = 0
  })
  const openai = () => gateway().openai(apiKey)
  const last = (model: Model) => clouds.take(families[model]).at(-1)!

  describe.each(models)('%s', (model) => {
    it('answers whole', async () => {
      const whole = await openai().chat.completions.create({ model, messages: hello, max_tokens: 50 })
      expect(whole.choices[0]).toMatchObject({ message: { role: 'assistant', content: SAID }, finish_reason: 'stop' })
      expect(whole.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 })
      expect(last(model).text).toContain('Say hello.')
    })

    it('answers in pieces', async () => {
      const stream = await openai().chat.completions.create({
        model,
        messages: hello,
        max_tokens: 50,
        stream: true,
        stream_options: { include_usage: true },
      })
      const chunks: OpenAI.ChatCompletionChunk[] = []
      for await (const chunk of stream) chunks.push(chunk)
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(SAID)
      expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop'])
      expect(chunks.at(-1)!.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 5 })
    })

    it('calls tools, whole and in pieces', async () => {
      const asked = { model, messages: hello, max_tokens: 50, tools }
      const whole = await openai().chat.completions.create(asked)
      expect(whole.choices[0]!.finish_reason).toBe('tool_calls')
      expect(whole.choices[0]!.message.tool_calls).toMatchObject([
        { type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
      ])
      let name = ''
      let written = ''
      let finish: string | null | undefined
      for await (const { choices } of await openai().chat.completions.create({ ...asked, stream: true })) {
        const call = choices[0]?.delta.tool_calls?.[0]
        name ||= call?.function?.name ?? ''
        written += call?.function?.arguments ?? ''
        finish = choices[0]?.finish_reason ?? finish
      }
      expect([name, written, finish]).toEqual(['weather', '{"city":"Bonn"}', 'tool_calls'])
    })

    it("speaks Anthropic's dialect", async () => {
      const client = new Anthropic({ apiKey, baseURL: gateway().url(), maxRetries: 0 })
      const body = { model, max_tokens: 50, messages: hello }
      const whole = await client.messages.create(body)
      expect(whole.content).toMatchObject([{ type: 'text', text: SAID }])
      const final = await client.messages.stream(body).finalMessage()
      expect(final).toMatchObject({ content: [{ type: 'text', text: SAID }], stop_reason: 'end_turn' })
      expect(final.usage.output_tokens).toBe(5)
    })

    it('is told of when it refuses', async () => {
      const refused = openai().chat.completions.create({ model, messages: [{ role: 'user', content: 'please fail' }] })
      const error = await refused.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(OpenAI.RateLimitError)
      expect(String(error)).not.toContain(SECRETS.aws)
    })
  })

  it('sees no key of the caller', async () => {
    for (const model of models) await openai().chat.completions.create({ model, messages: hello, max_tokens: 50 })
    expect(clouds.seen.length).toBeGreaterThanOrEqual(models.length)
    for (const { headers, text } of clouds.seen) expect(JSON.stringify(headers) + text).not.toContain(apiKey)
  })

  it('is asked at its documented addresses', async () => {
    for (const model of models)
      await openai().chat.completions.create({ model, messages: hello, max_tokens: 50, stream: true })
    const paths = new Set(clouds.seen.map(({ path, query }) => path + query))
    expect(paths).toEqual(
      new Set([
        '/azure/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
        '/aws/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse-stream',
        '/vertex/v1beta1/projects/project-1/locations/europe-west1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
        '/vertex/v1/projects/project-1/locations/europe-west1/publishers/anthropic/models/claude-sonnet-4%4020250514:streamRawPredict',
        '/openai/v1/responses',
      ]),
    )
  })

  it('is signed in once for many requests', async () => {
    const asked = models.flatMap((model) => Array.from({ length: 4 }, () => model))
    await Promise.all(
      asked.map((model) => openai().chat.completions.create({ model, messages: hello, max_tokens: 50 })),
    )
    // None at all where a test before has asked already.
    for (const issuer of ['/entra/', '/google/']) expect(clouds.take(issuer).length).toBeLessThanOrEqual(1)
  })

  it('where nobody gives a token, the fallback is asked', async () => {
    const { data, response } = await openai()
      .chat.completions.create({ model: 'azure-stranger', messages: hello, max_tokens: 50 })
      .withResponse()
    expect(data.choices[0]!.message.content).toBe(SAID)
    expect(response.headers.get('x-litellm-model-group')).toBe('azure-key')
    expect(clouds.take('/entra/stranger/')).not.toEqual([])
  })

  it('OpenAI’s Responses pass through to those who have them', async () => {
    const asked = { model: 'gpt-by-responses', input: 'Say hello.', tools: [{ type: 'custom' as const, name: 'sql' }] }
    const whole = await openai().responses.create({ model: asked.model, input: asked.input, metadata: { a: 'b' } })
    expect([whole.id, whole.output_text]).toEqual(['resp_1', SAID])
    expect(JSON.parse(last('gpt-by-responses').text)).toMatchObject({
      model: 'gpt-4.1-mini',
      input: 'Say hello.',
      store: false,
    })
    const types: string[] = []
    for await (const event of await openai().responses.create({ model: asked.model, input: asked.input, stream: true }))
      types.push(event.type)
    expect(types).toContain('response.something.new')
    expect(types.at(-1)).toBe('response.completed')
  })

  it('what was spent is in the log, by vendor', async () => {
    const { key, token } = await gateway().key({ max_budget: 5 })
    const client = gateway().openai(key)
    for (const model of models) await client.chat.completions.create({ model, messages: hello, max_tokens: 50 })
    const day = new Date().toISOString().slice(0, 10)
    type Row = { spend: number; custom_llm_provider: string; total_tokens: number }
    const { data } = await eventually(
      () =>
        gateway().admin<{ total: number; data: Row[] }>(
          'GET',
          `/spend/logs/v2?start_date=${day}&end_date=${day}%2023:59:59&api_key=${token}`,
        ),
      ({ total }) => total === models.length,
    )
    expect(data.map(({ custom_llm_provider }) => custom_llm_provider).sort()).toEqual([
      'azure',
      'azure',
      'bedrock',
      'openai',
      'vertex_ai',
      'vertex_ai',
    ])
    for (const row of data) expect([row.total_tokens, row.spend > 0]).toEqual([16, true])
  })

  it('pictures are fetched for a vendor that fetches nothing, but not from anywhere', async () => {
    const seeing = (url: string, model: string = 'bedrock-claude') =>
      openai().chat.completions.create({
        model,
        max_tokens: 50,
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
      })
    await seeing(`${clouds.base}/pixel.png`)
    expect(JSON.parse(last('bedrock-claude').text).messages[0].content).toEqual([
      { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } },
    ])
    clouds.seen.length = 0
    for (const model of models)
      for (const url of [
        'http://169.254.169.254/latest',
        'https://localhost/x.png',
        'https://[::1]/x',
        'https://0x0a000001/',
      ])
        await expect(seeing(url, model)).rejects.toMatchObject({ status: 400, param: 'messages' })
    expect(clouds.seen).toEqual([])
  })

  it('a caller’s own address is used only where it may be chosen, and is judged', async () => {
    const create = (model: string, own: object) =>
      openai().chat.completions.create({ model, messages: hello, max_tokens: 50, ...own })
    const mine = { api_key: 'sk-mine', api_base: `${clouds.base}/openai/v1` }
    await create('gpt-by-responses', mine)
    expect(last('gpt-by-responses').headers.authorization).toBe('Bearer sk-mine')
    await expect(create('azure-key', mine)).rejects.toMatchObject({ status: 400, param: 'api_key' })
    await expect(create('gpt-by-responses', { ...mine, api_base: 'https://10.0.0.1' })).rejects.toMatchObject({
      status: 400,
    })
    expect(clouds.seen).toEqual([])
  })
})
