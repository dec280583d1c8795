import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryLedger } from '../../src/ledger/memory.ts'
import { neonSource } from '../../src/ledger/neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { EXPIRED_MS, rowOf, scope, settings, takeOf } from './ledger-world.ts'

describe('a ledger whose slices come from PostgreSQL', () => {
  const KEY = scope('key:k@30d')
  let postgres: TestPostgres
  let nowMs = Date.UTC(2026, 10, 22, 12)

  beforeAll(async () => {
    postgres = await testPostgres()
    await postgres.pool.query('insert into budget (scope, entity, limit_nano, duration) values ($1, $2, 200, $3)', [
      KEY.name,
      'key:k',
      '30d',
    ])
  }, 60_000)
  afterAll(() => postgres.stop())

  it('lends what the budget holds, is charged what the rows say, and gives the rest back', async () => {
    const source = neonSource(postgres.db)
    const ledger = new MemoryLedger({
      source,
      settings: { ...settings, exchangeTimeoutMs: 20_000 },
      clock: () => nowMs,
    })
    const ask = (name: string, amountNano = 10n) =>
      ledger.take(name, takeOf({ now: () => nowMs }, { scopes: [KEY], amountNano }))
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(n % 2 ? 'team:a' : 'team:b')))
    const grants = answers.flatMap((taken) => (taken.granted ? [taken.grant] : []))
    expect(grants).toHaveLength(20)

    // One is paid, one is logged and never settled, of the others nobody hears again.
    const [paid, logged] = grants
    if (!paid || !logged) throw new Error('nothing was granted')
    await source.record([rowOf(paid, 4n), rowOf(logged, 3n)])
    await ledger.settle(paid.ledger, [{ grantId: paid.id, paidNano: 4n, tokens: 0 }])
    nowMs += EXPIRED_MS
    for (const name of ['team:a', 'team:b']) await ledger.tick(name)

    const { rows } = await postgres.pool.query('select spent, leased from budget_window where scope = $1', [KEY.name])
    expect(rows).toEqual([{ spent: '187', leased: '0' }])
    expect(await ask('team:a', 14n)).toMatchObject({
      granted: false,
      refusal: { kind: 'budget_exceeded', spentNano: 187n },
    })
    // What the refused request drew is with its ledger, which gives it back when another needs it.
    expect(await ask('team:b', 13n)).toMatchObject({ granted: true })
  }, 60_000)
})
