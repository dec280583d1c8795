import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatChunk, ChatRequest } from '../../../src/dialects/chat.ts'
import { GatewayError } from '../../../src/errors.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import { azure } from '../../../src/providers/azure.ts'
import { cerebras } from '../../../src/providers/cerebras.ts'
import { deepseek } from '../../../src/providers/deepseek.ts'
import { fireworks } from '../../../src/providers/fireworks.ts'
import { groq } from '../../../src/providers/groq.ts'
import { huggingface } from '../../../src/providers/huggingface.ts'
import { mistral } from '../../../src/providers/mistral.ts'
import type { OpenaiCompatible } from '../../../src/providers/openai-compatible.ts'
import { openrouter } from '../../../src/providers/openrouter.ts'
import { perplexity } from '../../../src/providers/perplexity.ts'
import type { Target } from '../../../src/providers/provider.ts'
import { snowflake } from '../../../src/providers/snowflake.ts'
import { together } from '../../../src/providers/together.ts'
import type { Reading } from '../../../src/providers/translator.ts'
import { xai } from '../../../src/providers/xai.ts'
import azureFixture from '../../fixtures/azure/azure.json' with { type: 'json' }
import cerebrasFixture from '../../fixtures/compatible/cerebras.json' with { type: 'json' }
import deepseekFixture from '../../fixtures/compatible/deepseek.json' with { type: 'json' }
import fireworksFixture from '../../fixtures/compatible/fireworks.json' with { type: 'json' }
import groqFixture from '../../fixtures/compatible/groq.json' with { type: 'json' }
import mistralFixture from '../../fixtures/compatible/mistral.json' with { type: 'json' }
import openrouterFixture from '../../fixtures/compatible/openrouter.json' with { type: 'json' }
import perplexityFixture from '../../fixtures/compatible/perplexity.json' with { type: 'json' }
import snowflakeFixture from '../../fixtures/compatible/snowflake.json' with { type: 'json' }
import togetherFixture from '../../fixtures/compatible/together.json' with { type: 'json' }
import xaiFixture from '../../fixtures/compatible/xai.json' with { type: 'json' }
import tgiFixture from '../../fixtures/tgi/tgi.json' with { type: 'json' }
import { folded } from '../dialects/folded.ts'
import { canonical } from './canonical.ts'

/** What a fixture says of one vendor: what is sent, how its answers read, and what its errors mean. */
interface Fixture {
  provider: string
  asked: {
    name: string
    request: Partial<ChatRequest>
    target?: Partial<Target>
    sent: Record<string, unknown>
    /** Nothing else is sent. */
    exact?: boolean
    exactMessages?: boolean
  }[]
  refuses: Record<string, Partial<ChatRequest>>
  whole: { body: unknown; message: object; finish: string; usage: object; logprobs?: unknown; aside?: object }
  stream: { events: unknown[] }
  broken?: { events: unknown[]; error: string }
  errors: { name: string; status: number; headers?: Record<string, string>; body: unknown; failure: object }[]
}

const user = { role: 'user', content: 'Hi' }
const reading: Reading = { id: 'own', createdSeconds: 1, request: { model: 'group', messages: [user] } }
const target: Target = { model: 'm', apiKey: 'k', apiBase: 'https://v.test/v1', extraHeaders: {}, params: {} }

const vendors: [string, OpenaiCompatible, Fixture][] = [
  ['Groq', groq, groqFixture as unknown as Fixture],
  ['Mistral', mistral, mistralFixture as unknown as Fixture],
  ['DeepSeek', deepseek, deepseekFixture as unknown as Fixture],
  ['xAI', xai, xaiFixture as unknown as Fixture],
  ['Together', together, togetherFixture as unknown as Fixture],
  ['Fireworks', fireworks, fireworksFixture as unknown as Fixture],
  ['OpenRouter', openrouter, openrouterFixture as unknown as Fixture],
  ['Perplexity', perplexity, perplexityFixture as unknown as Fixture],
  ['Cerebras', cerebras, cerebrasFixture as unknown as Fixture],
  ['Snowflake', snowflake, snowflakeFixture as unknown as Fixture],
  ['Azure', azure, azureFixture as unknown as Fixture],
  ['TGI', huggingface, tgiFixture as unknown as Fixture],
]

function read(vendor: OpenaiCompatible, events: readonly unknown[]) {
  const reader = vendor.reader(reading)
  const chunks: ChatChunk[] = events.flatMap((event) => [...reader.read({ data: JSON.stringify(event) })])
  chunks.push(...reader.read({ data: '[DONE]' }))
  return { reader, chunks }
}

