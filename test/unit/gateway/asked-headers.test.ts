import { describe, expect, it } from 'vitest'
import type { Deployment } from '../../../src/config/config.ts'
import type { DialectName } from '../../../src/dialects/dialect.ts'
import { askedHeaders } from '../../../src/gateway/asked-headers.ts'
import { answered, gatewayWorld } from '../../support/gateway-world.ts'

const asked = (body: Record<string, unknown>, provider = 'openai', clientsideAuthParams: string[] = []) =>
  askedHeaders(body, {
    deployment: { provider, clientsideAuthParams } as unknown as Deployment,
    vendors: (provider === 'anthropic' ? 'anthropic' : 'openai') satisfies DialectName,
  })

describe('headers that a body asks for', () => {
  it('are those of extra_headers, headers, and provider_specific_header where it names the vendor', () => {
    expect(asked({})).toBeUndefined()
    const specific = { custom_llm_provider: 'groq, openai', extra_headers: { 'X-C': '3' } }
    const body = {
      extra_headers: { 'X-A': '1', 'x-b': '1' },
      headers: { 'x-b': '2' },
      provider_specific_header: specific,
    }
    expect(asked(body)).toEqual({ 'x-a': '1', 'x-b': '2', 'x-c': '3' })
    expect(asked(body, 'mistral')).toEqual({ 'x-a': '1', 'x-b': '2' })
    expect(asked({ extra_headers: { 'OpenAI-Beta': 'a=b', 'HTTP-Referer': 'https://me.example' } })).toEqual({
      'openai-beta': 'a=b',
      'http-referer': 'https://me.example',
    })
  })

  const never = [
    'Host',
    'X-Forwarded-For',
    'connection',
    'Content-Length',
    'x-real-ip',
    'x-amzn-bedrock-service-tier',
    'forwarded',
  ]
  const credentials = ['Authorization', 'api-key', 'x-api-key', 'x-goog-api-key', 'cookie', 'OpenAI-Organization']

  it.each([...never, ...credentials])('never hold %s: refused by name', (name) => {
    const refusal = { kind: 'invalid_request', details: expect.objectContaining({ param: `extra_headers.${name}` }) }
    expect(() => asked({ extra_headers: { [name]: 'x' } })).toThrow(expect.objectContaining(refusal))
  })

  it('may be the caller’s own credentials where the operator lets them, but say nothing of the way even then', () => {
    for (const name of credentials)
      expect(asked({ headers: { [name]: 'x' } }, 'openai', ['extra_headers'])).toEqual({ [name.toLowerCase()]: 'x' })
    for (const name of never)
      expect(() => asked({ headers: { [name]: 'x' } }, 'openai', ['extra_headers'])).toThrow('Leave it out')
  })

  it('ask Anthropic for no feature that its callers may not have, and others for none of its', () => {
    const body = { extra_headers: { 'anthropic-beta': 'context-1m-2025-08-07, oauth-2025-04-20' } }
    expect(asked(body, 'anthropic')).toEqual({ 'anthropic-beta': 'context-1m-2025-08-07' })
    expect(asked(body)).toEqual({})
  })

  it.each([
    [{ extra_headers: 'x' }, 'extra_headers'],
    [{ headers: { 'x-a': 1 } }, 'headers.x-a'],
    [{ headers: { 'x-a': 'a\r\nhost: b' } }, 'headers.x-a'],
    [{ headers: { 'x a': 'b' } }, 'headers'],
    [{ provider_specific_header: { extra_headers: {} } }, 'provider_specific_header'],
  ])('are refused where %j is none', (body, param) => {
    expect(() => asked(body)).toThrow(expect.objectContaining({ details: expect.objectContaining({ param }) }))
  })
})

it('go to the vendor as headers, never in its body, and never over the operator’s own', async () => {
  const seen: RequestInit[] = []
  const world = gatewayWorld(
    (_, init) => {
      seen.push(init)
      return answered('Hi', { prompt_tokens: 1, completion_tokens: 1 })
    },
    {
      config: `
model_list:
  - model_name: small
    litellm_params:
      { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, extra_headers: { X-Mine: operator } }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`,
    },
  )
  const specific = { custom_llm_provider: 'openai', extra_headers: { 'x-c': '3' } }
  await world.ask({
    model: 'small',
    messages: [{ role: 'user', content: 'Hello' }],
    extra_headers: { 'x-a': '1', 'x-mine': 'caller' },
    headers: { 'x-b': '2' },
    provider_specific_header: specific,
  })
  const sent = new Headers(seen[0]!.headers)
  expect(['x-a', 'x-b', 'x-c', 'x-mine'].map((name) => sent.get(name))).toEqual(['1', '2', '3', 'operator'])
  expect(Object.keys(JSON.parse(String(seen[0]!.body)) as object).sort()).toEqual(['messages', 'model'])
})
