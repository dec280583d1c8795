import { describe, expect, it } from 'vitest'
import { announced } from '../../../src/tenants/announced.ts'
import { type CachedOptions, cachedTenants, type Shared } from '../../../src/tenants/cached.ts'
import { memoryTenants } from '../../../src/tenants/memory.ts'
import type { Copies, Copy, KnownGeneration, Moment, PrincipalSource } from '../../../src/tenants/port.ts'

const START = 1_000_000

type Redis = 'up' | 'down' | 'stale'

/** Isolates over one Postgres and one Redis, in virtual time. A stale Redis keeps what it has and takes nothing new. */
async function world() {
  let now = START
  let redis: Redis = 'up'
  let down = false
  let hold: Promise<void> | undefined
  const reads = { principals: 0, standings: 0, generations: 0, redis: 0 }
  const lying = new Map<string, Copy<unknown>>()
  let generation: KnownGeneration | undefined
  const copies = <T>(): Copies<T> => ({
    get: (name) => {
      reads.redis++
      return Promise.resolve(redis === 'down' ? undefined : (lying.get(name) as Copy<T> | undefined))
    },
    put: (name, copy) => {
      if (redis === 'up') lying.set(name, copy)
      return Promise.resolve()
    },
  })
  const shared: Shared = {
    principals: copies(),
    standings: copies(),
    generation: {
      get: () => {
        reads.redis++
        return Promise.resolve(redis === 'down' ? undefined : generation)
      },
      put: (known) => {
        if (redis === 'up') generation = known
        return Promise.resolve()
      },
    },
  }
  const store = memoryTenants()
  const asked = async <R>(what: keyof typeof reads, answer: () => Promise<R>): Promise<R> => {
    reads[what]++
    if (down) throw new Error('connection refused')
    const read = await answer()
    await hold
    return read
  }
  const source: PrincipalSource = {
    principalOf: (hash, nowMs) => asked('principals', () => store.principalOf(hash, nowMs)),
    withoutKey: (bearer, nowMs) => asked('principals', () => store.withoutKey(bearer, nowMs)),
    standingOf: (kind, id, nowMs) => asked('standings', () => store.standingOf(kind, id, nowMs)),
    generation: (nowMs) => asked('generations', () => store.generation(nowMs)),
  }
  const author = { by: 'admin', nowMs: START }
  await store.create('team', [{ id: ['t'], fields: {} }], author)
  await store.create(
    'key',
    [{ id: ['k1'], fields: { token: 'k', keyName: 'k', teamId: 't', userId: 'u', rpmLimit: 9 } }],
    author,
  )
  const deferred: Promise<unknown>[] = []
  const moment = (): Moment => ({ nowMs: now, defer: (_, work) => void deferred.push(work.catch(() => {})) })
  const rest = async () => {
    while (deferred.length > 0) await Promise.all(deferred.splice(0))
  }
  return {
    author,
    /** What an admin writes through no isolate of ours. */
    store,
    isolate(options: Partial<CachedOptions> = {}, over: Shared | 'no Redis' = shared) {
      const tenants = cachedTenants(source, over === 'no Redis' ? undefined : over, {
        clock: () => now,
        allowStale: false,
        ...options,
      })
      return {
        ...tenants,
        /** An admin's requests to this isolate. */
        admin: announced(store, tenants.changed),
        /** One request, and everything it left behind. */
        async ask(hash = 'k') {
          const answer = await tenants.principalOf(hash, moment())
          await rest()
          return answer
        },
        /** One request that does not wait for what it left behind. */
        start: (hash = 'k') => tenants.principalOf(hash, moment()),
        async serve(customerId: string, tags: readonly string[] = []) {
          const principal = await tenants.principalOf('k', moment())
          if (!principal) throw new Error('no such key')
          const joined = await tenants.withOthers(principal, { customerId, tags }, moment())
          await rest()
          return joined
        },
      }
    },
    pass: (ms: number) => {
      now += ms
    },
    redis: (is: Redis) => {
      redis = is
    },
    outage: (is: boolean) => {
      down = is
    },
    holdReads: (until: Promise<void> | undefined) => {
      hold = until
    },
    reads,
    shared,
  }
}

