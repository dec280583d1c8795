import { describe, expect, it } from 'vitest'
import { patience, type Waiting } from '../../../src/gateway/time.ts'

const router = { timeoutMs: 6_000_000, modelGroupAlias: {} }
function allowed(
  given: { readonly [K in keyof Waiting]?: K extends 'config' ? never : Waiting[K] } = {},
  ofRouter: Partial<Waiting['config']['router']> = {},
) {
  const config = { router: { ...router, ...ofRouter }, general: { totalTimeoutMs: 900_000 } } as Waiting['config']
  return patience({
    headers: new Headers(),
    body: {},
    streams: true,
    deployment: {},
    elsewhere: false,
    ...given,
    config,
  })
}

describe('timeout and stream_timeout', () => {
  it('are the longest silence, before the headers and after; streams fall back to the plain one', () => {
    const deployment = { timeoutMs: 30_000 }
    expect(allowed({ streams: false, deployment })).toEqual({ headersMs: 30_000, silenceMs: 30_000, totalMs: 900_000 })
    expect(allowed({ deployment })).toEqual({ headersMs: 30_000, silenceMs: 30_000, totalMs: 900_000 })
    expect(allowed({ deployment: { ...deployment, streamTimeoutMs: 5_000 } }).silenceMs).toBe(5_000)
    expect(allowed({ streams: false, deployment: { ...deployment, streamTimeoutMs: 5_000 } }).silenceMs).toBe(30_000)
  })

  it('are the caller’s header, its body, the deployment, the router, in this order', () => {
    const headers = new Headers({ 'x-litellm-timeout': '1', 'x-litellm-stream-timeout': '2' })
    const body = { timeout: 3, stream_timeout: '4' }
    const deployment = { timeoutMs: 5_000, streamTimeoutMs: 6_000 }
    const ofRouter = { timeoutMs: 7_000, streamTimeoutMs: 8_000 }
    const silence = (given: Parameters<typeof allowed>[0]) =>
      [false, true].map((streams) => allowed({ ...given, streams }, ofRouter).silenceMs)
    expect(silence({ headers, body, deployment })).toEqual([1_000, 2_000])
    expect(silence({ body, deployment })).toEqual([3_000, 4_000])
    expect(silence({ body: { request_timeout: 3.5 }, deployment })).toEqual([3_500, 6_000])
    expect(silence({ deployment })).toEqual([5_000, 6_000])
    expect(silence({})).toEqual([7_000, 8_000])
  })

  it.each(['soon', '', -1, 0, true, '0'])('refuses %j, naming the field', (timeout) => {
    expect(() => allowed({ body: { timeout } })).toThrow('timeout must be a number of seconds above 0.')
  })
})

describe('the first token', () => {
  it('is waited for twelve seconds where another can be asked, else as long as silence may be', () => {
    expect(allowed({ elsewhere: true }).firstMs).toBe(12_000)
    expect(allowed({ elsewhere: false }).firstMs).toBeUndefined()
    expect(allowed({ elsewhere: true, streams: false }).firstMs).toBeUndefined()
  })

  it.each([
    { body: { reasoning_effort: 'high' } },
    { body: { thinking: { type: 'enabled', budget_tokens: 2000 } } },
    { body: { reasoning: { effort: 'low' } } },
    { body: { generationConfig: { thinkingConfig: {} } } },
    { deployment: { reasonsInSilence: true } },
  ])('is not missed where the model thinks first: %j', (given) => {
    expect(allowed({ elsewhere: true, ...given }).firstMs).toBeUndefined()
  })

  it.each([{ body: { reasoning_effort: 'none' } }, { body: { thinking: { type: 'disabled' } } }])(
    'is missed where thinking is off: %j',
    (given) => {
      expect(allowed({ elsewhere: true, ...given }).firstMs).toBe(12_000)
    },
  )

  it('has a setting that always holds', () => {
    const deployment = { reasonsInSilence: true, timeouts: { ttftMs: 3_000 } }
    expect(allowed({ deployment }).firstMs).toBe(3_000)
    expect(allowed({ deployment, headers: new Headers({ 'x-tollgate-ttft-timeout': '1.5' }) }).firstMs).toBe(1_500)
    expect(allowed({}, { timeouts: { ttftMs: 4_000 } }).firstMs).toBe(4_000)
  })
})

it('connects and idles by settings of their own, and never waits longer than the hold lasts', () => {
  const timeouts = { connectMs: 2_000, streamIdleMs: 8_000, totalMs: 60_000 }
  const deployment = { timeouts, streamTimeoutMs: 20_000 }
  expect(allowed({ deployment })).toEqual({ headersMs: 2_000, silenceMs: 8_000, totalMs: 60_000 })
  expect(allowed({ deployment, streams: false }).headersMs).toBe(6_000_000)
  expect(allowed({ headers: new Headers({ 'x-tollgate-total-timeout': '9000' }) }).totalMs).toBe(900_000)
})
