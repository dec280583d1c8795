import { describe, expect, it } from 'vitest'
import { presentedKey } from '../../../src/middleware/credentials.ts'

const key = (headers: Record<string, string>, name?: string) => presentedKey(new Headers(headers), name)

describe('the key a request presents', () => {
  const inOrder = [
    'x-litellm-api-key',
    'authorization',
    'api-key',
    'x-api-key',
    'x-goog-api-key',
    'ocp-apim-subscription-key',
  ]

  it('is that of the first header in LiteLLM order', () => {
    for (const [i, first] of inOrder.entries()) {
      const headers = Object.fromEntries(inOrder.slice(i).map((name) => [name, `sk-${name}`]))
      expect(key(headers)).toBe(`sk-${first}`)
    }
  })

  it.each([
    ['Bearer sk-1', 'sk-1'],
    ['bearer sk-1', 'sk-1'],
    ['BEARER   sk-1', 'sk-1'],
    ['sk-1', 'sk-1'],
    ['Basic sk-1', 'sk-1'],
    [`Basic ${btoa('user:sk-1')}`, 'sk-1'],
    [`Basic ${btoa('sk-1:')}`, 'sk-1'],
    [`Basic ${btoa('sk-1')}`, 'sk-1'],
    ['Basic %%%', '%%%'],
  ])('%s means %s', (value, expected) => expect(key({ authorization: value })).toBe(expected))

  it('skips a header that says nothing', () => {
    expect(key({ 'x-litellm-api-key': '  ', 'x-api-key': 'sk-2' })).toBe('sk-2')
    expect(key({})).toBeUndefined()
  })

  it('is looked for in the configured header alone', () => {
    expect(key({ authorization: 'Bearer sk-1', 'x-mine': 'Bearer sk-2' }, 'X-Mine')).toBe('sk-2')
    expect(key({ authorization: 'Bearer sk-1' }, 'X-Mine')).toBeUndefined()
  })
})
