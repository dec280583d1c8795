import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { saysTwice } from '../../../src/dialects/says-twice.ts'

const twice = (json: string) => saysTwice(json, JSON.parse(json))

describe('a JSON text', () => {
  it('that names a field twice is told from one that does not, at any depth', () => {
    for (const json of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":2}',
      '[{"b":{"a":{},"c":[],"a":null}}]',
      '{"__proto__":1,"__proto__":2}',
    ])
      expect(twice(json)).toBe(true)
    for (const json of [
      '{"a":":","b":"\\":\\\\"}',
      '[{"a":1},{"a":1}]',
      '":"',
      '{}',
      '{"__proto__":{"a":1}}',
      '{"1":{},"a":[[]]}',
    ])
      expect(twice(json)).toBe(false)
    expect(twice('['.repeat(50_000) + ']'.repeat(50_000))).toBe(false)
  })

  it('says nothing twice that was printed from a value', () => {
    fc.assert(fc.property(fc.json(), (json) => !twice(json)))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const [name = ''] = Object.keys(value)
        const json = JSON.stringify(value)
        return twice(`${json.slice(0, -1)},${JSON.stringify(name)}:0}`)
      }),
    )
  })
})