describe('a copy of a principal', () => {
  it('that is busy and does not change costs no read but the generation, every two seconds', async () => {
    const w = await world()
    const isolate = w.isolate()
    for (let ms = 0; ms < 59_000; ms += 100) {
      expect(await isolate.ask()).toBeDefined()
      w.pass(100)
    }
    expect(w.reads.principals).toBe(1)
    expect(w.reads.generations).toBeLessThanOrEqual(30)
    expect(w.reads.redis).toBeLessThanOrEqual(31)
    w.pass(2_000)
    await isolate.ask()
    // What it shows of its spend is a minute old at most.
    expect(w.reads.principals).toBe(2)
  })

  it('many isolates ask Postgres for the generation as often as one', async () => {
    const w = await world()
    const isolates = Array.from({ length: 8 }, () => w.isolate())
    for (let ms = 0; ms < 20_000; ms += 250) {
      for (const isolate of isolates) await isolate.ask()
      w.pass(250)
    }
    expect(w.reads.generations).toBeLessThanOrEqual(11)
    expect(w.reads.principals).toBe(1)
  })

  it('no request waits for the generation while what is known is younger than five seconds', async () => {
    const w = await world()
    const isolate = w.isolate()
    await isolate.ask()
    w.holdReads(new Promise(() => {}))
    w.pass(4_999)
    expect(await isolate.start()).toBeDefined()
  })

  const changes = {
    'the key is blocked': {
      write: (w: Awaited<ReturnType<typeof world>>) => w.store.update('key', ['k1'], { blocked: true }, w.author),
      seen: { blocked: 'key' },
    },
    'its team is blocked': {
      write: (w: Awaited<ReturnType<typeof world>>) => w.store.update('team', ['t'], { blocked: true }, w.author),
      seen: { blocked: 'team' },
    },
    'its user comes to be, with a limit': {
      write: (w: Awaited<ReturnType<typeof world>>) =>
        w.store.create('user', [{ id: ['u'], fields: { rpmLimit: 3 } }], w.author),
      seen: {
        limits: [
          { entity: 'key:k1', rpm: 9 },
          { entity: 'user:u', rpm: 3 },
        ],
      },
    },
    'a limit is lowered': {
      write: (w: Awaited<ReturnType<typeof world>>) => w.store.update('key', ['k1'], { rpmLimit: 1 }, w.author),
      seen: { limits: [{ entity: 'key:k1', rpm: 1 }] },
    },
    'the key is deleted': {
      write: (w: Awaited<ReturnType<typeof world>>) => w.store.deleteKeys(['k'], { by: 'test', nowMs: 0 }),
      seen: undefined,
    },
    'the key is regenerated': {
      write: (w: Awaited<ReturnType<typeof world>>) =>
        w.store.regenerateKey('k1', { token: 'new', keyName: 'new', graceUntilMs: null }, {}, w.author),
      seen: undefined,
    },
  }

  for (const redis of ['up', 'down', 'stale', 'no'] as const) {
    it.each(Object.entries(changes))(
      `is told within five seconds on every isolate that %s (Redis: ${redis})`,
      async (_, { write, seen }) => {
        const w = await world()
        const isolates = [1, 2, 3, 4].map(() => w.isolate({}, redis === 'no' ? 'no Redis' : w.shared))
        const [one, two, , admin] = isolates
        await one!.ask()
        w.pass(1_900)
        await two!.ask()
        if (redis !== 'no') w.redis(redis)
        w.pass(50)
        await write(w)
        // With Redis up the write reaches it, as it does where an isolate of ours wrote.
        if (redis === 'up') await admin!.changed()
        for (let ms = 0; ms < 4_900; ms += 700) {
          for (const isolate of isolates.slice(0, 3)) await isolate.ask()
          w.pass(700)
        }
        w.pass(100)
        for (const isolate of isolates) {
          const answer = await isolate.ask()
          if (seen) expect(answer).toMatchObject(seen)
          else expect(answer).toBeUndefined()
        }
      },
    )
  }

  it('is not read again for a change of somebody else', async () => {
    const w = await world()
    const isolate = w.isolate()
    await isolate.ask()
    // More changes than the list remembers, but never so many between two looks.
    for (let i = 0; i < 150; i++) {
      await w.store.create('team', [{ id: [`x${i}`], fields: {} }], w.author)
      if (i % 10 > 0) continue
      w.pass(2_000)
      await isolate.ask()
      await isolate.ask()
    }
    expect(w.reads.principals).toBe(1)
  })

  it('is read again when more has changed than the list remembers', async () => {
    const w = await world()
    const isolate = w.isolate()
    await isolate.ask()
    for (let i = 0; i < 101; i++) await w.store.create('team', [{ id: [`x${i}`], fields: {} }], w.author)
    w.pass(2_000)
    await isolate.ask()
    await isolate.ask()
    expect(w.reads.principals).toBe(2)
  })

  it('of another isolate holds as long as nothing it is made of changed', async () => {
    const w = await world()
    const [one, two] = [w.isolate(), w.isolate()]
    await one.ask()
    w.pass(30_000)
    await two.ask('x')
    expect(await two.ask()).toBeDefined()
    expect(w.reads.principals).toBe(2)
    await w.store.update('key', ['k1'], { blocked: true }, w.author)
    w.pass(5_000)
    const three = w.isolate()
    await three.ask('x')
    expect((await three.ask())?.blocked).toBe('key')
  })

  it('is gone at once where it was changed', async () => {
    const w = await world()
    const isolate = w.isolate()
    await isolate.ask()
    await isolate.admin.update('key', ['k1'], { blocked: true }, w.author)
    expect((await isolate.ask())?.blocked).toBe('key')
  })

  it('that was being read while the key was changed does not last', async () => {
    const w = await world()
    const isolate = w.isolate()
    let release = () => {}
    w.holdReads(new Promise((resolve) => (release = resolve)))
    const before = isolate.start()
    await Promise.resolve()
    await w.store.update('key', ['k1'], { blocked: true }, w.author)
    w.holdReads(undefined)
    await isolate.changed()
    release()
    await before
    expect((await isolate.ask())?.blocked).toBe('key')
  })

  it('is read once, however many ask at the same time', async () => {
    const w = await world()
    const isolate = w.isolate()
    await Promise.all(Array.from({ length: 50 }, () => isolate.start()))
    expect(w.reads.principals).toBe(1)
  })

  it('is read again when whoever began to read it died', async () => {
    const w = await world()
    let asked = 0
    // The first reading's request is gone: nothing of it ever happens again.
    const principals = {
      ...w.shared.principals,
      get: (name: string) => (asked++ === 0 ? new Promise<undefined>(() => {}) : w.shared.principals.get(name)),
    }
    const isolate = w.isolate({ waitMs: 20 }, { ...w.shared, principals })
    isolate.start().catch(() => {})
    expect((await isolate.start())?.keyHash).toBe('k')
  })

  it('decides nothing while nobody can tell for five seconds whether it holds', async () => {
    const w = await world()
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
    const w = await world()
    const [one, two] = [w.isolate({ allowStale: true }), w.isolate({ allowStale: true })]
    await one.ask()
    w.outage(true)
    w.pass(600_000)
    expect(await one.ask()).toBeDefined()
    expect(await two.ask()).toBeDefined()
    await expect(two.ask('never met')).rejects.toMatchObject({ status: 503 })
  })

  it('under the old hash of a regenerated key ends with its grace', async () => {
    const w = await world()
    const isolate = w.isolate()
    const token = { token: 'new', keyName: 'new', graceUntilMs: START + 60_000 }
    await w.store.regenerateKey('k1', token, {}, w.author)
    expect(await isolate.ask()).toMatchObject({ keyId: 'k1', keyHash: 'new', expiresAtMs: START + 60_000 })
    expect((await isolate.ask('new'))?.expiresAtMs).toBeUndefined()
    w.pass(60_000)
    expect((await isolate.ask())?.expiresAtMs ?? 0).toBeLessThanOrEqual(START + 60_000)
  })

  it('the map is bounded', async () => {
    const w = await world()
    const isolate = w.isolate({ maxEntries: 3 })
    for (const hash of ['a', 'b', 'c', 'd']) {
      await w.store.create('key', [{ id: [hash], fields: { token: hash, keyName: hash } }], w.author)
      await isolate.ask(hash)
    }
    expect(['a', 'b', 'c', 'd'].map((hash) => isolate.knows(hash))).toEqual([false, true, true, true])
  })
})

