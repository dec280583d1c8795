import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noUsage } from '../../../src/prices/usage.ts'
import { openai } from '../../../src/providers/openai.ts'
import { chatMeter } from '../../../src/streams/meter.ts'
import { relay } from '../../../src/streams/relay.ts'
import type { StreamEnd } from '../../../src/streams/telling.ts'
import { cutAt, delivered, fixture, through } from './through.ts'

const MODEL = '"model":"gpt-4o-mini-2024-07-18"'
const USAGE = { ...noUsage, inputTokens: 9, outputTokens: 4, serviceTier: 'default' }
const text = (name: string) => new TextDecoder().decode(fixture(name))
const renamed = (from: string) => from.replaceAll(MODEL, '"model":"fast"')
const frames = (from: string) =>
  from
    .split('\n\n')
    .slice(0, -1)
    .map((frame) => `${frame}\n\n`)
const withoutUsageChunk = (from: string) =>
  frames(from)
    .filter((frame) => !frame.includes('"choices":[],"usage":{'))
    .join('')
const complete = { how: 'complete', finishReason: 'stop', malformed: 0 }

describe('relay', () => {
  it("gives the client the vendor's own bytes, with the name it asked for and without usage it did not ask for", async () => {
    const { text: got, end } = await through([fixture('usage-last')])
    expect(got).toBe(withoutUsageChunk(renamed(text('usage-last'))))
    expect(end).toEqual({ ...complete, usage: USAGE, outputChars: 16 })
  })

  it('shows the usage chunk to who asked for it', async () => {
    const { text: got, end } = await through([fixture('usage-last')], { showUsage: true })
    expect(got).toBe(renamed(text('usage-last')))
    expect(end.usage).toEqual(USAGE)
  })

  it.each(['usage-last-crlf', 'usage-last-cr'])('understands the line ends of %s', async (name) => {
    const { text: got, end } = await through([fixture(name)])
    expect(end).toEqual({ ...complete, usage: USAGE, outputChars: 16 })
    expect(got.replaceAll('\r\n', '\n').replaceAll('\r', '\n')).toBe(withoutUsageChunk(renamed(text('usage-last'))))
  })

  it('says [DONE] for a vendor that finished and forgot it', async () => {
    const { text: got, end } = await through([fixture('no-done')])
    expect(got).toBe(withoutUsageChunk(renamed(text('usage-last'))))
    expect(end.how).toBe('complete')
  })

  it('waits as long as it takes for a vendor that says with every word that it ends', async () => {
    const event = (content: string) =>
      new TextEncoder().encode(
        `data: {"choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":"stop"}]}\n\n`,
      )
    const words = ['On', 'ce', ' upon']
    const telling = relay(
      {
        async read() {
          const word = words.shift()
          if (words.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
          return word === undefined ? { done: true } : { done: false, value: event(word) }
        },
        cancel: async () => void words.splice(0),
      },
      chatMeter({ group: 'fast', showUsage: false, usage: openai.usage }),
      1,
    )
    let text = ''
    for (;;) {
      const { bytes, over } = await telling.next()
      text += bytes.map((one) => new TextDecoder().decode(one)).join('')
      if (over) break
    }
    expect(text).toContain(' upon')
    expect(telling.complete).toBe(true)
  })

  it('takes a last event without its blank line', async () => {
    const { text: got, end } = await through([fixture('no-blank-line-at-the-end')])
    expect(got).toBe(withoutUsageChunk(renamed(text('usage-last'))))
    expect(end.how).toBe('complete')
  })

  it('leaves usage open when the vendor never said', async () => {
    expect((await through([fixture('no-usage')])).end).toEqual({ ...complete, outputChars: 2 })
    expect((await through([fixture('null-usage')])).end).toEqual({ ...complete, outputChars: 2 })
  })

  it('does not hide content that carries usage along', async () => {
    const { text: got, end } = await through([fixture('usage-with-content')])
    expect(got).toBe(renamed(text('usage-with-content')))
    expect(end).toEqual({ ...complete, usage: USAGE, outputChars: 2 })
  })

  it('counts a finish that is said twice once', async () => {
    expect((await through([fixture('double-finish')])).end).toEqual({ ...complete, usage: USAGE, outputChars: 2 })
    expect((await through([fixture('double-finish')], { choices: 2 })).end.how).toBe('complete')
  })

  it('is complete only when every choice has finished', async () => {
    expect((await through([fixture('two-choices')], { choices: 2 })).end).toMatchObject({
      how: 'complete',
      usage: USAGE,
    })
    const { text: got, end } = await through([fixture('two-choices-one-missing')], { choices: 2 })
    expect(end.how).toBe('cut')
    expect(got).not.toContain('[DONE]')
  })

  it('takes an empty finish_reason for none', async () => {
    const { end } = await through([fixture('empty-finish-reasons')])
    expect(end).toEqual({ ...complete, outputChars: 3 })
  })

  it('forwards comments and empty lines, and reads fields in any order', async () => {
    const { text: got, end } = await through([fixture('comments')])
    const closing = got.indexOf('data: {"id":"chatcmpl-S1"', got.indexOf('"finish_reason":"stop"'))
    expect(closing).toBe(-1)
    expect(got.startsWith(renamed(text('comments')).slice(0, 400))).toBe(true)
    expect(end).toEqual({ ...complete, usage: USAGE, outputChars: 2 })
  })

  it('puts data that was spread over lines on one', async () => {
    const { text: got, end } = await through([fixture('several-data-lines')])
    expect(got).toContain('chunk", "model":"fast","choices":[{"index":0,"delta":{"content":"Hi"}')
    expect(end).toEqual({ ...complete, outputChars: 2 })
  })

  it.each(['tools', 'reasoning'])('counts what is billed in %s', async (name) => {
    const { text: got, end } = await through([fixture(name)])
    expect(got).toBe(renamed(text(name)))
    expect([end.how, end.outputChars]).toEqual(['complete', name === 'tools' ? 10 : 8])
  })

  it.each(['cut-short', 'cut-in-an-event'])('ends %s with an error event and no [DONE]', async (name) => {
    const { text: got, end } = await through([fixture(name)])
    expect(end).toMatchObject({ how: 'cut', error: 'its stream ended early', outputChars: 2 })
    expect(got).toBe(`${renamed(text('cut-short'))}data: {"error":"its stream ended early"}\n\n`)
  })

  it('tells a lost connection from an end', async () => {
    const { text: got, end } = await through([fixture('cut-short')], {}, new Error('ECONNRESET 10.0.0.7'))
    expect(end).toMatchObject({ how: 'cut', error: 'the connection was lost' })
    expect(got).toBe(`${renamed(text('cut-short'))}data: {"error":"the connection was lost"}\n\n`)
  })

  it("stops at an error event behind a 200, with the vendor's words and without its secrets", async () => {
    const { text: got, end } = await through([fixture('error-event')])
    const words = 'The server had an error. Your key sk-*** is fine.'
    expect(end).toMatchObject({ how: 'cut', error: words })
    expect(got).toBe(`${renamed(text('cut-short'))}data: {"error":"${words}"}\n\n`)
  })

  it('knows an error in the first event, and one that only its name tells', async () => {
    expect(await through([fixture('error-first')])).toMatchObject({
      text: 'data: {"error":"overloaded"}\n\n',
      end: { how: 'cut', error: 'overloaded' },
    })
    expect((await through([fixture('error-named')])).end).toMatchObject({ how: 'cut', error: 'out of memory' })
  })

  it("says nothing of the vendor's words when nobody vouches for them", async () => {
    const meter = chatMeter({ group: 'fast', showUsage: false, usage: () => undefined })
    meter.see(fixture('error-first'))
    expect(meter.error).toBe('the provider reported an error')
  })

  it('leaves out malformed events and counts them', async () => {
    const { text: got, end } = await through([fixture('malformed')])
    expect(got).toBe(withoutUsageChunk(renamed(text('usage-last'))))
    expect(end).toEqual({ ...complete, usage: USAGE, outputChars: 16, malformed: 2 })
  })

  it.each(['only-done', 'empty'])('never takes %s for an answer', async (name) => {
    const { text: got, end } = await through([fixture(name)])
    expect(end.how).toBe('cut')
    expect(got).toBe('data: {"error":"its stream ended early"}\n\n')
  })

  it.each([
    'usage-last',
    'usage-last-crlf',
    'usage-last-cr',
    'no-done',
    'no-blank-line-at-the-end',
    'comments',
    'several-data-lines',
    'malformed',
    'error-event',
    'cut-in-an-event',
    'double-finish',
    'tools',
  ])('does not depend on how the network cut %s', async (name) => {
    const bytes = fixture(name)
    const uncut = await through([bytes])
    expect(await through(cutAt(bytes, [...bytes.keys()]))).toEqual(uncut)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (offsets) => {
        expect(await through(cutAt(bytes, offsets))).toEqual(uncut)
      }),
      { numRuns: 40 },
    )
  })

  it('forwards what it did not touch without copying, and one chunk in one piece', async () => {
    const chunk = fixture('usage-last')
    const untouched = chunk.subarray(0, frameEnds(chunk)[3])
    const body = delivered(streamOf(untouched), {
      meter: { ...silent, see: (frame) => frame },
      onEnd: () => {},
    })
    const { value } = await body.getReader().read()
    expect(value?.buffer).toBe(chunk.buffer)
    expect(value?.length).toBe(untouched.length)
  })

  it('reads no further than the client does', async () => {
    const source = counted(fixture('usage-last'))
    const body = delivered(source.stream, { meter: meter() })
    await settled()
    expect(source.pulled()).toBe(0)
    const reader = body.getReader()
    await reader.read()
    await settled()
    expect(source.pulled()).toBe(1)
  })

  it('lets go of the vendor at once when the client leaves, and says so once', async () => {
    const ends: StreamEnd[] = []
    const source = counted(fixture('cut-short'))
    const body = delivered(source.stream, {
      meter: meter(),
      onEnd: (end) => ends.push(end),
    })
    const reader = body.getReader()
    await reader.read()
    const pending = reader.read()
    await reader.cancel('gone')
    expect((await pending).done).toBe(true)
    await settled()
    expect(source.cancelled()).toBe('gone')
    expect(ends).toEqual([{ how: 'cancelled', outputChars: 2, malformed: 0 }])
  })

  it('reads on when the client leaves, where the operator wants to know what is billed', async () => {
    const ends: StreamEnd[] = []
    const [first = '', ...rest] = new TextDecoder().decode(fixture('usage-last')).split(/(?<=\n\n)/)
    const unread = rest.map((event) => new TextEncoder().encode(event))
    const said = Promise.withResolvers<void>()
    const source = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
        async pull(controller) {
          await said.promise
          const event = unread.shift()
          if (event) controller.enqueue(event)
          else controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const meter = chatMeter({ group: 'fast', showUsage: false, usage: openai.usage })
    const reader = delivered(source, { meter, onEnd: (end) => ends.push(end), drainMs: 60_000 }).getReader()
    await reader.read()
    const pending = reader.read()
    const left = reader.cancel('gone')
    expect((await pending).done).toBe(true)
    expect(ends).toEqual([])
    said.resolve()
    await left
    expect(ends).toMatchObject([{ how: 'cancelled', usage: { outputTokens: expect.any(Number) } }])
  })

  it('gives up reading on in the end', async () => {
    const ends: StreamEnd[] = []
    const source = counted(fixture('cut-short'))
    const body = delivered(source.stream, { meter: meter(), onEnd: (end) => ends.push(end), drainMs: 1 })
    const reader = body.getReader()
    await reader.read()
    await reader.cancel('gone')
    expect(source.cancelled()).not.toBe(false)
    expect(ends).toMatchObject([{ how: 'cancelled', outputChars: 2 }])
  })

  it('counts a client that leaves after [DONE] as served', async () => {
    const ends: StreamEnd[] = []
    const source = counted(fixture('usage-last'))
    const body = delivered(source.stream, {
      meter: meter(),
      onEnd: (end) => ends.push(end),
    })
    const reader = body.getReader()
    await reader.read()
    await reader.cancel()
    expect(ends.map(({ how }) => how)).toEqual(['complete'])
  })

  it('does not wait for ever for a vendor that says [DONE] and does not hang up', async () => {
    const source = counted(fixture('usage-last'))
    const body = delivered(source.stream, {
      meter: meter(),
      onEnd: () => {},
      lingerMs: 20,
    })
    expect(await new Response(body).text()).toContain('[DONE]')
    expect(source.cancelled()).not.toBe(false)
  })
})

const silent = {
  begun: false,
  complete: false,
  done: false,
  error: undefined,
  usage: undefined,
  finishReason: undefined,
  outputChars: 0,
  malformed: 0,
  spoken: () => undefined,
}
const meter = () => chatMeter({ group: 'fast', showUsage: false, usage: () => undefined })
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

function streamOf(chunk: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(chunk)
      controller.close()
    },
  })
}

/** Gives one chunk for the first pull and then stays open, counting. */
function counted(chunk: Uint8Array) {
  let pulls = 0
  let reason: unknown = false
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1
        if (pulls === 1) controller.enqueue(chunk)
        else return new Promise(() => {})
      },
      cancel(why) {
        reason = why
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, pulled: () => pulls, cancelled: () => reason }
}

function frameEnds(bytes: Uint8Array): number[] {
  return [...bytes.keys()].filter((at) => bytes[at - 1] === 10 && bytes[at - 2] === 10)
}
