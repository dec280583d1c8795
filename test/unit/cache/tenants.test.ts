import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Entry } from '../../../src/cache/entry.ts'
import { cacheKey } from '../../../src/cache/key.ts'
import { Lru } from '../../../src/cache/lru.ts'
import { scopeOf } from '../../../src/cache/settings.ts'
import { sharedMemory } from '../../../src/cache/shared-memory.ts'
import { cacheWorld } from '../../support/cache-world.ts'

const entry = (content: string, nowMs: number): Entry => ({
  v: 1,
  what: {
    kind: 'chat',
    answer: {
      id: 'a',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    },
  },
  deployment: 'd',
  storedAtMs: nowMs,
  expiresAtMs: nowMs + 60_000,
  costNano: '1',
  tookMs: 1,
})
const said = (found: Entry | undefined) =>
  found?.what.kind === 'chat' ? found.what.answer.choices[0]?.message.content : undefined

const TEAMS = 10
const keys = Array.from({ length: 50 }, (_, n) => ({
  keyId: `k${n}`,
  organizationId: `o${n % 3}`,
  // Every tenth key belongs to nobody.
  ...(n % 10 === 9 ? {} : { teamId: `t${n % TEAMS}` }),
}))

const step = fc.record({
  kind: fc.constantFrom('ask', 'ask', 'ask', 'ask', 'ask', 'wait', 'outage', 'delete', 'flush'),
  key: fc.nat(keys.length - 1),
  question: fc.nat(4),
  isolate: fc.nat(2),
})

it.each(['key', 'team', 'org', 'global'] as const)(
  'no answer crosses the scope %s, with Redis up and down, and none outlives its deletion by 5 s',
  async (width) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 500, maxLength: 500 }), async (steps) => {
        let now = 1_000_000
        let isUp = true
        const shared = sharedMemory(
          () => now,
          () => isUp,
        )
        const isolates = [0, 1, 2].map(() => cacheWorld(() => now, shared, { scope: width }))
        const deletedAtMs = new Map<string, number>()
        let flushedAtMs = Number.NEGATIVE_INFINITY
        for (const { kind, key: at, question, isolate } of steps) {
          const principal = keys[at] ?? { keyId: 'k' }
          const scope = scopeOf(principal, width)
          const { entries, admin } = isolates[isolate] ?? cacheWorld(() => now, shared)
          const deferred: Promise<unknown>[] = []
          const moment = { nowMs: now, defer: (_: string, work: Promise<unknown>) => void deferred.push(work) }
          const key = await cacheKey([scope, 'model', String(question)])
          if (kind === 'wait') now += 1_300
          else if (kind === 'outage') isUp = !isUp
          else if (kind === 'flush') {
            if (
              await admin.flush().then(
                () => true,
                () => false,
              )
            )
              flushedAtMs = now
          } else if (kind === 'delete') {
            if (
              await shared.forget([key.hash]).then(
                () => true,
                () => false,
              )
            )
              deletedAtMs.set(key.hash, now)
          } else {
            const [found] = await entries.get([key], moment)
            const [whose, what, when] = (said(found) ?? `${scope}|${question}|${now}`).split('|')
            expect([whose, what]).toEqual([scope, String(question)])
            const gone = Math.max(flushedAtMs, deletedAtMs.get(key.hash) ?? Number.NEGATIVE_INFINITY)
            if (Number(when) < gone) expect(now - gone).toBeLessThan(5_000)
            if (!found) await entries.put([{ key, entry: entry(`${scope}|${question}|${now}`, now) }], moment)
            await Promise.all(deferred)
            now += 20
          }
        }
      }),
      { numRuns: 5, endOnFailure: true },
    )
  },
)

it('gives each scope its own share of memory: who fills it drives out what is its own', () => {
  const memory = new Lru(100_000)
  memory.put({ scope: 'team:quiet', hash: 'q' }, entry('quiet', 0), 100, '')
  for (let n = 0; n < 1_000; n++) memory.put({ scope: 'team:loud', hash: `l${n}` }, entry('loud', 0), 500, '')
  expect(said(memory.get({ scope: 'team:quiet', hash: 'q' }, 1, ''))).toBe('quiet')
  expect(memory.get({ scope: 'team:loud', hash: 'l0' }, 1, '')).toBeUndefined()
  expect(said(memory.get({ scope: 'team:loud', hash: 'l999' }, 1, ''))).toBe('loud')
  expect(memory.bytes).toBeLessThanOrEqual(100_000)
})

it('holds the recently used, drops what is over, and refuses what is far too large', () => {
  const memory = new Lru(10_400)
  const key = (hash: string) => ({ scope: 's', hash })
  for (const hash of ['a', 'b', 'c', 'd']) memory.put(key(hash), entry(hash, 0), 1_000, '')
  memory.get(key('a'), 1, '')
  memory.put(key('e'), entry('e', 0), 1_000, '')
  expect(said(memory.get(key('a'), 1, ''))).toBe('a')
  expect(memory.get(key('b'), 1, '')).toBeUndefined()
  expect(memory.get(key('a'), 60_001, '')).toBeUndefined()
  memory.put(key('huge'), entry('huge', 0), 5_000, '')
  expect(memory.get(key('huge'), 1, '')).toBeUndefined()
})

it('leaves a dead store alone, and finds out beside a request when it is back', async () => {
  let now = 0
  let isUp = false
  let asked = 0
  const twin = sharedMemory(
    () => now,
    () => isUp,
  )
  const shared = {
    ...twin,
    read: (hashes: readonly string[]) => {
      asked += 1
      return twin.read(hashes)
    },
  }
  const { entries, warnings } = cacheWorld(() => now, shared)
  const key = await cacheKey(['s', 'q'])
  const deferred: Promise<unknown>[] = []
  const look = async () => {
    const found = await entries.get([key], { nowMs: now, defer: (_, work) => void deferred.push(work) })
    await Promise.all(deferred.splice(0))
    return found[0]
  }
  for (let n = 0; n < 100; n++) expect(await look()).toBeUndefined()
  expect(asked).toBe(3)
  expect(warnings).toHaveLength(3)
  isUp = true
  now += 500
  await look()
  expect(asked).toBe(4)
  await entries.put([{ key, entry: entry('back', now) }], { nowMs: now, defer: () => {} })
  expect(said(await look())).toBe('back')
})
