import { describe, expect, it } from 'vitest'
import { controlsOf } from '../../../src/gateway/controls.ts'

const read = (body: Record<string, unknown>, headers: Record<string, string> = {}, metadata = {}) =>
  controlsOf(body, new Headers(headers), { metadata })

describe('what a request says to the gateway', () => {
  it('goes no further, and a request that says nothing stays as it is', () => {
    const body = { model: 'a', messages: [] }
    expect(read(body).body).toBe(body)
    expect(read({ ...body, num_retries: 1, fallbacks: ['b'], mock_testing_fallbacks: true }).body).toEqual(body)
  })

  it.each([
    [
      ['b', { model: 'c', temperature: 0 }],
      [{ model: 'b' }, { model: 'c', overrides: { temperature: 0 } }],
    ],
    [[{ a: ['b', 'c'] }, { d: ['e'] }], { a: ['b', 'c'], d: ['e'] }],
    [[{ model: ['b'] }], { model: ['b'] }],
  ])('has fallbacks in either of LiteLLM’s forms: %j', (fallbacks, read_) => {
    expect(read({ fallbacks }).controls.fallbacks).toEqual(read_)
  })

  it.each([
    ['fallbacks', [7]],
    ['fallbacks', ['b', { a: ['c'] }]],
    ['context_window_fallbacks', [{ a: [1] }]],
    ['num_retries', -1],
    ['num_retries', 'many'],
    ['max_fallbacks', 1.5],
  ])('is refused by name when it makes no sense: %s %j', (field, value) => {
    expect(() => read({ [field]: value })).toThrow(expect.objectContaining({ details: { param: field } }))
  })

  it('counts retries within reason, the body before the header', () => {
    expect(read({ num_retries: 1000 }).controls.numRetries).toBe(10)
    expect(read({ num_retries: 1 }, { 'x-litellm-num-retries': '4' }).controls.numRetries).toBe(1)
    expect(read({}, { 'x-litellm-num-retries': '4' }).controls.numRetries).toBe(4)
  })

  it('lets a request or its key do without fallbacks', () => {
    expect(read({ disable_fallbacks: true }).controls.disableFallbacks).toBe(true)
    expect(read({}, {}, { disable_fallbacks: true }).controls.disableFallbacks).toBe(true)
    expect(read({}).controls.disableFallbacks).toBe(false)
  })
})
