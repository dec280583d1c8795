import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Seam, seam, seamAfter } from '../../../src/streams/seam.ts'
import { cutAt } from './through.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What comes of a text that arrives in pieces. */
function joined(before: string, after: string, offsets: readonly number[] = [], join: Seam = seam(before)): string {
  const pieces = cutAt(encoder.encode(after), offsets).map((piece) => decoder.decode(piece))
  return before + pieces.map((piece) => join.push(piece)).join('') + join.end()
}

const digits = fc.stringMatching(/^[0-9]{8,30}$/)
const letters = fc.stringMatching(/^[a-z .]{0,60}$/)
const offsets = fc.array(fc.nat(200), { maxLength: 8 })

describe('a seam', () => {
  it('says once what the second repeats of the end of the first, however it is cut', () => {
    fc.assert(
      fc.property(letters, digits, letters, offsets, (a, b, c, cuts) => {
        expect(joined(a + b, b + c, cuts)).toBe(a + b + c)
      }),
    )
  })

  it('leaves alone what only looks a little like it', () => {
    fc.assert(
      fc.property(letters, letters, offsets, (a, b, cuts) => {
        fc.pre(!/[a-z]/.test(a))
        expect(joined(a, b, cuts)).toBe(a + b)
      }),
    )
    expect(joined('The end of the ', 'the story')).toBe('The end of the the story')
    expect(joined('x = 1\n        ', '        y = 2')).toBe('x = 1\n                y = 2')
  })

  it('never loses or invents anything but a repetition', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const whole = joined(a, b)
        expect(whole.startsWith(a)).toBe(true)
        const rest = whole.slice(a.length)
        expect(b.endsWith(rest)).toBe(true)
        expect(a.endsWith(b.slice(0, b.length - rest.length))).toBe(true)
      }),
    )
  })

  it('understands a model that begins again', () => {
    expect(joined('Once upon a time there', 'Once upon a time there was a king.')).toBe(
      'Once upon a time there was a king.',
    )
  })

  it('holds nothing back that can no longer be a repetition', () => {
    const join = seam('Once upon a time')
    expect([join.push('There'), join.push(' was')]).toEqual(['There', ' was'])
  })
})

it('does not say the white space twice that a prefill had to leave out', () => {
  expect(joined('One two ', ' three', [], seamAfter(' '))).toBe('One two three')
  expect(joined('One two ', 'three', [], seamAfter(' '))).toBe('One two three')
  expect(joined('One:\n\n', '\n\n* two', [1], seamAfter('\n\n'))).toBe('One:\n\n* two')
  expect(joined('One:\n\n', '\nTwo', [], seamAfter('\n\n'))).toBe('One:\n\nTwo')
})
