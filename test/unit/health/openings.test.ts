import { expect, it } from 'vitest'
import { Group } from '../../../src/health/group.ts'

it('an opening counts once, whoever tells of it and with whichever end', () => {
  const group = new Group()
  let sequence = 0
  const tell = (isolate: string, openUntilMs: number, nowMs: number, closed = false) =>
    group.report(
      {
        isolate,
        sequence: ++sequence,
        ttlMs: 60_000,
        deployments: { d: { inFlight: 0, circuit: { openUntilMs, closed } } },
      },
      nowMs,
    ).snapshot.d?.openings
  expect(tell('a', 0, 1_000, true)).toBeUndefined()
  expect(tell('a', 6_000, 1_000)).toBe(1)
  expect(tell('b', 6_010, 1_010)).toBe(1)
  expect(tell('a', 6_010, 7_000, true)).toBe(1)
  expect(tell('b', 13_000, 8_000)).toBe(2)
  expect(tell('b', 20_000, 14_000)).toBe(3)
})
