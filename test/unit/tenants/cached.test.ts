import { describe, expect, it } from 'vitest'
import { type CachedOptions, cachedTenants } from '../../../src/tenants/cached.ts'
import type { Copies, Moment } from '../../../src/tenants/port.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { masterPrincipal } from '../../../src/tenants/principal-of.ts'

/** Isolates over one Postgres and one Redis, in virtual time. */
function world() {
  let now = 1_000_000
  let rows = new Map<string, Partial<Principal>>([['k', {}]])
  let down = false
  let hold: Promise<void> | undefined
  let reads = 0
  const shared = new Map<string, { copy: Principal; untilMs: number }>()
  const copies: Copies = {
    get: (hash) => {
      const entry = shared.get(hash)
      return Promise.resolve(entry && entry.untilMs > now ? entry.copy : undefined)
    },
    put: (copy, ttlMs) => {
      shared.set(copy.keyHash, { copy, untilMs: now + ttlMs })
      return Promise.resolve()
    },
    drop: (hashes) => {
      for (const hash of hashes) shared.delete(hash)
      return Promise.resolve()
    },
  }
  const source = {
    async principalOf(keyHash: string, nowMs: number): Promise<Principal | undefined> {
      reads++
      if (down) throw new Error('connection refused')
      const row = rows.get(keyHash)
      await hold
      return row && { ...masterPrincipal(nowMs), kind: 'key', keyHash, ...row }
    },
  }
  const deferred: Promise<unknown>[] = []
  const moment = (): Moment => ({ nowMs: now, defer: (_, work) => void deferred.push(work.catch(() => {})) })
  return {
    isolate(options: Partial<CachedOptions> = {}, redis: Copies | 'no Redis' = copies) {
      const tenants = cachedTenants(source, redis === 'no Redis' ? undefined : redis, {
        clock: () => now,
        allowStale: false,
        ...options,
      })
      return {
        ...tenants,
        /** One request, and everything it left behind. */
        async ask(hash = 'k') {
          const answer = await tenants.principalOf(hash, moment())
          while (deferred.length > 0) await Promise.all(deferred.splice(0))
          return answer
        },
        /** One request that does not wait for what it left behind. */
        start: (hash = 'k') => tenants.principalOf(hash, moment()),
      }
    },
    pass: (ms: number) => {
      now += ms
    },
    write: (hash: string, row: Partial<Principal> | undefined) => {
      rows = new Map(rows)
      if (row) rows.set(hash, row)
      else rows.delete(hash)
    },
    outage: (is: boolean) => {
      down = is
    },
    holdReads: (until: Promise<void> | undefined) => {
      hold = until
    },
    reads: () => reads,
    copies,
    shared,
  }
}

