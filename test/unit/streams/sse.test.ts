import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FramedEvent } from '../../../src/streams/splitter.ts'
import { sseSplitter } from '../../../src/streams/sse.ts'

const encoder = new TextEncoder()
const text =
  ': hello\n\nevent: message_start\r\ndata: {"a":"Grüße 🎉"}\r\n\r\ndata: one\ndata: two\n\nevent: ping\ndata: {}\n\ndata: last'
const events = [
  { event: 'message_start', data: '{"a":"Grüße 🎉"}' },
  { data: 'one\ntwo' },
  { event: 'ping', data: '{}' },
  { data: 'last' },
]

function read(chunks: Uint8Array[]): FramedEvent[] {
  const splitter = sseSplitter()
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
}

describe('server-sent events as values', () => {
  it('are the same however the network cut them', () => {
    const bytes = encoder.encode(text)
    expect(read([bytes])).toEqual(events)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        expect(read(at.slice(1).map((end, n) => bytes.subarray(at[n], end)))).toEqual(events)
      }),
    )
  })

  it('say that one is too long instead of keeping it', () => {
    const splitter = sseSplitter(100)
    splitter.push(encoder.encode(`data: ${'x'.repeat(200)}`))
    expect(splitter.broken).toContain('too long')
  })
})
