import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetFindings, exhaustionOf } from '../../../src/alerts/budgets.ts'
import { AlertsWorld, budgetRow, DAY_MS } from '../../support/alerts-world.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const JUNE = Date.UTC(2026, 5, 1)
const LATE = Date.UTC(2026, 5, 29)
const usd = (dollars: number) => BigInt(Math.round(dollars * 1e9))
const moved = (...scopes: string[]) =>
  spendEventOf({ id: crypto.randomUUID(), cost_nano: '5', scopes, windows: scopes.map(() => JUNE) })

describe('a budget', () => {
  it("is told in the article's words", async () => {
    const world = new AlertsWorld({ language: 'vi', timeZone: 'UTC' })
    world.rows = [budgetRow({ spentNano: usd(1612), startMs: Date.UTC(2026, 5, 1) })]
    await world.alerts.recorded([moved('team:ds@30d')], LATE)
    expect(world.texts()).toEqual([
      [
        '*⚠️ Budget Alert: Team `data-science`*',
        'Đã dùng $1,612 / $2,000 (80.6%) trong 30 ngày qua',
        'Reset vào: 2026-07-01',
        'Top 3 keys tiêu nhiều nhất:',
        '1. chatbot-prod-service: $987 (49.4%)',
        '2. nguyen-van-a-research: $315 (15.8%)',
        '3. data-pipeline-etl: $221 (11.1%)',
      ].join('\n'),
    ])
    expect(world.failures).toEqual([])
  })

  it('speaks once for each threshold and window, also after a restart and from two isolates', async () => {
    const world = new AlertsWorld()
    const titles = async (dollars: number, nowMs = LATE) => {
      world.rows = [budgetRow({ spentNano: usd(dollars) })]
      await Promise.all([
        world.alerts.recorded([moved('team:ds@30d')], nowMs),
        world.alerts.recorded([moved('team:ds@30d')], nowMs),
      ])
      return world.texts().map((text) => /\(([\d.]+%)\) /.exec(text)?.[1])
    }
    expect(await titles(1300)).toEqual([])
    expect(await titles(1400)).toEqual(['70.0%'])
    expect(await titles(1500)).toEqual([])
    // 80 and 85 are passed in one step: one message.
    expect(await titles(1750)).toEqual(['87.5%'])
    world.restarted()
    expect(await titles(1760)).toEqual([])
    // LiteLLM keeps the 5 % alert to itself when the 15 % one came within a day.
    expect(await titles(1901)).toEqual(['95.0%'])
    expect(await titles(2000)).toEqual(['100.0%'])
    expect(await titles(2001)).toEqual([])
    world.rows = [budgetRow({ spentNano: usd(1400), startMs: Date.UTC(2026, 6, 1) })]
    await world.alerts.tick(Date.UTC(2026, 6, 20))
    expect(world.texts().filter((text) => text.includes('Budget Alert'))).toHaveLength(1)
  })

  it('crossing beside another budget loses neither', async () => {
    const world = new AlertsWorld()
    world.rows = [
      budgetRow({ spentNano: usd(1900) }),
      budgetRow({
        scope: 'key:k@30d',
        entityKind: 'key',
        entityId: 'k',
        alias: 'etl',
        limitNano: usd(10),
        spentNano: usd(10),
      }),
    ]
    await world.alerts.recorded([moved('team:ds@30d', 'key:k@30d')], LATE)
    const text = world.texts().join('\n')
    expect(text).toContain('Team `data-science`')
    expect(text).toContain('Budget Crossed: Key `etl`')
    expect(text).toContain('Used $10.00 / $10.00 (100.0%)')
  })

  it('of a window that is over says nothing', async () => {
    const world = new AlertsWorld()
    world.rows = [budgetRow({ spentNano: usd(1900) })]
    await world.alerts.recorded([moved('team:ds@30d')], Date.UTC(2026, 6, 2))
    expect(world.texts()).toEqual([])
  })

  it('that is soft is told beside the other, and without any other', async () => {
    const world = new AlertsWorld()
    world.rows = [
      budgetRow({
        scope: 'team:ds@life',
        duration: 'life',
        startMs: 0,
        limitNano: 0n,
        softNano: usd(50),
        spentNano: usd(51),
      }),
    ]
    await world.alerts.tick(LATE)
    await world.alerts.tick(LATE + 600_000)
    expect(world.texts()).toEqual([
      expect.stringContaining('Soft Budget Crossed: Team `data-science`*\nUsed $51.00 / $50.00 (102.0%) in all'),
    ])
  })
})

describe('the projection', () => {
  const month = { limitNano: usd(100), startMs: JUNE, endMs: JUNE + 30 * DAY_MS }
  it("goes by the window's own end", () => {
    expect(exhaustionOf({ ...month, spentNano: usd(50) }, JUNE + 10 * DAY_MS)).toBe(JUNE + 20 * DAY_MS)
    expect(exhaustionOf({ ...month, spentNano: usd(30) }, JUNE + 10 * DAY_MS)).toBeUndefined()
    const week = { ...month, endMs: JUNE + 7 * DAY_MS }
    expect(exhaustionOf({ ...week, spentNano: usd(30) }, JUNE + 2 * DAY_MS)).toBe(JUNE + Math.round((20 * DAY_MS) / 3))
    expect(exhaustionOf({ ...week, spentNano: usd(20) }, JUNE + 2 * DAY_MS)).toBeUndefined()
  })
  it('waits until a window has a pace, and says nothing of one that never ends', () => {
    expect(exhaustionOf({ ...month, spentNano: usd(50) }, JUNE + DAY_MS)).toBeUndefined()
    expect(
      exhaustionOf({ ...month, endMs: Number.POSITIVE_INFINITY, spentNano: usd(50) }, JUNE + 10 * DAY_MS),
    ).toBeUndefined()
  })
  it('is told with its date', async () => {
    const world = new AlertsWorld()
    world.rows = [budgetRow({ spentNano: usd(1000) })]
    await world.alerts.tick(JUNE + 10 * DAY_MS)
    await world.alerts.tick(JUNE + 11 * DAY_MS)
    expect(world.texts().filter((text) => text.includes('Projected'))).toEqual([
      expect.stringContaining('used up on: 2026-06-21 00:00'),
    ])
  })
})

it('never tells a threshold that is not reached, and tells the highest that is', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 15n), fc.bigInt(0n, 2n * 10n ** 15n), (limitNano, spentNano) => {
      const window = {
        ...budgetRow({ limitNano, spentNano, duration: 'life', startMs: 0 }),
        endMs: Number.POSITIVE_INFINITY,
      }
      const [found] = budgetFindings(window, [70, 80, 85, 95, 100], LATE)
      const reached = [70n, 80n, 85n, 95n, 100n].filter((percent) => spentNano * 100n >= percent * limitNano)
      const told = found?.alert.facts.kind === 'budget' ? found.alert.facts.threshold : undefined
      expect(told).toBe(reached.length === 0 ? undefined : Number(reached.at(-1)))
      expect(found?.silenced.length ?? 0).toBe(Math.max(0, reached.length - 1))
    }),
  )
})