describe('a copy of a principal', () => {
  it('spares Postgres the question for two seconds', async () => {
    const w = world()
    const isolate = w.isolate()
    for (let i = 0; i < 20; i++) {
      await isolate.ask()
      w.pass(99)
    }
    expect(w.reads()).toBe(1)
  })

  it('is refreshed in the background from two seconds on, and no request waits', async () => {
    const w = world()
    const isolate = w.isolate()
    await isolate.ask()
    w.pass(2_000)
    w.write('k', { keyAlias: 'new' })
    expect((await isolate.ask())?.keyAlias).toBeUndefined()
    expect((await isolate.ask())?.keyAlias).toBe('new')
    expect(w.reads()).toBe(2)
  })

  it.each([
    ['with Redis', true],
    ['without Redis', false],
  ])('a blocked key stops within five seconds on every isolate, however they share (%s)', async (_, withRedis) => {
    const w = world()
    const isolates = [1, 2, 3, 4].map(() => (withRedis ? w.isolate() : w.isolate({}, 'no Redis')))
    const [one, two] = isolates
    await one!.ask()
    w.pass(1_900)
    await two!.ask()
    w.pass(50)
    w.write('k', { blocked: 'key' })
    // The fourth asks first when the others' copies are about to end.
    for (let ms = 0; ms < 4_900; ms += 700) {
      for (const isolate of isolates.slice(0, 3)) await isolate.ask()
      w.pass(700)
    }
    w.pass(100)
    for (const isolate of isolates) expect((await isolate.ask())?.blocked).toBe('key')
  })

  it('of another isolate counts its age from Postgres, not from Redis', async () => {
    const w = world()
    const [one, two] = [w.isolate(), w.isolate()]
    await one.ask()
    w.pass(4_999)
    w.write('k', { blocked: 'key' })
    expect((await two.start())?.blocked).toBeUndefined()
    w.pass(1)
    expect((await two.ask())?.blocked).toBe('key')
  })

  it('is dropped at once where the key was changed, and in Redis', async () => {
    const w = world()
    const [one, two] = [w.isolate(), w.isolate()]
    await one.ask()
    w.write('k', { blocked: 'key' })
    await one.forget(['k'])
    expect(w.shared.size).toBe(0)
    expect((await one.ask())?.blocked).toBe('key')
    expect((await two.ask())?.blocked).toBe('key')
  })

  it('that was being read while the key was changed is not kept', async () => {
    const w = world()
    const isolate = w.isolate()
    let release = () => {}
    w.holdReads(new Promise((resolve) => (release = resolve)))
    const before = isolate.start()
    await Promise.resolve()
    w.write('k', { blocked: 'key' })
    await isolate.forget(['k'])
    release()
    await before
    expect((await isolate.ask())?.blocked).toBe('key')
    expect([...w.shared.values()].map(({ copy }) => copy.blocked)).toEqual(['key'])
  })

  it('is read once, however many ask at the same time', async () => {
    const w = world()
    const isolate = w.isolate()
    await Promise.all(Array.from({ length: 50 }, () => isolate.start()))
    expect(w.reads()).toBe(1)
  })

  it('is read again when whoever began to read it died', async () => {
    const w = world()
    let asked = 0
    // The first reading's request is gone: nothing of it ever happens again.
    const dying: Copies = {
      ...w.copies,
      get: () => (asked++ === 0 ? new Promise(() => {}) : Promise.resolve(undefined)),
    }
    const isolate = w.isolate({ waitMs: 20 }, dying)
    isolate.start().catch(() => {})
    expect((await isolate.start())?.keyHash).toBe('k')
  })

  it('older than five seconds decides nothing while Postgres is away', async () => {
    const w = world()
    const isolate = w.isolate()
    await isolate.ask()
    w.outage(true)
    w.pass(4_999)
    expect(await isolate.ask()).toBeDefined()
    w.pass(1)
    await expect(isolate.ask()).rejects.toMatchObject({ kind: 'database_unavailable', status: 503 })
    await expect(isolate.ask('never met')).rejects.toMatchObject({ status: 503 })
    w.outage(false)
    expect(await isolate.ask()).toBeDefined()
  })

  it('decides on, however old, where the operator allows it', async () => {
    const w = world()
    const [one, two] = [w.isolate({ allowStale: true }), w.isolate({ allowStale: true })]
    await one.ask()
    w.outage(true)
    w.pass(600_000)
    expect(await one.ask()).toBeDefined()
    expect(await two.ask()).toBeDefined()
    await expect(two.ask('never met')).rejects.toMatchObject({ status: 503 })
  })

  it('the map is bounded', async () => {
    const w = world()
    const isolate = w.isolate({ maxEntries: 3 })
    for (const hash of ['a', 'b', 'c', 'd']) {
      w.write(hash, {})
      await isolate.ask(hash)
    }
    expect(['a', 'b', 'c', 'd'].map((hash) => isolate.knows(hash))).toEqual([false, true, true, true])
  })
})

describe('a key that does not exist', () => {
  it('is not asked for again for a second', async () => {
    const w = world()
    const isolate = w.isolate()
    for (let i = 0; i < 10; i++) {
      expect(await isolate.ask('x')).toBeUndefined()
      w.pass(99)
    }
    expect(w.reads()).toBe(1)
    expect(w.shared.size).toBe(0)
    w.pass(100)
    await isolate.ask('x')
    expect(w.reads()).toBe(2)
  })

  it('is there at once where it was created', async () => {
    const w = world()
    const isolate = w.isolate()
    await isolate.ask('x')
    w.write('x', {})
    await isolate.forget(['x'])
    expect(await isolate.ask('x')).toBeDefined()
  })

  it('a deleted key is gone after its copy', async () => {
    const w = world()
    const isolate = w.isolate()
    await isolate.ask()
    w.write('k', undefined)
    w.pass(2_000)
    await isolate.ask()
    expect(await isolate.ask()).toBeUndefined()
  })
})