describe.each(vendors)('%s', (_, vendor, fixture) => {
  const asked = (request: Partial<ChatRequest>, to: Partial<Target> = {}) =>
    JSON.parse(vendor.chat({ model: 'group', messages: [user], ...request }, { ...target, ...to }).body)

  it.each(fixture.asked)('is asked: $name', ({ request, target: to, sent, exact, exactMessages }) => {
    const body = asked(request, to)
    if (exact) expect(body).toEqual(sent)
    else expect(body).toMatchObject(sent)
    if (exactMessages) expect(body.messages).toEqual(sent.messages)
  })

  it('refuses by name what the vendor does not have, or leaves it out', () => {
    for (const [param, request] of Object.entries(fixture.refuses)) {
      expect(() => asked(request)).toThrow(expect.objectContaining({ details: expect.objectContaining({ param }) }))
      expect(asked(request, { dropParams: true })).not.toHaveProperty(param)
    }
  })

  const { whole, stream } = fixture
  it('is read whole', () => {
    expect(vendor.completion(whole.body, reading)).toMatchObject({
      id: 'c-1',
      created: 1_700_000_000,
      model: 'm',
      choices: [
        {
          index: 0,
          message: whole.message,
          finish_reason: whole.finish,
          ...(whole.logprobs !== undefined && { logprobs: whole.logprobs }),
        },
      ],
      usage: { ...noUsage, ...whole.usage },
      ...(whole.aside && { provider_specific_fields: whole.aside }),
    })
    expect(vendor.completion(whole.body, reading).choices[0]?.message).toEqual(whole.message)
    expect(vendor.usage(whole.body)).toEqual({ ...noUsage, ...whole.usage })
  })

  it('says the same in a stream', () => {
    const { reader, chunks } = read(vendor, stream.events)
    const [choice] = folded(chunks).choices
    expect([reader.complete, reader.error, reader.malformed]).toEqual([true, undefined, 0])
    expect(choice).toEqual(vendor.completion(whole.body, reading).choices[0])
    expect(folded(chunks).usage).toEqual({ ...noUsage, ...whole.usage })
  })

  it('is no success when it broke off', () => {
    const { events, error } = fixture.broken ?? { events: stream.events.slice(0, 1), error: undefined }
    const reader = vendor.reader(reading)
    for (const event of events) reader.read({ data: JSON.stringify(event) })
    expect([reader.complete, reader.error]).toEqual([false, error])
  })

  it.each(fixture.errors)('means by its error: $name', ({ status, headers, body, failure }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const found = vendor.failure(status, new Headers(headers), text)
    expect(found).toMatchObject(failure)
    expect(found.message).not.toBe('')
  })

  it('throws nothing but refusals, whatever is asked', () => {
    fc.assert(
      fc.property(canonical, fc.boolean(), (request, dropParams) => {
        try {
          JSON.parse(vendor.chat(request, { ...target, dropParams }).body)
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
        }
      }),
      { numRuns: 200 },
    )
  })

  it('throws nothing but refusals, whatever is answered', () => {
    const answer = fc.record(
      {
        choices: fc.array(
          fc.record(
            { delta: fc.jsonValue(), message: fc.jsonValue(), logprobs: fc.jsonValue(), finish_reason: fc.jsonValue() },
            { requiredKeys: [] },
          ),
        ),
        usage: fc.jsonValue(),
        error: fc.jsonValue(),
        x_groq: fc.jsonValue(),
        citations: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(answer, (body) => {
        vendor.reader(reading).read({ data: JSON.stringify(body) })
        vendor.usage(body)
        vendor.failure(400, new Headers(), JSON.stringify(body))
        try {
          vendor.completion(body, reading)
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
        }
      }),
      { numRuns: 200 },
    )
  })

  it('takes an error behind a 200 for no answer', () => {
    const said = { error: { message: 'It broke.', type: 'server_error' } }
    expect(() => vendor.completion(said, reading)).toThrow(/It broke/)
    expect(read(vendor, [said]).reader.error).toMatch(/It broke/)
  })
})

describe('where they are', () => {
  const { apiBase: _, ...nowhere } = target
  const urlFor = (vendor: OpenaiCompatible, to: Partial<Target> = {}) =>
    vendor.chat({ model: 'group', messages: [user] }, { ...nowhere, ...to }).url

  it.each([
    [groq, 'https://api.groq.com/openai/v1/chat/completions'],
    [mistral, 'https://api.mistral.ai/v1/chat/completions'],
    [deepseek, 'https://api.deepseek.com/chat/completions'],
    [xai, 'https://api.x.ai/v1/chat/completions'],
    [together, 'https://api.together.xyz/v1/chat/completions'],
    [fireworks, 'https://api.fireworks.ai/inference/v1/chat/completions'],
    [openrouter, 'https://openrouter.ai/api/v1/chat/completions'],
    [perplexity, 'https://api.perplexity.ai/chat/completions'],
    [cerebras, 'https://api.cerebras.ai/v1/chat/completions'],
    [huggingface, 'https://router.huggingface.co/v1/chat/completions'],
  ])('%#: %s', (vendor, url) => {
    expect(urlFor(vendor)).toBe(url)
  })

  it.each([
    ['https://x.endpoints.huggingface.cloud', 'https://x.endpoints.huggingface.cloud/v1/chat/completions'],
    ['http://tgi:8080/v1/', 'http://tgi:8080/v1/chat/completions'],
    ['http://tgi:8080/v1/chat/completions', 'http://tgi:8080/v1/chat/completions'],
  ])('finds TGI at %s', (apiBase, url) => {
    expect(urlFor(huggingface, { apiBase })).toBe(url)
  })

  it.each(['', '/', '/api/v2', '/api/v2/cortex/v1', '/api/v2/cortex/inference:complete'])(
    'finds Cortex below an account, named by %s',
    (path) => {
      const account = 'https://org-me.snowflakecomputing.com'
      expect(urlFor(snowflake, { apiBase: `${account}${path}` })).toBe(`${account}/api/v2/cortex/v1/chat/completions`)
    },
  )

  it.each([
    ['pat/secret', 'Bearer secret', 'PROGRAMMATIC_ACCESS_TOKEN'],
    ['jwt', 'Bearer jwt', undefined],
  ])('tells Snowflake what %s is', (apiKey, authorization, type) => {
    const { headers } = snowflake.chat({ model: 'group', messages: [user] }, { ...target, apiKey })
    expect(headers.authorization).toBe(authorization)
    expect(headers['x-snowflake-authorization-token-type']).toBe(type)
  })

  it.each<[string, Partial<Target>, string]>([
    [
      'a resource',
      { apiBase: 'https://me.openai.azure.com/', apiVersion: '2024-10-21' },
      'https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
    ],
    [
      'a resource without a version',
      { apiBase: 'https://me.openai.azure.com' },
      'https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2025-02-01-preview',
    ],
    [
      'a deployment',
      { apiBase: 'https://me.openai.azure.com/openai/deployments/other?api-version=2024-06-01' },
      'https://me.openai.azure.com/openai/deployments/other/chat/completions?api-version=2024-06-01',
    ],
    [
      'the v1 API',
      { apiBase: 'https://me.openai.azure.com/openai/v1/' },
      'https://me.openai.azure.com/openai/v1/chat/completions',
    ],
    [
      'the v1 API by its version',
      { apiBase: 'https://me.openai.azure.com', apiVersion: 'v1' },
      'https://me.openai.azure.com/openai/v1/chat/completions',
    ],
    [
      'the v1 API in preview',
      { apiBase: 'https://me.openai.azure.com/openai/v1', apiVersion: 'preview' },
      'https://me.openai.azure.com/openai/v1/chat/completions?api-version=preview',
    ],
  ])('finds %s of Azure', (_name, to, url) => {
    expect(urlFor(azure, { model: 'o_series/my gpt', ...to })).toBe(url)
  })

  it('shows Azure a key or an Entra token, never both', () => {
    const at = { ...target, apiBase: 'https://me.openai.azure.com' }
    const request = { model: 'group', messages: [user] }
    expect(azure.chat(request, at).headers).toEqual({ 'content-type': 'application/json', 'api-key': 'k' })
    const { apiKey: _key, ...keyless } = { ...at, azureAdToken: 'eyJ' }
    expect(azure.chat(request, keyless).headers).toEqual({
      'content-type': 'application/json',
      authorization: 'Bearer eyJ',
    })
    const { azureAdToken: _token, ...bare } = keyless
    expect(() => azure.chat(request, bare)).toThrow(/azure_ad_token/)
    expect(() => azure.chat(request, nowhere)).toThrow(/api_base/)
  })

  it("gives Mistral the same nine letters for a call and its result, whoever's id it was", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (id, other) => {
        const call = (one: string) => ({ id: one, type: 'function', function: { name: 'f', arguments: '{}' } })
        const messages = [
          user,
          { role: 'assistant', content: null, tool_calls: [call(id), call(other)] },
          { role: 'tool', tool_call_id: id, content: '1' },
        ]
        const [, assistant, result] = JSON.parse(mistral.chat({ model: 'group', messages }, target).body).messages
        const [first, second] = assistant.tool_calls
        expect(first.id).toMatch(/^[A-Za-z0-9]{9}$/)
        expect(result.tool_call_id).toBe(first.id)
        expect(first.id === second.id).toBe(id === other)
      }),
    )
  })
})
