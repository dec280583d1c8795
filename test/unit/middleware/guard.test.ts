import { describe, expect, it } from 'vitest'
import { addressOf, bars, guardOf, isolateGuard } from '../../../src/middleware/guard.ts'

const allowed = async (guard: ReturnType<typeof isolateGuard>, name: string, times: number, nowMs: number) => {
  let count = 0
  for (let i = 0; i < times; i++) if (await guard.allows(name, nowMs)) count++
  return count
}

describe('the counter of an isolate', () => {
  it('allows so many a minute for each name, and begins again', async () => {
    const guard = isolateGuard({ limit: 3, periodMs: 60_000 })
    expect(await allowed(guard, 'a', 5, 1_000)).toBe(3)
    expect(await allowed(guard, 'b', 5, 1_000)).toBe(3)
    expect(await allowed(guard, 'a', 5, 59_999)).toBe(0)
    expect(await allowed(guard, 'a', 5, 60_000)).toBe(3)
  })

  it('holds only so many names', async () => {
    const guard = isolateGuard({ limit: 1, periodMs: 60_000 }, 2)
    for (const name of ['a', 'b', 'c', 'd']) expect(await guard.allows(name, 0)).toBe(true)
  })
})

it('a binding decides where there is one, and keeps nobody out when it fails', async () => {
  const names: string[] = []
  const guard = guardOf(
    {
      limit: ({ key }) => {
        names.push(key)
        if (key === 'broken') throw new Error('away')
        return Promise.resolve({ success: key === 'good' })
      },
    },
    { limit: 1, periodMs: 60_000 },
  )
  expect([await guard.allows('good', 0), await guard.allows('bad', 0), await guard.allows('broken', 0)]).toEqual([
    true,
    false,
    true,
  ])
  expect(names).toEqual(['good', 'bad', 'broken'])
})

it('a bar ends, and bars are bounded', () => {
  const barred = bars(2)
  for (const name of ['a', 'b', 'c']) barred.add(name, 100)
  expect([barred.has('a', 0), barred.has('b', 0), barred.has('c', 99), barred.has('c', 100)]).toEqual([
    false,
    true,
    true,
    false,
  ])
})

it('an IPv6 customer is a /64 network', () => {
  const of = (address: string) => addressOf(new Headers({ 'cf-connecting-ip': address }))
  expect(of('203.0.113.9')).toBe('203.0.113.9')
  expect(of('2001:db8:1:2:3:4:5:6')).toBe(of('2001:DB8:1:2::9'))
  expect(of('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(addressOf(new Headers())).toBe('unknown')
})
