import { TrieRouter } from 'hono/router/trie-router'
import { describe, expect, it } from 'vitest'
import { RememberingRouter } from '../../../src/middleware/remembering-router.ts'

const routes = [
  ['POST', '/v1/models/:action{.+}', 'action'],
  ['GET', '/v1/models', 'models'],
  ['GET', '/v1/models/:id', 'model'],
  ['GET', '/v1/models/info', 'hidden behind the one before'],
  ['POST', '/v1/chat/completions', 'chat'],
] as const

function router() {
  const asked: string[] = []
  const inner = new TrieRouter<string>()
  const match = inner.match.bind(inner)
  inner.match = (method, path) => {
    asked.push(`${method} ${path}`)
    return match(method, path)
  }
  const remembering = new RememberingRouter<string>(inner)
  for (const [method, path, handler] of routes) remembering.add(method, path, handler)
  const handlers = (method: string, path: string) => remembering.match(method, path)[0].map(([handler]) => handler)
  return { handlers, asked }
}

describe('the router', () => {
  it('answers as the one it asks, the first time and every time after', () => {
    const { handlers } = router()
    for (let time = 0; time < 3; time++) {
      expect(handlers('POST', '/v1/chat/completions')).toEqual(['chat'])
      expect(handlers('GET', '/v1/models')).toEqual(['models'])
      expect(handlers('GET', '/v1/models/info')).toEqual(['model', 'hidden behind the one before'])
      expect(handlers('GET', '/v1/models/gpt')).toEqual(['model'])
      expect(handlers('POST', '/v1/models/x:countTokens')).toEqual(['action'])
      expect(handlers('GET', '/v1/chat/completions')).toEqual([])
    }
  })

  it('asks once for a path of the table, and remembers nothing that callers make up', () => {
    const { handlers, asked } = router()
    for (let time = 0; time < 3; time++) {
      handlers('POST', '/v1/chat/completions')
      handlers('GET', '/v1/models/made-up')
      handlers('PUT', '/v1/models')
    }
    expect(asked).toEqual([
      'POST /v1/chat/completions',
      'GET /v1/models/made-up',
      'PUT /v1/models',
      'GET /v1/models/made-up',
      'PUT /v1/models',
      'GET /v1/models/made-up',
      'PUT /v1/models',
    ])
  })
})
