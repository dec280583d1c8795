import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { passedHeaders, passedQuery, shownToCaller } from '../../../src/operations/pass-through-headers.ts'
import { addressOf, isPlain, leadsPast, listsAccount } from '../../../src/operations/pass-through-path.ts'
import { isFree, modelNamed, shapeOf } from '../../../src/operations/pass-through-shape.ts'

const BASE = 'https://api.vendor.test/below'
const nothing = new URLSearchParams()
const KEY = 'sk-callers-own-key'

describe('where a request that is passed on leads', () => {
  it.each([
    '/v1/files',
    '/v1/files/file-1/content',
    '/v1beta/models/gemini-2.0-flash:generateContent',
    '/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict',
    '/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fus.claude/converse',
    '/v1/files/',
    '/a/.../b',
  ])('goes down: %s', (rest) => expect(addressOf(BASE, rest, nothing).href).toBe(`${BASE}${rest}`))

  it.each([
    '/../admin',
    '/%2e%2e/admin',
    '/.%2e/admin',
    '/..%2fadmin',
    '/a/..%2f..%2fadmin',
    '/%252e%252e/admin',
    '/%25252e%25252e%25252fadmin',
    '/..;/admin',
    '/..%5cadmin',
    '/a\\..\\b',
    '//evil.test/',
    '/https://evil.test/',
    '/https:%2f%2fevil.test/',
    '/a%00b',
    '/a%0d%0ahost:evil',
    '/a%3fb=c',
    '/a%23b',
    '/a%zz',
    '/%20/a',
  ])('is refused: %s', (rest) => expect(() => addressOf(BASE, rest, nothing)).toThrow('may not be passed on'))

  it('stays at its origin and below its path, whatever is asked for', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '%2e', '%2F', '%5c', '\\', '@', ':', '//', '%25', 'evil.test', ';', '?', '#', 'a'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const rest = `/${parts.join('')}`
        try {
          const url = addressOf(BASE, rest, nothing)
          expect(url.origin).toBe('https://api.vendor.test')
          expect(url.pathname.startsWith('/below/')).toBe(true)
          expect(decodeURIComponent(url.pathname)).not.toMatch(/(?:^|[\\/])\.\.(?:[\\/]|$)/)
        } catch (error) {
          if (!String(error).includes('may not be passed on')) throw error
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('what of a request its vendor may see', () => {
  it('has no credential, by name or by value', () => {
    const given = {
      authorization: `Bearer ${KEY}`,
      'x-api-key': KEY,
      'api-key': KEY,
      'x-goog-api-key': KEY,
      'ocp-apim-subscription-key': KEY,
      'x-litellm-api-key': KEY,
      cookie: 'session=1',
      'x-amz-security-token': 't',
      'x-goog-user-project': 'another',
      'openai-organization': 'another',
      'x-forwarded-for': '1.2.3.4',
      'cf-connecting-ip': '1.2.3.4',
      'x-pass-authorization': 'Bearer other',
      'x-pass-x-api-key': 'other',
      'x-pass-host': 'evil.test',
      'user-agent': `sdk ${KEY}`,
      'x-pass-feature': 'on',
      'content-type': 'application/json',
      'anthropic-beta': 'files-api-2025-04-14,fast-mode-2026-02-01',
      accept: '*/*',
    }
    expect(passedHeaders(new Headers(given), KEY)).toEqual({
      feature: 'on',
      'content-type': 'application/json',
      'anthropic-beta': 'files-api-2025-04-14',
      accept: '*/*',
    })
  })

  it('has a query without keys, and with everything else', () => {
    const query = `key=a&api_key=b&api-key=c&access_token=d&X-Amz-Signature=e&other=${KEY}&pageToken=p&page_token=q&alt=sse&after=x&api-version=1`
    expect(passedQuery(new URLSearchParams(query), KEY).toString()).toBe(
      'pageToken=p&page_token=q&alt=sse&after=x&api-version=1',
    )
  })

  it('is answered without what belongs to the vendor’s account', () => {
    const headers = new Headers({
      'x-goog-upload-url': `${BASE}/upload?id=1`,
      'x-leaks': 'operators-secret',
      'set-cookie': 'a=b',
      'content-encoding': 'gzip',
      'openai-organization': 'o',
      'content-type': 'application/json',
    })
    expect(
      shownToCaller(headers, { base: BASE, here: 'https://gateway/gemini', secrets: ['operators-secret'] }),
    ).toEqual({
      'x-goog-upload-url': 'https://gateway/gemini/upload?id=1',
      'content-type': 'application/json',
    })
  })
})

describe('what a request that is passed on asks for', () => {
  it.each([
    ['/v1/chat/completions', { model: 'm' }, 'm'],
    ['/v1beta/models/gemini-2:generateContent', { model: 'other' }, 'gemini-2'],
    ['/model/us.claude%3A0/converse', {}, 'us.claude:0'],
    ['/openai/deployments/mine/chat/completions', { model: 'other' }, 'mine'],
    ['/openai/Deployments/mine/chat/completions', { model: 'other' }, 'mine'],
    ['/v1beta/models/gemini-2:generateContent/', { model: 'other' }, 'gemini-2'],
    ['/v1/projects/p/locations/l/endpoints/123:generateContent', { model: 'other' }, '123'],
    ['/v1/projects/p/locations/l/endpoints/openapi/chat/completions', { model: 'google/m' }, 'google/m'],
    ['/async-invoke', { modelId: 'reel' }, 'reel'],
    ['/v1/files', {}, undefined],
  ])('%s', (rest, body, model) => expect(modelNamed(rest, body, nothing)).toBe(model))

  it('is one model, wherever it is named', () => {
    expect(modelNamed('/x', { model: 'm' }, new URLSearchParams('model=m'))).toBe('m')
    for (const [body, query] of [
      [{ model: 'm' }, 'model=n'],
      [{ model: 'm', modelId: 'n' }, ''],
      [{}, 'model=m&model=n'],
    ] as const)
      expect(() => modelNamed('/x', body, new URLSearchParams(query))).toThrow('several models')
  })

  it('is said plainly', () => {
    for (const rest of ['/v1beta/%6Dodels/x:generateContent', '/v1/%2565', '/a%5Fb', '/%7e'])
      expect([rest, isPlain(rest)]).toEqual([rest, false])
    for (const rest of ['/model/us.claude%3A0/converse', '/a%2Fb', '/a%20b', '/a%C3%A9'])
      expect([rest, isPlain(rest)]).toEqual([rest, true])
  })

  it('is free where it only looks, counts, cancels or puts a file', () => {
    expect(isFree('GET', '/v1/anything')).toBe(true)
    for (const rest of [
      '/v1/files',
      '/v1/messages/count_tokens',
      '/v1/batches/b/cancel',
      '/v1beta/models/m:countTokens',
    ])
      expect([rest, isFree('POST', rest)]).toEqual([rest, true])
    for (const rest of [
      '/v1/videos',
      '/v1/threads/t/runs',
      '/v1/fine_tuning/jobs',
      '/v1/threads/runs',
      '/v1/files/x/run',
    ])
      expect([rest, isFree('POST', rest)]).toEqual([rest, false])
  })

  it('has a bound only where it says all that it costs', () => {
    const deployment = {
      id: 'd',
      group: 'g',
      provider: 'openai',
      model: 'm',
      mode: 'chat',
      params: {},
      price: { input: 1_000_000, output: 2_000_000 },
      maxOutputTokens: 100,
      maxInputTokens: 1000,
    }
    const worst = (rest: string, body: Record<string, unknown>) =>
      shapeOf({ method: 'POST', rest, body })?.worstCase(body, deployment)
    expect(
      worst('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hi' }] })?.costNano,
    ).toBeGreaterThan(0n)
    expect(worst('/v1/responses', { model: 'm', input: 'hi' })?.costNano).toBeGreaterThan(0n)
    expect(worst('/v1/responses', { model: 'm', input: 'hi', previous_response_id: 'resp_1' })?.unbounded).toContain(
      'previous_response_id',
    )
    expect(worst('/v1/responses', { model: 'm', input: 'hi', background: true })?.costNano).toBeUndefined()
    expect(worst('/v1/chat/completions', { model: 'm', messages: 'nonsense' })?.costNano).toBeUndefined()
    expect(worst('/v1/videos', { model: 'm' })).toBeUndefined()
  })

  it('is a list of the whole account, or one thing', () => {
    for (const rest of [
      '/v1/files',
      '/v1/fine_tuning/jobs',
      '/v1/messages/batches',
      '/v1beta/cachedContents',
      '/v1/organization/usage/completions',
      '/v1/%6frganization/usage/completions',
      '/v1%2F%66iles',
      '/v1/Files',
      '/v1/projects/p/locations/l/batchPredictionJobs',
    ])
      expect([rest, listsAccount('GET', rest)]).toEqual([rest, true])
    for (const rest of [
      '/v1/models',
      '/v1/files/file-1',
      '/v1/fine_tuning/jobs/ft-1',
      '/v1/threads/t/messages',
      '/v1beta/models',
    ])
      expect([rest, listsAccount('GET', rest)]).toEqual([rest, false])
    expect(listsAccount('POST', '/v1/files')).toBe(false)
  })
})

it('a key of the vendor’s own is asked for by whatever writing of its path, and by no other path', () => {
  for (const rest of [
    ...[
      '/v1/realtime/client_secrets',
      '/realtime/sessions/',
      '/V1/Realtime/Transcription_Sessions',
      '/v1/realtime/calls',
    ],
    ...['/v1/realtime%2Fclient_secrets', '/openai/v1/realtime/client_secrets', '/v1/realtime/calls/call_1/accept'],
    ...['/v1/chatkit/sessions', '/v1alpha/auth_tokens', '/v1alpha/authTokens:create'],
  ])
    expect(leadsPast('POST', rest), rest).toBe(true)
  for (const rest of ['/v1/realtime', '/v1/threads', '/v1/responses', '/v1/auth_tokensx'])
    expect(leadsPast('POST', rest), rest).toBe(false)
  expect(leadsPast('GET', '/v1/realtime/sessions/s_1')).toBe(false)
})
