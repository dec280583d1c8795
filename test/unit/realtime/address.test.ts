import { describe, expect, it } from 'vitest'
import { presentedKey, protocolsOf } from '../../../src/middleware/credentials.ts'
import { azure } from '../../../src/providers/azure.ts'
import { openai } from '../../../src/providers/openai.ts'
import type { Target } from '../../../src/providers/provider.ts'

const target = (more: Partial<Target>): Target => ({
  ...{ model: 'gpt-realtime', apiKey: 'sk-vendor', extraHeaders: {}, params: {} },
  ...more,
})

describe('where a conversation is opened', () => {
  it.each([
    ['https://api.openai.com/v1/realtime?model=gpt-realtime', {}],
    ['https://own.test/v1/realtime?tenant=a&model=gpt-realtime', { apiBase: 'https://own.test/v1?tenant=a' }],
  ])('at OpenAI: %s', (url, more) => {
    expect(openai.realtime(target(more))).toEqual({
      ...{ url, method: 'GET', body: '' },
      headers: { authorization: 'Bearer sk-vendor', upgrade: 'websocket' },
    })
  })

  const BASE = 'https://r.openai.azure.com'
  it.each([
    [`${BASE}/openai/v1/realtime?model=gpt-realtime`, { apiBase: BASE }],
    [`${BASE}/openai/v1/realtime?model=gpt-realtime`, { apiBase: `${BASE}/openai/v1` }],
    [
      `${BASE}/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-realtime`,
      { apiBase: BASE, apiVersion: '2024-10-01-preview' },
    ],
    [
      `${BASE}/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-realtime`,
      { apiBase: `${BASE}/openai/deployments/other?api-version=2024-10-01-preview` },
    ],
  ])('at Azure: %s', (url, more) => {
    expect(azure.realtime(target(more))).toMatchObject({ url, headers: { 'api-key': 'sk-vendor' } })
  })
})

describe('the protocols of a browser', () => {
  const offered = 'realtime, openai-insecure-api-key.sk-mine, openai-beta.realtime-v1'

  it('hold its key, where a WebSocket is opened and nothing else does', () => {
    const headers = new Headers({ upgrade: 'websocket', 'sec-websocket-protocol': offered })
    expect(presentedKey(headers)).toBe('sk-mine')
    expect(protocolsOf(headers)).toHaveLength(3)
    headers.set('authorization', 'Bearer sk-other')
    expect(presentedKey(headers)).toBe('sk-other')
    expect(presentedKey(new Headers({ 'sec-websocket-protocol': offered }))).toBeUndefined()
    expect(
      presentedKey(new Headers({ upgrade: 'websocket', 'sec-websocket-protocol': offered }), 'x-key'),
    ).toBeUndefined()
  })
})
