import { describe, expect, it } from 'vitest'
import { enter, leave, running, type Slots } from '../../../src/limits/slots.ts'

describe('slots', () => {
  it('count who is in, and remember when the last must have left', () => {
    const none: Slots = []
    const two = enter(enter(none, 9_500), 4_000)
    expect(two).toEqual([[10, 2]])
    expect(running(leave(two))).toBe(1)
    expect(running(leave(leave(leave(two))))).toBe(0)
    expect(running(leave(none))).toBe(0)
  })
})
