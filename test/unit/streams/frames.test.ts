import fc from 'fast-check'
import { expect, it } from 'vitest'
import { concat, frameSplitter } from '../../../src/streams/frames.ts'
import { cutAt } from './through.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const read = (frame: Uint8Array) => new TextDecoder().decode(frame)

function split(chunks: readonly Uint8Array[]): string[] {
  const frames = frameSplitter()
  const found = chunks.flatMap((chunk) => frames.push(chunk)).map(read)
  const rest = frames.rest()
  return rest ? [...found, read(rest)] : found
}

it('cuts at blank lines, whichever line ends are written', () => {
  expect(split([bytes('a\nb\n\nc\n\n')])).toEqual(['a\nb\n\n', 'c\n\n'])
  expect(split([bytes('a\r\nb\r\n\r\nc\r\n\r\n')])).toEqual(['a\r\nb\r\n\r\n', 'c\r\n\r\n'])
  expect(split([bytes('a\rb\r\rc\r\r')])).toEqual(['a\rb\r\r', 'c\r\r'])
  expect(split([bytes('a\n\r\nb\r\n\nc\n\r')])).toEqual(['a\n\r\n', 'b\r\n\n', 'c\n\r'])
})

it('gives an event as soon as it is complete, and the rest at the end', () => {
  const frames = frameSplitter()
  expect(frames.push(bytes('data: 1\n'))).toEqual([])
  expect(frames.push(bytes('\ndata')).map(read)).toEqual(['data: 1\n\n'])
  expect(frames.push(bytes(': 2\r\n\r')).map(read)).toEqual(['data: 2\r\n\r'])
  expect(frames.push(bytes('\ndata: 3')).map(read)).toEqual(['\n'])
  expect(frames.rest()).toEqual(bytes('data: 3'))
  expect(frames.rest()).toBeUndefined()
})

it('loses no byte and cuts the same events, however the network cut them', () => {
  const line = fc.constantFrom('data: é🙂', ': c', '', 'x', '\n', '\r\n', '\r')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.array(fc.nat(400), { maxLength: 10 }), (parts, offsets) => {
      const stream = bytes(parts.join(''))
      const frames = frameSplitter()
      const found = cutAt(stream, offsets).flatMap((chunk) => frames.push(chunk))
      expect(concat([...found, frames.rest() ?? new Uint8Array()])).toEqual(stream)
      // A line feed that came apart from its carriage return stands alone; put back, the events are the same.
      const whole = split([stream]).join('|')
      const cut = split(cutAt(stream, offsets)).join('|').replaceAll('\r|\n', '\r\n')
      expect(cut.replaceAll('|', '')).toBe(whole.replaceAll('|', ''))
    }),
  )
})

it('takes time in proportion to the bytes, also for an event in a million pieces', () => {
  const piece = bytes('x')
  const frames = frameSplitter()
  for (let i = 0; i < 300_000; i++) frames.push(piece)
  expect(frames.push(bytes('\n\n'))[0]?.length).toBe(300_002)
}, 5000)

it('refuses an event that never ends', () => {
  const frames = frameSplitter(1000)
  expect(() => {
    for (let i = 0; i < 100; i++) frames.push(bytes('x'.repeat(100)))
  }).toThrow(RangeError)
})
