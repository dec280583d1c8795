import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'

/** Times shortened so that a dead isolate's grants expire within the test (slices.md §5). */
const LEDGER_SETTINGS = JSON.stringify({ grantLifeMs: 1_000, skewMs: 500, horizonMs: 20_000, idleReturnMs: 1_000 })

describe('a budget that holds twenty', () => {
  const gateway = useGateway({
    isolates: 4,
    pace: { firstTokenMs: 40, tokensPerSecond: 400 },
    configFile: 'test/fixtures/storm-config.yaml',
    vars: { LEDGER_SETTINGS },
  })
  const hello = (n: number) => ({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user' as const, content: `Number ${n}` }],
    max_tokens: 100,
    stream: n % 3 === 0,
  })

  interface Books {
    spent: string
    leased: string
    log: string
    limit_nano: string
  }
  const books = async (token: string): Promise<Books> => {
    const { rows } = await gateway().db.query<Books>(
      `select w.spent, w.leased, b.limit_nano,
         (select coalesce(sum(l.cost_nano), 0) from spend_log l where b.scope = any(l.scopes)) as log
       from virtual_key k join budget b on b.scope = 'key:' || k.id || '@life'
       join budget_window w on w.scope = b.scope where k.token = $1`,
      [token],
    )
    return rows[0]!
  }
  /** Answers `served`, or the status of the refusal; cut connections are `lost`. */
  const ask = async (key: string, n: number): Promise<'served' | 'lost' | number> => {
    try {
      const response = await fetch(`${gateway().url(n % 4)}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(hello(n)),
      })
      await response.text()
      return response.ok ? 'served' : response.status
    } catch {
      return 'lost'
    }
  }

  it('is never overspent by 200 at once on four isolates, with an eviction and a SIGKILL in the middle', async () => {
    // What one such request holds at the most, as the gateway itself says it.
    const probe = await gateway().key({ max_budget: 0.000000001 })
    const refusal = await fetch(`${gateway().url()}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${probe.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...hello(100), stream: false }),
    })
    const { error } = (await refusal.json()) as { error: { facts: { needed: number } } }
    const hold = error.facts.needed
    const { key, token } = await gateway().key({ max_budget: hold * 20 })

    const { runner } = gateway()
    let soFar = 0
    const servedAtLeast = (count: number) =>
      eventually(
        () => Promise.resolve(soFar),
        (served) => served >= count,
      )
    const asked = Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        // In four waves, so that eviction and death find some served, some running, some to come.
        await new Promise((resolve) => setTimeout(resolve, (n % 4) * 250))
        const outcome = await ask(key, n)
        if (outcome === 'served') soFar += 1
        return outcome
      }),
    )
    await servedAtLeast(3)
    await runner.evictAll()
    await servedAtLeast(8)
    await runner.kill()
    await runner.restart()
    const outcomes = await asked
    expect(outcomes).toContain('served')
    expect(outcomes.every((one) => one === 'served' || one === 'lost' || one === 429 || one === 503)).toBe(true)

    const atRest = () =>
      eventually(
        () => books(token),
        ({ leased, spent, log }) => leased === '0' && spent === log,
        40_000,
      )
    // Once holds have settled or expired, nothing is on lease and the log is the spend.
    const limit = BigInt(Math.round(hold * 20 * 1e9))
    expect(BigInt((await atRest()).spent) <= limit).toBe(true)

    // What fits beside what is spent is served, and only that.
    const need = BigInt(Math.round(hold * 1e9))
    let served = 0
    let room = limit - BigInt((await atRest()).spent)
    const left = room >= need
    for (let n = 100; room >= need && n < 500; n++) {
      if ((await ask(key, n)) === 'served') served += 1
      else room = limit - BigInt((await atRest()).spent)
    }
    expect(served > 0).toBe(left)
    const end = await atRest()
    expect(BigInt(end.spent) <= limit).toBe(true)
    expect(limit - BigInt(end.spent)).toBeLessThan(need)
  }, 150_000)

  it('of a team and its organization binds all their keys together', async () => {
    const { organization_id } = await gateway().admin<{ organization_id: string }>('POST', '/organization/new', {
      organization_alias: 'small',
      max_budget: 0.0005,
    })
    const { team_id } = await gateway().admin<{ team_id: string }>('POST', '/team/new', {
      team_alias: 'builders',
      organization_id,
      max_budget: 0.0004,
      budget_duration: '30d',
    })
    const keys = await Promise.all([1, 2, 3].map(() => gateway().key({ team_id, max_budget: 0.0004 })))
    const outcomes = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(keys[n % 3]!.key, n)))
    expect(outcomes.filter((one) => one === 'served').length).toBeGreaterThan(0)
    expect(outcomes).toContain(429)
    const windows = await eventually(
      async () =>
        (
          await gateway().db.query<{ scope: string; spent: string; leased: string; log: string; limit: string | null }>(
            `select w.scope, w.spent, w.leased, b.limit_nano as limit,
               (select coalesce(sum(l.cost_nano), 0) from spend_log l, unnest(l.scopes, l.windows) as k(scope, start)
                 where k.scope = w.scope and k.start = w.window_start) as log
             from budget_window w left join budget b using (scope)
             where w.scope like 'team:' || $1 || '@%' or w.scope like 'org:' || $2 || '@%'`,
            [team_id, organization_id],
          )
        ).rows,
      (rows) => rows.length >= 3 && rows.every(({ leased, spent, log }) => leased === '0' && spent === log),
      40_000,
    )
    for (const { limit, spent } of windows) if (limit !== null) expect(BigInt(spent) <= BigInt(limit)).toBe(true)
  }, 90_000)
})
