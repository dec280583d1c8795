import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VendorEvent } from '../../../src/providers/translator.ts'
import '../../support/seed.ts'
import type { VendorAnswer } from './answer.ts'
import { answers } from './answers.ts'
import { cutAt, framed } from './framed.ts'
import { ears } from './heard.ts'
import { expected, passed, translated, vendorOf } from './told.ts'

// Streams as they should not be: what is too much does no harm, and what is missing is never taken for an answer.

type Streamed = VendorAnswer & { readonly stream: readonly VendorEvent[] }

const streams = answers.filter((answer): answer is Streamed => answer.stream !== undefined)
const certain = streams.filter(({ vague }) => vague !== true)
const framing = ({ model }: Streamed) => vendorOf(model).framing
const ear = fc.constantFrom(...Object.keys(ears))
const places = fc.array(fc.nat(20_000), { maxLength: 6 })
const runs = { numRuns: 4 }

const json = ({ data }: VendorEvent) => JSON.parse(data) as Record<string, unknown>
const isDone = ({ data }: VendorEvent) => data === '[DONE]'

async function hears(answer: Streamed, events: readonly VendorEvent[], { ear = 'openai', cuts = [] as number[] }) {
  const bytes = framed(events, vendorOf(answer.model))
  const { how, error, facts, bytes: said } = await translated(cutAt(bytes, cuts), answer.model, ear)
  expect({ how, error }).toEqual({ how: 'complete', error: undefined })
  expect(ears[ear]!.streamed(said)).toEqual(expected(answer, ear))
  return facts
}

/** Where it does not matter what comes in between. */
const put = (events: readonly VendorEvent[], at: number, event: VendorEvent) =>
  events.toSpliced(at % (events.findLastIndex((one) => !isDone(one)) + 1), 0, event)

describe('too much', () => {
  it.each(streams)('$model: $what, with one event that nobody can read', async (answer) => {
    const broken: VendorEvent = { event: 'contentBlockDelta', data: '{"broken": ' }
    const event = framing(answer) === 'aws-event-stream' ? broken : { data: broken.data }
    await fc.assert(
      fc.asyncProperty(ear, places, fc.nat(50), async (ear, cuts, at) => {
        expect((await hears(answer, put(answer.stream, at, event), { ear, cuts })).malformed).toBe(1)
      }),
      runs,
    )
    if (framing(answer) !== 'sse') return
    const { how, facts, bytes } = await passed(
      [framed(put(answer.stream, 1, event), vendorOf(answer.model))],
      answer.model,
    )
    expect({ how, malformed: facts.malformed }).toEqual({ how: 'complete', malformed: 1 })
    expect(new TextDecoder().decode(bytes)).not.toContain('broken')
  })

  it.each(streams)('$model: $what, with events that nobody knows', async (answer) => {
    const strange = { type: 'future.event', event: 'future', message: {}, delta: 'x', object: 'future', done: false }
    const events = [
      { event: 'future.event', data: JSON.stringify(strange) },
      { data: JSON.stringify({ type: 'ping' }) },
    ]
    await fc.assert(
      fc.asyncProperty(ear, fc.nat(50), fc.constantFrom(...events), async (ear, at, event) => {
        if (framing(answer) === 'aws-event-stream' && event.event === undefined) return
        await hears(answer, put(answer.stream, at, event), { ear })
      }),
      runs,
    )
  })

  it.each(streams.filter((answer) => framing(answer) === 'sse'))(
    '$model: $what, with [DONE] said twice',
    async (answer) => {
      const done = { data: '[DONE]' }
      await hears(answer, [...answer.stream, done, done], {})
    },
  )

  it.each(certain)('$model: $what, with its end said twice', async (answer) => {
    const end = answer.stream.findLastIndex((event) => !isDone(event) && endsOf(event))
    const said = answer.stream[end]!
    const again = withoutWords(said)
    await fc.assert(
      fc.asyncProperty(ear, async (ear) => {
        await hears(answer, answer.stream.toSpliced(end + 1, 0, again), { ear })
      }),
      runs,
    )
  })
})

/** By which of its events a stream ends, whoever writes it. */
function endsOf(event: VendorEvent): boolean {
  const { type, choices, candidates, done, promptFeedback } = json(event)
  const [first] = (choices ?? candidates ?? []) as Record<string, unknown>[]
  return (
    event.event === 'messageStop' ||
    ['message_delta', 'response.completed', 'response.incomplete'].includes(String(type)) ||
    (first?.finish_reason ?? first?.finishReason ?? null) !== null ||
    done === true ||
    promptFeedback !== undefined
  )
}

/** An end may come with the last words, which nobody repeats. */
function withoutWords(event: VendorEvent): VendorEvent {
  const body = json(event)
  const { candidates, choices } = body as Readonly<Record<string, object[] | undefined>>
  return {
    ...event,
    data: JSON.stringify({
      ...body,
      ...(candidates && { candidates: candidates.map((one) => ({ ...one, content: { parts: [], role: 'model' } })) }),
      ...(choices && { choices: choices.map((one) => ({ ...one, delta: {} })) }),
    }),
  }
}

describe('too little', () => {
  const forgetful = certain.filter(({ stream }) => stream.some(isDone))
  it.each(forgetful)('$model: $what, without [DONE]', async (answer) => {
    for (const ear of Object.keys(ears))
      await hears(
        answer,
        answer.stream.filter((event) => !isDone(event)),
        { ear },
      )
  })

  it.each(certain)('$model: $what, broken off anywhere, is whole or is no answer', async (answer) => {
    const bytes = framed(answer.stream, vendorOf(answer.model))
    await fc.assert(
      fc.asyncProperty(ear, fc.nat(bytes.length), async (ear, length) => {
        const { how, bytes: said } = await translated([bytes.subarray(0, length)], answer.model, ear)
        if (how === 'cut') return
        // What was counted may come after the end; without it there is an estimate.
        const { input: _, output: __, cached: ___, ...heard } = ears[ear]!.streamed(said)
        const { input: ____, output: _____, cached: ______, ...whole } = expected(answer, ear)
        expect(heard).toEqual(whole)
      }),
      { numRuns: 25 },
    )
  })
})

describe("a damaged stream of AWS's frames", () => {
  const framedByAws = streams.filter((answer) => framing(answer) === 'aws-event-stream')

  it.each(framedByAws)('$what, with one bit changed, is cut there, or was whole before', async (answer) => {
    const bytes = framed(answer.stream, vendorOf(answer.model))
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const damaged = Uint8Array.from(bytes)
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        const { how, bytes: said } = await translated([damaged], answer.model, 'anthropic')
        expect(how).toBe('cut')
        expect(new TextDecoder().decode(said)).not.toContain('message_stop')
      }),
      { numRuns: 40 },
    )
  })

  it.each(framedByAws)('$what, that ends inside a frame, is cut', async (answer) => {
    const bytes = framed(answer.stream, vendorOf(answer.model))
    const { how, error } = await translated([bytes.subarray(0, bytes.length - 3)], answer.model, 'openai')
    expect({ how, error }).toEqual({ how: 'cut', error: 'its event stream ended inside a frame' })
  })
})
