import fc from 'fast-check'
import { expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import '../../support/seed.ts'
import { answers } from './answers.ts'
import { framed } from './framed.ts'
import { asking, ears } from './heard.ts'
import { reading, translated, vendorOf } from './told.ts'

// Vendors leave fields out, and write null, numbers and lists where texts and objects are documented. Whatever comes, it is
// an answer or a failure in words: nothing is thrown that nobody foresaw.

const anything = fc.constantFrom<unknown>(
  undefined,
  null,
  '',
  'x',
  0,
  7.5,
  -1,
  true,
  [],
  [null],
  {},
  { x: null },
  '{"x":',
)

type Path = readonly (string | number)[]

function pathsIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...at, key]))]
}

function withAt(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
  if (key === undefined) return put
  if (Array.isArray(value)) return value.with(Number(key), withAt(value[Number(key)], rest, put))
  const fields = { ...(value as Record<string, unknown>) }
  return { ...fields, [key]: withAt(fields[key], rest, put) }
}

const ear = fc.constantFrom(...Object.keys(ears))

it.each(answers.filter(({ whole }) => whole))('$model: $what, with one field broken', ({ model, whole }) => {
  fc.assert(
    fc.property(ear, fc.constantFrom(...pathsIn(whole)), anything, (ear, path, put) => {
      const body = JSON.parse(JSON.stringify(withAt(whole, path, put)) ?? 'null')
      try {
        const { dialect } = ears[ear]!
        JSON.stringify(dialect.completion(vendorOf(model).completion(body, reading), asking))
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }),
    { numRuns: 20 },
  )
})

it.each(answers.filter(({ stream }) => stream))('$model: $what, with one field of one event broken', async (answer) => {
  const { model, stream = [] } = answer
  const places = stream.flatMap(({ data }, at) =>
    data === '[DONE]' ? [] : pathsIn(JSON.parse(data)).map((path) => ({ at, path })),
  )
  await fc.assert(
    fc.asyncProperty(ear, fc.constantFrom(...places), anything, async (ear, { at, path }, put) => {
      const event = stream[at]!
      const data = JSON.stringify(withAt(JSON.parse(event.data), path, put)) ?? 'null'
      const bytes = framed(stream.with(at, { ...event, data }), vendorOf(model))
      const { error } = await translated([bytes], model, ear)
      expect(error).not.toBe('it sent what cannot be told')
    }),
    { numRuns: 20 },
  )
})
