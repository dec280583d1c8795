import { describe, expect, it } from 'vitest'
import { anthropicFailure } from '../../../src/providers/anthropic-failure.ts'
import { errors } from './anthropic-world.ts'

describe('failure', () => {
  it.each(errors)('reads $status $body.error.type: $body.error.message', ({ status, body, failure }) => {
    expect(anthropicFailure(status, new Headers(), JSON.stringify(body))).toEqual(failure)
  })

  it('knows how long to wait', () => {
    const headers = new Headers({ 'retry-after': '12' })
    const body = '{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}'
    expect(anthropicFailure(429, headers, body)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 12_000 })
  })

  it.each([
    [529, '<html>busy</html>', 'upstream_failed', 529],
    [503, 'upstream connect error', 'upstream_failed', 503],
    [502, '', 'upstream_failed', 502],
    [401, '{}', 'auth_error', 401],
    [418, '{"error":"teapot"}', 'invalid_request', 418],
    [200, 'null', 'upstream_failed', 502],
  ])('reads %i with %j', (status, body, kind, shown) => {
    expect(anthropicFailure(status, new Headers(), body)).toMatchObject({ kind, status: shown })
  })

  it('shows no key', () => {
    const body = '{"error":{"type":"authentication_error","message":"invalid key sk-ant-api03-abcdefghijkl"}}'
    expect(anthropicFailure(401, new Headers(), body).message).not.toContain('abcdefghijkl')
  })
})
