import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fields } from '../../../src/dialects/loose-json.ts'
import { completionTokens, noUsage, promptTokens } from '../../../src/prices/usage.ts'
import '../../support/seed.ts'
import { answers } from './answers.ts'
import { clothes, cutAt, framed, PLAIN } from './framed.ts'
import { asking, ears } from './heard.ts'
import { expected, passed, reading, translated, vendorOf } from './told.ts'

// What vendors are documented to answer beside plain words, told to the clients of every dialect: nothing is thrown, no word
// and no token is lost, whatever the dialect has no name for, and however the bytes are written and cut.

const streams = answers.filter(({ stream }) => stream)
const cuts = fc.array(fc.nat(20_000), { maxLength: 12 })

describe.each(Object.keys(ears))('a client of %s hears', (ear) => {
  it.each(answers.filter(({ whole }) => whole))('$model: $what', (answer) => {
    const { dialect, whole: hear } = ears[ear]!
    const said = vendorOf(answer.model).completion(answer.whole, reading)
    expect(hear(fields(JSON.parse(JSON.stringify(dialect.completion(said, asking)))))).toEqual(
      expected(answer, ear, false),
    )
  })

  it.each(streams)('$model: $what, in any clothes, in pieces cut anywhere', async (answer) => {
    const { model, stream = [] } = answer
    const hears = async (worn: typeof PLAIN, places: readonly number[]) => {
      const bytes = framed(stream, vendorOf(model), worn)
      const { how, error, facts, bytes: said } = await translated(cutAt(bytes, places), model, ear)
      expect({ how, error, malformed: facts.malformed }).toEqual({ how: 'complete', error: undefined, malformed: 0 })
      expect(ears[ear]!.streamed(said)).toEqual(expected(answer, ear))
    }
    await hears(PLAIN, [])
    await fc.assert(fc.asyncProperty(clothes, cuts, hears), { numRuns: 4 })
  })
})

describe('a stream that passes as it is', () => {
  const passing = streams.filter(
    ({ model }) => vendorOf(model).framing === 'sse' && vendorOf(model).plain === undefined,
  )
  it.each(passing)('$model: $what, is counted and judged the same in any clothes', async (answer) => {
    const { model, stream = [] } = answer
    const vendor = vendorOf(model)
    const plain = await passed([framed(stream, vendor)], model)
    const { input, output } = expected(answer, 'openai')
    const used = plain.facts.usage ?? noUsage
    expect([promptTokens(used), completionTokens(used)]).toEqual([input, output])
    await fc.assert(
      fc.asyncProperty(clothes, cuts, async (worn, places) => {
        const { how, facts } = await passed(cutAt(framed(stream, vendor, worn), places), model)
        expect({ how, facts }).toEqual({ how: 'complete', facts: plain.facts })
        expect(facts.malformed).toBe(0)
      }),
      { numRuns: 6 },
    )
  })
})
