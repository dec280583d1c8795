import { expect, it } from 'vitest'
import { Pauses } from '../../../src/observe/pauses.ts'

it('a sink is left alone for longer each time that it fails, up to five minutes, until it takes something', () => {
  const pauses = new Pauses()
  const lengths: number[] = []
  let nowMs = 0
  for (let time = 0; time < 9; time++) {
    pauses.failed('sink a', nowMs)
    lengths.push(pauses.leftMs('sink a', nowMs) / 1_000)
    nowMs += pauses.leftMs('sink a', nowMs)
    expect(pauses.leftMs('sink a', nowMs)).toBe(0)
  }
  expect(lengths).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
  pauses.took('sink a')
  pauses.failed('sink a', nowMs)
  expect(pauses.leftMs('sink a', nowMs)).toBe(5_000)
})

it('several failures in one pause are one, and those of others none of its own', () => {
  const pauses = new Pauses()
  pauses.failed('sink a', 0)
  pauses.failed('sink a', 4_999)
  expect(pauses.leftMs('sink a', 4_999)).toBe(1)
  expect(pauses.leftMs('sink b', 0)).toBe(0)
})
