import { expect, test } from 'vitest'
import { Faults, faultSchema } from '../../../scripts/local/faults.ts'

test('nothing happens where nothing was asked for', () => {
  expect(new Faults().draw('POST /sql')).toEqual({ delayMs: 0 })
})

test('a fault with a count is spent after it, and a matching one leaves other requests alone', () => {
  const faults = new Faults()
  faults.add({ kind: 'drop', match: '/sql', count: 2 })
  expect(faults.draw('GET /stats').ending).toBeUndefined()
  expect([1, 2, 3].map(() => faults.draw('POST /sql').ending?.kind)).toEqual(['drop', 'drop', undefined])
  expect(faults.list()[0]?.hits).toBe(2)
})

test('a rate hits by the chance it was given', () => {
  const chances = [0.1, 0.9, 0.29, 0.3]
  const faults = new Faults(() => chances.shift() ?? 1)
  faults.add({ kind: 'status', status: 503, rate: 0.3 })
  expect([1, 2, 3, 4].map(() => faults.draw('GET /').ending !== undefined)).toEqual([true, false, true, false])
})

test('delays add up, the slowest pace holds, and the first ending that hits is the one', () => {
  const faults = new Faults(() => 0.5)
  faults.add(
    { kind: 'latency', delayMs: 10 },
    { kind: 'latency', delayMs: 5, jitterMs: 4 },
    { kind: 'slow', bytesPerSecond: 100 },
    { kind: 'slow', bytesPerSecond: 50 },
    { kind: 'half-open', count: 1 },
    { kind: 'drop' },
  )
  expect(faults.draw('GET /')).toMatchObject({ delayMs: 17, bytesPerSecond: 50, ending: { kind: 'half-open' } })
  expect(faults.draw('GET /')).toMatchObject({ ending: { kind: 'drop' } })
  faults.clear()
  expect(faults.draw('GET /')).toEqual({ delayMs: 0 })
})

test('a fault that was misspelt is refused', () => {
  expect(faultSchema.safeParse({ kind: 'latency', delay: 5 }).success).toBe(false)
  expect(faultSchema.safeParse({ kind: 'explode' }).success).toBe(false)
  expect(faultSchema.safeParse({ kind: 'drop', rate: 2 }).success).toBe(false)
})
