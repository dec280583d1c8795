import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryVendorObjects } from '../../src/batches/memory.ts'
import { neonVendorObjects } from '../../src/batches/neon.ts'
import type { VendorObject, VendorObjects } from '../../src/batches/port.ts'
import { newId } from '../../src/ids.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { spendEventOf } from '../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 22)

const object = (id: string, more: Partial<VendorObject> = {}): VendorObject => ({
  vendor: 'openai',
  id,
  kind: 'file',
  owner: 'team:a',
  said: { id, bytes: 3 },
  createdAtMs: NOW,
  ...more,
})

function contract(name: string, make: () => VendorObjects): void {
  describe(`what callers keep at vendors ${name}`, () => {
    it('is there for its owner alone, and forgotten once', async () => {
      const store = make()
      await store.keep(object('file-1'))
      expect(await store.find('team:a', 'file', 'file-1')).toEqual(object('file-1'))
      expect(await store.find('team:a', 'file', 'file-1', ['azure'])).toBeUndefined()
      expect(await store.find('team:b', 'file', 'file-1')).toBeUndefined()
      expect(await store.find('team:a', 'batch', 'file-1')).toBeUndefined()
      expect(await store.forget('team:b', 'file', 'file-1')).toBe(false)
      expect(await store.forget('team:a', 'file', 'file-1')).toBe(true)
      expect(await store.forget('team:a', 'file', 'file-1')).toBe(false)
    })

    it('has an owner that is told to whoever asks by its name', async () => {
      const store = make()
      await store.keep(object('thread_1', { kind: 'other', owner: 'key:1' }))
      await store.keep(object('thread_1', { kind: 'other', owner: 'key:2' }))
      await store.keep(object('files/a', { kind: 'other', owner: 'key:2', vendor: 'gemini' }))
      const of = ['thread_1', 'files/a', 'thread_9']
      expect(await store.owners(of, ['openai'])).toEqual([{ id: 'thread_1', owner: 'key:1' }])
      expect(new Set(await store.owners(of, ['gemini', 'openai']))).toEqual(
        new Set([
          { id: 'thread_1', owner: 'key:1' },
          { id: 'files/a', owner: 'key:2' },
        ]),
      )
      expect(await store.owners(of, ['azure'])).toEqual([])
    })

    it('stays whose it is and what it was begun with, whatever is said of it later', async () => {
      const store = make()
      const opening = { event: spendEventOf({ id: newId(NOW) }), holdNano: '7', prices: { m: { input: 1, output: 2 } } }
      await store.keep(object('batch-1', { kind: 'batch', owner: 'key:1', opening }))
      await store.keep(object('batch-1', { kind: 'batch', owner: 'key:2', said: { status: 'done\u0000' } }))
      expect(await store.find('key:2', 'batch', 'batch-1')).toBeUndefined()
      const found = await store.find('key:1', 'batch', 'batch-1')
      expect(found?.opening).toEqual(opening)
      expect(String(found?.said.status)).toMatch(/^done/)
    })

    it('only goes on: what was told before and comes later undoes nothing', async () => {
      const store = make()
      const words = [
        { status: 'in_progress', from: 'created' },
        { status: 'cancelling' },
        { status: 'in_progress', from: 'a slow look' },
        { status: 'cancelled' },
        { status: 'cancelling' },
      ]
      for (const [at, said] of words.entries()) {
        await store.keep(object('batch-2', { kind: 'batch', said }))
        const kept = (await store.find('team:a', 'batch', 'batch-2'))?.said
        expect(kept, String(at)).toEqual([words[0], words[1], words[1], words[3], words[3]][at])
      }
      for (const processing_status of ['in_progress', 'canceling', 'in_progress', 'ended'])
        await store.keep(object('msgbatch-1', { kind: 'batch', said: { processing_status } }))
      expect((await store.find('team:a', 'batch', 'msgbatch-1'))?.said).toEqual({ processing_status: 'ended' })
      await store.keep(object('file-3', { said: { status: 'processed', bytes: 1 } }))
      await store.keep(object('file-3', { said: { status: 'uploaded', bytes: 2 } }))
      expect((await store.find('team:a', 'file', 'file-3'))?.said.bytes).toBe(2)
    })

    it('is listed by its time, page by page', async () => {
      const store = make()
      const owner = 'team:pages'
      for (const [at, id] of ['p1', 'p2', 'p3'].entries())
        await store.keep(object(id, { owner, createdAtMs: NOW + at }))
      await store.keep(object('p4', { owner, createdAtMs: NOW + 2 }))
      const ids = async (page: Parameters<VendorObjects['list']>[2]) =>
        (await store.list(owner, 'file', page)).map(({ id }) => id)
      expect(await ids({ limit: 10 })).toEqual(['p4', 'p3', 'p2', 'p1'])
      expect(await ids({ limit: 2, after: 'p4' })).toEqual(['p3', 'p2'])
      expect(await ids({ limit: 2, oldestFirst: true, after: 'p2' })).toEqual(['p3', 'p4'])
      expect(await ids({ limit: 2, after: 'nobody' })).toEqual([])
      expect(await ids({ limit: 2, vendors: ['azure'] })).toEqual([])
      await store.keep(object('p5', { owner, createdAtMs: NOW + 9, vendor: 'anthropic', said: { purpose: 'batch' } }))
      await store.keep(object('p0', { owner, createdAtMs: NOW - 9, said: { purpose: 'batch' } }))
      expect(await ids({ limit: 1, vendors: ['openai', 'azure'] })).toEqual(['p4'])
      expect(await ids({ limit: 1, vendors: ['openai'], purpose: 'batch' })).toEqual(['p0'])
      expect(await ids({ limit: 9, purpose: 'batch' })).toEqual(['p5', 'p0'])
    })

    it('is forgotten long after it is paid for, and nothing else is', async () => {
      const store = make()
      const owner = 'team:old'
      const opening = { event: spendEventOf({ id: newId(NOW) }), prices: {} }
      const old = { owner, createdAtMs: NOW - 9 }
      for (const id of ['paid', 'late', 'open'])
        await store.keep(object(id, { ...old, kind: 'batch', ...(id === 'open' && { opening }) }))
      await store.charged('openai', 'paid', NOW - 5)
      await store.charged('openai', 'late', NOW + 5)
      await store.keep(object('uploaded', old))
      await store.keep(object('results', { ...old, batch: 'paid' }))
      await store.keep(object('thread', { ...old, kind: 'other' }))
      await store.dropOld(NOW)
      const left = await store.owners(['paid', 'late', 'open', 'uploaded', 'results', 'thread'], ['openai'])
      expect(left.map(({ id }) => id).sort()).toEqual(['late', 'open', 'results', 'thread', 'uploaded'])
    })

    it('is open until it is charged', async () => {
      const store = make()
      const opening = { event: spendEventOf({ id: newId(NOW) }), prices: {} }
      await store.keep(object('open-1', { kind: 'batch', opening, createdAtMs: NOW - 5 }))
      await store.keep(object('file-2'))
      expect((await store.open(100)).map(({ id }) => id)).toContain('open-1')
      await store.charged('openai', 'open-1', NOW)
      await store.charged('openai', 'open-1', NOW + 9)
      expect((await store.open(100)).map(({ id }) => id)).not.toContain('open-1')
      const charged = await store.find('team:a', 'batch', 'open-1')
      expect(charged?.chargedAtMs).toBe(NOW)
      expect(charged).not.toHaveProperty('opening')
    })
  })
}

contract('in memory', memoryVendorObjects)

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await testPostgres()
}, 60_000)
afterAll(() => postgres.stop())
contract('in Postgres', () => neonVendorObjects(postgres.db))
