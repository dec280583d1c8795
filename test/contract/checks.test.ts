import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Check, CheckLog } from '../../src/health/checks.ts'
import { memoryChecks } from '../../src/health/checks-memory.ts'
import { neonChecks } from '../../src/health/checks-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

const checkOf = (id: string, more: Partial<Check> = {}): Check => ({
  id,
  atMs: NOW,
  group: 'small',
  deployment: 'd1',
  provider: 'openai',
  model: 'gpt-4o-mini',
  ok: true,
  latencyMs: 12,
  costNano: 7n,
  error: null,
  by: 'asked',
  ...more,
})

function contract(name: string, make: () => CheckLog): void {
  describe(`checks: ${name}`, () => {
    let log: CheckLog
    beforeAll(async () => {
      log = make()
      await log.keep([
        checkOf('1'),
        checkOf('2', { atMs: NOW + 2, ok: false, error: 'away', by: 'background' }),
        checkOf('3', { deployment: 'd2', atMs: NOW + 1 }),
        checkOf('4', { deployment: 'gone', group: 'old', atMs: NOW + 3 }),
      ])
      await log.keep([checkOf('1', { ok: false }), checkOf('5', { atMs: NOW - 1 })])
      await log.keep([])
    })

    it('the last of those deployments that are meant, each once', async () => {
      const last = await log.latest(['d2', 'd1', 'd1', 'never'])
      expect(last.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
        checkOf('2', { atMs: NOW + 2, ok: false, error: 'away', by: 'background' }),
        checkOf('3', { deployment: 'd2', atMs: NOW + 1 }),
      ])
      expect(await log.latest([])).toEqual([])
    })

    it('history, newest first, by what is asked for and in pages', async () => {
      const ids = async (query: object) => {
        const { found, total } = await log.history({ most: 10, after: 0, ...query })
        return [found.map(({ id }) => id), total]
      }
      expect(await ids({})).toEqual([['4', '2', '3', '1', '5'], 5])
      expect(await ids({ most: 2, after: 1 })).toEqual([['2', '3'], 5])
      expect(await ids({ group: 'small', ok: true })).toEqual([['3', '1', '5'], 3])
      expect(await ids({ sinceMs: NOW + 2 })).toEqual([['4', '2'], 2])
    })

    it('one of all who want to ask at once may, and nobody until the answer is old', async () => {
      const claims = await Promise.all(Array.from({ length: 8 }, () => log.claim('c1', NOW, 60_000)))
      expect(claims.filter((claimed) => claimed)).toHaveLength(1)
      expect(await log.claim('c2', NOW, 60_000)).toBe(true)
      expect(await log.claim('c1', NOW + 59_999, 60_000)).toBe(false)
      expect(await log.claim('c1', NOW + 60_000, 60_000)).toBe(true)
      expect(await log.claim('c1', NOW + 60_001, 60_000)).toBe(false)
    })
  })
}

contract('memory', memoryChecks)

describe('on Postgres', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await testPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())
  contract('neon', () => neonChecks(postgres.db))
})
