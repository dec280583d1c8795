import { expect, it } from 'vitest'
import type { Db } from '../../../src/db/client.ts'
import { neonSource } from '../../../src/ledger/neon.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import { spendEventOf } from '../../support/spend-event.ts'

/** A database that refuses each batch with a bad row in it. */
function databaseThatRefuses(bad: string, code: string) {
  const recorded = new Set<string>()
  let statements = 0
  const execute = ({ queryChunks }: { queryChunks: unknown[] }) => {
    statements += 1
    const json = queryChunks.find((chunk) => typeof chunk === 'string' && chunk.startsWith('['))
    const events: SpendEvent[] = JSON.parse(String(json))
    if (events.some(({ id }) => id === bad)) return Promise.reject(Object.assign(new Error('refused'), { code }))
    for (const { id } of events) recorded.add(id)
    return Promise.resolve({ rows: [{ fresh: events.length }] })
  }
  return { db: { execute } as unknown as Db, recorded, statements: () => statements }
}

const events = ['a', 'b', 'c'].map((id) => spendEventOf({ id }))

it('records every row but the one that cannot be one, and says that one is left', async () => {
  const { db, recorded } = databaseThatRefuses('b', '22003')
  await expect(neonSource(db).record(events)).rejects.toThrow('refused')
  expect([...recorded]).toEqual(['a', 'c'])
})

it('does not ask row by row when the database is away', async () => {
  const { db, statements } = databaseThatRefuses('b', '57P01')
  await expect(neonSource(db).record(events)).rejects.toThrow('refused')
  expect(statements()).toBe(1)
})
