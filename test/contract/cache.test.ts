import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryRedis } from '../../scripts/local/redis-memory.ts'
import { startUpstashEndpoint, type UpstashEndpoint } from '../../scripts/local/upstash-endpoint.ts'
import { codec } from '../../src/cache/codec.ts'
import type { Entry } from '../../src/cache/entry.ts'
import type { SharedEntries } from '../../src/cache/port.ts'
import { sharedMemory } from '../../src/cache/shared-memory.ts'
import { shownKeys } from '../../src/cache/shown-key.ts'
import { upstashEntries } from '../../src/cache/upstash-exact.ts'
import { sealer } from '../../src/seal.ts'

let nowMs = 1_000_000
let endpoint: UpstashEndpoint
const redis = memoryRedis(() => nowMs)
beforeAll(async () => {
  endpoint = await startUpstashEndpoint(redis, 'token')
})
afterAll(() => endpoint.close())

let marks = 0
const upstash = () =>
  upstashEntries({ url: endpoint.url, token: endpoint.token, timeoutMs: 2_000, newMark: () => `mark${++marks}` })

describe.each([
  ['memory', () => sharedMemory(() => nowMs)],
  ['Upstash', upstash],
] as const)('what isolates share, in %s', (_, make) => {
  const hash = (n: number) => `${n}`.padStart(64, '0')
  const put = (entries: SharedEntries, n: number, ttlMs = 60_000) =>
    entries.write([{ hash: hash(n), text: `é"${n}`, ttlMs }])

  it('gives back what was written, in the order asked, until its time is over', async () => {
    const entries = make()
    await entries.write(Array.from({ length: 100 }, (_, n) => ({ hash: hash(n), text: `é"${n}`, ttlMs: 60_000 })))
    await put(entries, 7, 1_000)
    const asked = Array.from({ length: 130 }, (_, n) => hash(129 - n))
    const { texts } = await entries.read(asked)
    expect(texts.slice(0, 30)).toEqual(Array(30).fill(undefined))
    expect(texts.slice(30)).toEqual(Array.from({ length: 100 }, (_, n) => `é"${99 - n}`))
    nowMs += 1_001
    expect((await entries.read([hash(7), hash(8)])).texts).toEqual([undefined, 'é"8'])
  })

  it('takes entries away with a new mark, and all of them with a new epoch', async () => {
    const entries = make()
    await put(entries, 1)
    await put(entries, 2)
    const before = await entries.read([])
    expect(await entries.forget([hash(1), hash(999)])).toBe(1)
    const after = await entries.read([hash(1), hash(2)])
    expect(after.texts).toEqual([undefined, 'é"2'])
    expect(after.marks.deletions).not.toBe(before.marks.deletions)
    expect(after.marks.epoch).toBe(before.marks.epoch)
    await entries.flush()
    expect((await entries.read([])).marks.epoch).not.toBe(before.marks.epoch)
  })

  it('adds counters up', async () => {
    const entries = make()
    await entries.ping()
    await entries.count({ 'exact:["t","m"]': 2, 'nano:["t","m"]': 5_000_000_000 })
    await entries.count({ 'exact:["t","m"]': 1 })
    expect(await entries.counted()).toEqual({ 'exact:["t","m"]': 3, 'nano:["t","m"]': 5_000_000_000 })
  })
})

it('leaves what others keep in the same Redis alone', async () => {
  await redis.run(['SET', 'mine', 'stays'])
  await upstash().flush()
  await upstash().forget([])
  expect(await redis.run(['GET', 'mine'])).toEqual(await redis.run(['GET', 'mine']))
  expect(String(await redis.run(['GET', 'mine']))).toBe('stays')
})

describe('an entry on its way', () => {
  const answer = (content: string): Entry => ({
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
    storedAtMs: 1,
    expiresAtMs: 2,
    costNano: '3',
    tookMs: 4,
  })
  const seal = sealer('salt', (bytes) => crypto.getRandomValues(bytes))

  it.each([
    ['short', answer('hi'), codec()],
    ['long', answer('đường \u0000 '.repeat(1_000)), codec()],
    ['sealed', answer('hi'), codec(seal)],
    ['long and sealed', answer('x'.repeat(9_000)), codec(seal)],
  ])('%s comes back as it was, under its own hash and epoch only', async (_, entry, { read, write }) => {
    const at = { hash: 'h1', epoch: 'e1' }
    const text = await write({ ...at, text: JSON.stringify(entry) })
    expect((await read({ ...at, text }))?.entry).toEqual(entry)
    expect(await read({ ...at, epoch: 'e2', text })).toBeUndefined()
    expect(await read({ ...at, text: `${text.slice(0, -9)}AAAAAAAAA` })).toBeUndefined()
  })

  it('is small where it was long, and secret where it was sealed', async () => {
    const entry = { hash: 'h', epoch: '', text: JSON.stringify(answer('again and '.repeat(1_000))) }
    expect((await codec().write(entry)).length).toBeLessThan(entry.text.length / 10)
    const sealed = await codec(seal).write({ ...entry, text: JSON.stringify(answer('secret')) })
    expect(sealed).not.toContain('secret')
    expect(await codec(seal).read({ ...entry, hash: 'other', text: sealed })).toBeUndefined()
    expect(await codec().read({ ...entry, text: sealed })).toBeUndefined()
    const plain = await codec().write({ ...entry, text: JSON.stringify(answer('planted')) })
    expect(await codec(seal).read({ ...entry, text: plain })).toBeUndefined()
  })

  it('has a key for callers that differs by tenant and can be told back by who has the secret alone', async () => {
    const hash = 'ab'.repeat(32)
    const keys = shownKeys('salt')
    const [one, two] = [await keys.show(hash, 'team:a'), await keys.show(hash, 'team:b')]
    expect(one).not.toBe(two)
    expect(one).toBe(await shownKeys('salt').show(hash, 'team:a'))
    expect(await keys.hashOf(one)).toBe(hash)
    expect(await keys.hashOf(two)).toBe(hash)
    expect(await shownKeys('other').hashOf(one)).not.toBe(hash)
    expect(await keys.hashOf('nonsense')).toBeUndefined()
  })
})
