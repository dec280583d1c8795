import { EventStreamCodec } from '@smithy/eventstream-codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awsEventSplitter } from '../../../src/streams/aws-event-stream.ts'
import { ndjsonSplitter } from '../../../src/streams/ndjson.ts'
import type { EventSplitter, FramedEvent } from '../../../src/streams/splitter.ts'

const encoder = new TextEncoder()
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => encoder.encode(text),
)

/** Frames as the vendor's own codec writes them: an oracle for the reading side only. */
function frame(headers: Record<string, string>, body: string): Uint8Array {
  const typed = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]),
  )
  return codec.encode({ headers: typed, body: encoder.encode(body) })
}
const event = (name: string, body: string) => frame({ ':message-type': 'event', ':event-type': name }, body)
const joined = (pieces: readonly Uint8Array[]) => new Uint8Array(pieces.flatMap((piece) => [...piece]))

function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b)
  return at.slice(1).map((end, i) => bytes.slice(at[i], end))
}
function read(splitter: EventSplitter, chunks: readonly Uint8Array[]): FramedEvent[] {
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
}
const cuts = fc.array(fc.nat(5000), { maxLength: 30 })

/** Put together from the format's description by another program: it shares no code with the reader. */
const FOREIGN =
  '000000590000003076f8427f0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000b6d65737361676553746f707b2273746f70526561736f6e223a22656e645f7475726e227def4f02c7'

describe('awsEventSplitter', () => {
  const stream = joined([
    event('messageStart', '{"role":"assistant"}'),
    event('contentBlockDelta', '{"delta":{"text":"Grüße 👋"},"contentBlockIndex":0}'),
    frame({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, '{"message":"slow down"}'),
    frame({ ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'gone' }, ''),
  ])
  const events: FramedEvent[] = [
    { event: 'messageStart', data: '{"role":"assistant"}' },
    { event: 'contentBlockDelta', data: '{"delta":{"text":"Grüße 👋"},"contentBlockIndex":0}' },
    { event: 'throttlingException', data: '{"message":"slow down"}' },
    { event: 'error', data: '{"code":"InternalFailure","message":"gone"}' },
  ]

  it('reads the same events wherever the network cut', () => {
    fc.assert(
      fc.property(cuts, (places) => {
        const splitter = awsEventSplitter()
        expect(read(splitter, pieces(stream, places))).toEqual(events)
        expect(splitter.broken).toBeUndefined()
      }),
    )
    expect(
      read(
        awsEventSplitter(),
        [...stream].map((byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(events)
  })

  it('trusts no frame with any bit turned, and keeps what came before', () => {
    const first = event('messageStart', '{"role":"assistant"}')
    fc.assert(
      fc.property(fc.nat(first.length * 8 - 1), cuts, (bit, places) => {
        const damaged = joined([first, first])
        damaged[first.length + (bit >> 3)]! ^= 1 << (bit & 7)
        const splitter = awsEventSplitter()
        expect(read(splitter, pieces(damaged, places))).toEqual([events[0]])
        expect(splitter.broken).toBeDefined()
      }),
    )
  })

  it('reads a frame that another program wrote', () => {
    const bytes = Uint8Array.from(FOREIGN.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    expect(read(awsEventSplitter(), [bytes])).toEqual([{ event: 'messageStop', data: '{"stopReason":"end_turn"}' }])
  })

  it('knows a stream that ends inside a frame', () => {
    const last = event('messageStop', '{"stopReason":"end_turn"}')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: last.length - 1 }), cuts, (left, places) => {
        const splitter = awsEventSplitter()
        expect(read(splitter, pieces(joined([stream, last.slice(0, left)]), places))).toEqual(events)
        expect(splitter.broken).toMatch(/ended inside a frame/)
      }),
    )
  })

  it('does not wait for a frame of impossible size', () => {
    const splitter = awsEventSplitter(1024)
    splitter.push(Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 0))
    expect(splitter.broken).toMatch(/impossible length/)
    expect(splitter.push(stream)).toEqual([])
  })
})

describe('ndjsonSplitter', () => {
  const text = '{"a":"Grüße 👋"}\n\r\n{"b":2}\r\n\n{"c":3}'
  const lines = [{ data: '{"a":"Grüße 👋"}' }, { data: '{"b":2}' }, { data: '{"c":3}' }]

  it('reads the same lines wherever the network cut, the last without its line feed too', () => {
    const bytes = encoder.encode(text)
    fc.assert(
      fc.property(cuts, (places) => {
        expect(read(ndjsonSplitter(), pieces(bytes, places))).toEqual(lines)
        expect(read(ndjsonSplitter(), pieces(encoder.encode(`${text}\n`), places))).toEqual(lines)
      }),
    )
  })

  it('refuses a line without end', () => {
    const splitter = ndjsonSplitter(8)
    expect(splitter.push(encoder.encode('{"a":1}\n'))).toEqual([{ data: '{"a":1}' }])
    splitter.push(encoder.encode('{"b":'))
    expect(splitter.broken).toBeUndefined()
    expect(splitter.push(encoder.encode('12345'))).toEqual([])
    expect(splitter.broken).toMatch(/too long/)
  })
})