describe('a key that does not exist', () => {
  it('is not asked for again for a second', async () => {
    const w = await world()
    const isolate = w.isolate()
    for (let i = 0; i < 10; i++) {
      expect(await isolate.ask('x')).toBeUndefined()
      w.pass(99)
    }
    expect(w.reads.principals).toBe(1)
    w.pass(100)
    await isolate.ask('x')
    expect(w.reads.principals).toBe(2)
  })

  it('is there at once where it was created', async () => {
    const w = await world()
    const isolate = w.isolate()
    await isolate.ask('x')
    await isolate.admin.create('key', [{ id: ['x'], fields: { token: 'x', keyName: 'x' } }], w.author)
    expect(await isolate.ask('x')).toBeDefined()
  })
})

describe('customers and tags', () => {
  it('bring their scopes and limits, without a call once they are known', async () => {
    const w = await world()
    const isolate = w.isolate()
    const daily = {
      scope: 'customer:c@1d',
      part: 'main' as const,
      model: null,
      limitNano: 5n,
      extraNano: 0n,
      extraUntilMs: null,
      duration: '1d',
      timeZone: 'UTC',
      anchorMs: START,
      windowStartMs: START,
    }
    await w.store.create('customer', [{ id: ['c'], fields: { rpmLimit: 2, budgets: [daily] } }], w.author)
    await w.store.create('tag', [{ id: ['blue'], fields: {} }], w.author)
    for (let i = 0; i < 20; i++) {
      const { scopes, limits, customerId } = await isolate.serve('c', ['blue', 'unknown'])
      expect(customerId).toBe('c')
      expect(scopes.map(({ name }) => name).slice(-3)).toEqual(['customer:c@life', 'customer:c@1d', 'tag:blue@life'])
      expect(limits).toContainEqual({ entity: 'customer:c', rpm: 2 })
      w.pass(1_000)
    }
    expect(w.reads.standings).toBe(3)
  })

  it('a customer that nobody made is recorded, and limited as soon as somebody does', async () => {
    const w = await world()
    const isolate = w.isolate()
    expect((await isolate.serve('c')).scopes.at(-1)).toMatchObject({ name: 'customer:c@life', limited: false })
    await isolate.admin.create('customer', [{ id: ['c'], fields: { blocked: true } }], w.author)
    expect((await isolate.serve('c')).blocked).toBe('customer')
  })

  it('make one object of the same caller for the same customer and tags', async () => {
    const w = await world()
    const isolate = w.isolate()
    const first = await isolate.serve('c', ['blue'])
    expect(await isolate.serve('c', ['blue'])).toBe(first)
    expect(await isolate.serve('d', ['blue'])).not.toBe(first)
    expect(await isolate.serve('c')).not.toBe(first)
    await isolate.admin.create('tag', [{ id: ['blue'], fields: { rpmLimit: 1 } }], w.author)
    expect((await isolate.serve('c', ['blue'])).limits).toContainEqual({ entity: 'tag:blue', rpm: 1 })
  })
})
