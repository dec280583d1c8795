import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { median, percentile, seeded, shuffled } from '../../../scripts/bench/figures.ts'
import type { Load, LoadResult } from '../../../scripts/bench/load.ts'
import { forked, type Started, startMock } from '../../../scripts/bench/manners.ts'
import { MessageReader } from '../../../scripts/bench/message-reader.ts'
import { chatBody } from '../../../scripts/bench/request.ts'

const withLength = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

const chunked = (pieces: readonly string[]): string =>
  [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    ...pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`),
    '0\r\n\r\n',
  ].join('')

function bodiesOf(bytes: Buffer, cuts: readonly number[]): string[] {
  const bodies: string[] = []
  let pieces: Buffer[] = []
  const reader = new MessageReader({
    head: () => {
      pieces = []
    },
    body: (piece) => void pieces.push(Buffer.from(piece)),
    end: () => void bodies.push(Buffer.concat(pieces).toString()),
  })
  const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b)
  for (const [index, from] of places.slice(0, -1).entries()) reader.push(bytes.subarray(from, places[index + 1]))
  return bodies
}

describe('the message reader', () => {
  it('finds the bodies of any messages, however the bytes arrive', () => {
    const message = fc.oneof(
      fc.string({ unit: 'binary' }).map((body) => ({ bytes: withLength(body), body })),
      fc
        .array(fc.string({ unit: 'binary', minLength: 1 }))
        .map((pieces) => ({ bytes: chunked(pieces), body: pieces.join('') })),
    )
    fc.assert(
      fc.property(fc.array(message, { minLength: 1 }), fc.array(fc.nat()), (messages, cuts) => {
        const bytes = Buffer.from(messages.map((one) => one.bytes).join(''))
        expect(bodiesOf(bytes, cuts)).toEqual(messages.map(({ body }) => Buffer.from(body).toString()))
      }),
      { numRuns: 50 },
    )
  })
})

describe('figures', () => {
  it('takes medians and percentiles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(percentile([1, 2, 3, 4], 0.99)).toBe(4)
    expect(percentile([], 0.5)).toBe(0)
  })

  it('shuffles the same way for the same seed', () => {
    const order = (seed: number) => shuffled(['a', 'b', 'c', 'd', 'e'], seeded(seed)).join('')
    expect(order(7)).toBe(order(7))
    expect(new Set([1, 2, 3, 4, 5].map(order)).size).toBeGreaterThan(1)
    expect([...order(7)].sort().join('')).toBe('abcde')
  })
})

it('asks with one KiB of ten messages', () => {
  expect(chatBody(false).length).toBe(1024)
  expect(JSON.parse(chatBody(false).toString()).messages).toHaveLength(10)
  expect(JSON.parse(chatBody(true).toString())).toMatchObject({ model: 'bench', stream: true })
})

describe('mock and load', () => {
  let mock: Started<string>
  const generator = forked('load.ts')
  beforeAll(async () => {
    mock = await startMock()
  })
  afterAll(async () => {
    generator.kill()
    await mock.stop()
  })

  async function load(more: Partial<Load>): Promise<LoadResult> {
    const url = `${mock.value}/v1/chat/completions`
    const base = { url, headers: {}, body: chatBody(false).toString(), concurrency: 4, seconds: 0.2, stream: false }
    const answer = once(generator, 'message')
    generator.send({ ...base, ...more })
    return (await answer)[0] as LoadResult
  }

  it('streams 100 chunks, and the usage where it is asked', async () => {
    const ask = async (body: string) =>
      (await fetch(mock.value, { method: 'POST', body })).text().then((text) => text.split('\n\n').filter(Boolean))
    const plain = await ask(chatBody(true).toString())
    expect([plain.length, plain.at(-1)]).toEqual([101, 'data: [DONE]'])
    const asked = await ask('{"stream":true,"stream_options":{"include_usage":true}}')
    expect([asked.length, asked.at(-2)]).toEqual([102, expect.stringContaining('"total_tokens":350')])
  })

  it('counts good answers and times them', async () => {
    const result = await load({})
    expect(result.failures).toBe(0)
    expect(result.requests).toBeGreaterThanOrEqual(4) // one per connection, on however busy a machine
    expect(result.latencyMs.p99).toBeGreaterThanOrEqual(result.latencyMs.p50)
    expect((await load({ body: chatBody(true).toString(), stream: true })).failures).toBe(0)
  })

  it('counts what is not an answer as a failure', async () => {
    const cutStreams = await load({ stream: true }) // a completion does not end with [DONE]
    expect([cutStreams.requests, cutStreams.failures > 0]).toEqual([0, true])
    const unreachable = await load({ url: 'http://127.0.0.1:1/' })
    expect([unreachable.requests, unreachable.failures]).toEqual([0, 4])
    expect(unreachable.firstFailure).toContain('ECONNREFUSED')
  })
})
