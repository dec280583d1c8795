import { expect, it } from 'vitest'
import { newBooks } from '../../../src/budget/books.ts'
import { ledgerDefaults } from '../../../src/config/config.ts'
import { LedgerCore } from '../../../src/ledger/ledger.ts'
import { MemoryStore, memorySource } from '../../../src/ledger/memory.ts'
import { scope, takeOf } from '../../contract/ledger-world.ts'

it('a source that is back is used at once for what waited for it', async () => {
  const nowMs = Date.UTC(2026, 10, 22)
  const books = newBooks()
  const KEY = scope('key:k@life')
  books.limits.set(KEY.name, 1_000n)
  const there = memorySource(books)
  let away = true
  const woken: number[] = []
  const core = new LedgerCore({
    name: 'key:k',
    store: new MemoryStore(),
    source: { ...there, exchange: (...args) => (away ? Promise.reject(new Error('away')) : there.exchange(...args)) },
    settings: ledgerDefaults,
    clock: () => nowMs,
    send: () => Promise.resolve(),
    wake: (atMs) => void woken.push(atMs),
    report: () => undefined,
  })
  const take = () => core.take(takeOf({ now: () => nowMs }, { scopes: [KEY] }))
  expect(await take()).toMatchObject({ granted: false, refusal: { kind: 'ledger_unavailable' } })
  expect(woken).not.toContain(nowMs)
  away = false
  expect(await take()).toMatchObject({ granted: true })
  expect(woken).toContain(nowMs)
})
