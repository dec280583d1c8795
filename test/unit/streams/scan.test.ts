import fc from 'fast-check'
import { expect, it } from 'vitest'
import { scan } from '../../../src/streams/scan.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const json = fc.jsonValue({ maxDepth: 4 })
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const delta = fc.record(
  { role: text, content: fc.oneof(text, fc.constant(null)), refusal: text, x: json },
  { requiredKeys: [] },
)
const choice = fc.record({
  index: fc.nat(3),
  delta,
  logprobs: fc.constantFrom(null, { content: [{ token: 'a', logprob: -1.5e-7, bytes: [97] }] }),
  finish_reason: fc.constantFrom(null, 'stop', ''),
})
const event = fc.record(
  {
    id: text,
    object: fc.constantFrom('chat.completion.chunk', 'error'),
    model: fc.oneof(text, fc.constant(null)),
    choices: fc.array(choice, { maxLength: 2 }),
    usage: fc.constantFrom(null, { prompt_tokens: 1 }),
    error: fc.constantFrom(null, '', false, { message: 'm' }),
    extra: json,
  },
  { requiredKeys: ['choices'] },
)

it('agrees with JSON.parse about everything it claims', () => {
  fc.assert(
    fc.property(event, fc.constantFrom(undefined, 2), fc.boolean(), (value, indent, ascii) => {
      const plain = JSON.stringify(value, null, indent)
      const written = ascii ? plain.replace(/[\u0080-\uffff]/g, escaped) : plain
      const found = scan(bytes(written))
      expect(found.whole).toBe(true)
      expect(found.hasUsage).toBe(value.usage != null)
      expect(found.hasError).toBe(Boolean(value.error) || value.object === 'error')
      expect(found.hasChoices).toBe(value.choices.length > 0)
      expect(found.hasFinish).toBe(value.choices.some(({ finish_reason }) => finish_reason === 'stop'))
      if (typeof value.model === 'string')
        expect(JSON.parse(new TextDecoder().decode(bytes(written).subarray(found.modelStart, found.modelEnd)))).toBe(
          value.model,
        )
      else expect(found.modelStart).toBe(-1)
    }),
    { numRuns: 300 },
  )
})

it('counts characters, not bytes and not escapes', () => {
  const count = (content: string) =>
    scan(bytes(`{"choices":[{"delta":{"role":"assistant","content":"${content}"}}]}`)).chars
  expect(count('')).toBe(0)
  expect(count('Hé🙂')).toBe(3)
  expect(count('a\\n\\"\\u00e9\\\\')).toBe(5)
})

it('never takes a piece of an event for a whole one', () => {
  const written = bytes(JSON.stringify({ id: 'a"b', n: [1, { t: true }], choices: [{ delta: { content: 'x' } }] }))
  for (let end = 0; end < written.length; end++) expect(scan(written, 0, end).whole).toBe(false)
  expect(scan(written).whole).toBe(true)
})

it.each(['oops', '{"a": oops}', '[1]', '"text"', '{} {}', '{"a":1}x', "{'a':1}", '<html>', '{"a":undefined}'])(
  'takes %s for malformed',
  (written) => {
    expect(scan(bytes(written)).whole).toBe(false)
  },
)

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
