import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseChat } from '../../../src/dialects/openai.ts'
import { isPlainChat } from '../../../src/dialects/plain-chat.ts'

const odd = fc.constantFrom<unknown>(null, undefined, '', 'text', 0, 1, 1.5, -1, 2 ** 60, true, [], {}, [7])
const often = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: odd })
const part = often(fc.record({ type: often(fc.constant('text')), text: fc.string() }))
const message = often(
  fc.record({ role: often(fc.constantFrom('user', 'tool')), content: often(fc.oneof(fc.string(), fc.array(part))) }),
)
const flag = often(fc.constantFrom(true, false, null))
const count = often(fc.constantFrom(1, 256, null))
const body = fc.record(
  {
    model: often(fc.constant('fast')),
    messages: often(fc.array(message, { minLength: 1, maxLength: 3 })),
    stream: flag,
    stream_options: often(fc.record({ include_usage: flag })),
    max_tokens: count,
    max_completion_tokens: count,
    n: count,
    user: often(fc.constant('ann')),
    metadata: often(fc.constant({ a: 1 })),
  },
  { requiredKeys: ['model', 'messages'] },
)

/** The first fault that the schema finds in a body whose last field is at fault for sure. */
function firstFault(value: object): string | undefined {
  try {
    parseChat({ ...value, tools: 'none' })
  } catch (error) {
    return (error as { details: { param?: string } }).details.param
  }
  return undefined
}

it('takes what the schema takes, and nothing else', () => {
  let taken = 0
  fc.assert(
    fc.property(body, (value) => {
      if (isPlainChat(value)) taken += 1
      expect(isPlainChat(value)).toBe(firstFault(value) === 'tools')
    }),
    { numRuns: 1_000, seed: 20261122 },
  )
  expect(taken).toBeGreaterThan(100)
})

it.each([[[]], [[{}]], [null], [undefined]])('takes tools as %j', (tools) => {
  const value = { model: 'fast', messages: [{ role: 'user', content: 'Hi' }], tools }
  expect([isPlainChat(value), parseChat(value)]).toEqual([true, value])
})

it.each([[{}], ['none'], [[7]], [[[]]]])('leaves tools as %j to the schema', (tools) => {
  expect(isPlainChat({ model: 'fast', messages: [{ role: 'user', content: 'Hi' }], tools })).toBe(false)
})
