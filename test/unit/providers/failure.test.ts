import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskSecrets } from '../../../src/providers/mask.ts'
import { openai } from '../../../src/providers/openai.ts'
import type { Failure } from '../../../src/providers/provider.ts'
import { retryAfterMs, waitIn } from '../../../src/providers/retry-after.ts'
import cases from '../../fixtures/openai/errors.json' with { type: 'json' }

interface Case {
  name: string
  status: number
  headers?: Record<string, string>
  body: string
  failure: unknown
}

describe('failure', () => {
  it.each(cases as unknown as Case[])('reads $name', ({ status, headers, body, failure }) => {
    expect(openai.failure(status, new Headers(headers), body)).toEqual(failure)
  })

  it('answers for any bytes, with an error status and words', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ error: fc.jsonValue() }).map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), body, (status, text) => {
        const failure: Failure = openai.failure(status, new Headers(), text)
        expect(failure.status).toBeGreaterThanOrEqual(400)
        expect(failure.message).not.toBe('')
      }),
    )
  })
})

describe('maskSecrets', () => {
  it('hides keys and leaves words', () => {
    expect(maskSecrets('used sk-ant-api03-AAAA_bbbb-cccc and AIzaSyA1234567890abc')).toBe('used sk-*** and AIz***')
    expect(maskSecrets('token eyJhbGciOi.eyJzdWIiOi.c2ln here')).toBe('token eyJ*** here')
    expect(maskSecrets(`${' '.repeat(1e6)}Bearer   abc ${'eyJ-'.repeat(1e5)}`)).toMatch(
      /^ +Bearer {3}abc\*\*\* eyJ\*\*\*$/,
    )
    expect(maskSecrets('a task-force asks: is sk-learn fine?')).toBe('a task-force asks: is sk-learn fine?')
    expect(maskSecrets('Rate limit reached for gpt-4o-mini.')).toBe('Rate limit reached for gpt-4o-mini.')
  })
})

describe('retryAfterMs', () => {
  const read = (headers: Record<string, string>) => retryAfterMs(new Headers(headers))

  it('reads milliseconds, seconds with a fraction and dates; nothing else', () => {
    expect(read({ 'retry-after-ms': '1500.5', 'retry-after': '9' })).toBe(1501)
    expect(read({ 'retry-after': '0.25' })).toBe(250)
    expect(read({ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT', date: 'Sun, 22 Nov 2026 10:00:00 GMT' })).toBe(0)
    expect(read({ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' })).toBeUndefined()
    expect(read({ 'retry-after': 'soon' })).toBeUndefined()
    expect(read({ 'retry-after': '-5' })).toBeUndefined()
    expect(read({})).toBeUndefined()
  })
})

describe('waitIn', () => {
  it.each([
    ['Please try again in 7m12.5s.', 432_500],
    ['Please try again in 6ms. Visit a page.', 6],
    ['Please try again in 1h2m3s', 3_723_000],
    ['Please retry after 12 seconds.', 12_000],
    ['try again in 2 minutes', 120_000],
    ['Please retry in 34.074824224s.', 34_075],
    ['Please try again later.', undefined],
    ['try again in 5 steps', undefined],
    [`try again in ${'9m'.repeat(1e5)}`, 2_160_000],
    [`${'try again in '.repeat(1e5)}`, undefined],
  ])('%.40s', (words, ms) => {
    expect(waitIn(words)).toBe(ms)
  })
})
