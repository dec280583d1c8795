import { describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'

interface LogsPage {
  data: { spend: number; status: string; completion_tokens: number }[]
  total: number
}

describe('a client that leaves', () => {
  const gateway = useGateway({ pace: { firstTokenMs: 300, tokensPerSecond: 30 } })
  const hello = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] }
  const day = () => new Date().toISOString().slice(0, 10)
  const only = async (token: string) => {
    const page = await eventually(
      () =>
        gateway().admin<LogsPage>(
          'GET',
          `/spend/logs/v2?start_date=${day()}&end_date=${day()}%2023:59:59&api_key=${token}`,
        ),
      ({ total }) => total === 1,
    )
    return page.data[0]!
  }
  const cancelledAt = (count: number) =>
    eventually(
      () => Promise.resolve(gateway().stack.stats().providers.cancelled),
      (cancelled) => cancelled === count,
    )
  /** What is held is free again: nothing on lease but what a ledger keeps idle for a while. */
  const settled = (token: string) =>
    eventually(
      async () =>
        (
          await gateway().db.query(
            `select l.granted - l.returned - l.charged as left from budget_lease l
             join virtual_key k on l.scope = 'key:' || k.id || '@life' where k.token = $1`,
            [token],
          )
        ).rows as { left: string }[],
      (rows) => rows.length === 1 && rows[0]!.left === '0',
      15_000,
    )

  it('in the middle of a stream cancels the provider, and is charged for what came', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const before = gateway().stack.stats().providers.cancelled
    const stream = await gateway()
      .openai(key)
      .chat.completions.create({ ...hello, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    stream.controller.abort()
    await cancelledAt(before + 1)
    const row = await only(token)
    expect(row.status).toBe('cancelled')
    expect(row.spend).toBeGreaterThan(0)
    expect(row.completion_tokens).toBeLessThan(40)
    await settled(token)
  })

  it('in the middle of a file of spend leaves it whole for the next', async () => {
    const { token } = await gateway().key()
    const rows = 4_000
    await gateway().db.query(
      `insert into spend_log (day, id, request_id, cost_nano, scopes, windows, covered, api_key, start_time, end_time)
        select '2026-11-02', 'row-' || n, 'request-' || n, 1, '{}', '{}', '{}', $1, t.at, t.at
        from generate_series(1, ${rows}) n, LATERAL (select '2026-11-02 10:00Z'::timestamptz + n * interval '1 second' as at) t`,
      [token],
    )
    const file = () =>
      fetch(`${gateway().url()}/spend/logs/export?start_date=2026-11-02&end_date=2026-11-02&api_key=${token}`, {
        headers: { authorization: `Bearer ${MASTER_KEY}` },
      })
    const left = (await file()).body?.getReader()
    expect((await left?.read())?.value?.length).toBeGreaterThan(1_000)
    await left?.cancel()
    const lines = (await (await file()).text()).trimEnd().split('\r\n')
    expect([lines.length, lines[1]?.split(',')[0], lines.at(-1)?.split(',')[0]]).toEqual([
      rows + 1,
      `request-${rows}`,
      'request-1',
    ])
  })

  // Plain workerd does not notice a client that leaves before its answer has begun, production does; how the provider is
  // cancelled then is shown in test/unit/gateway/serve.test.ts.
  it('before a whole answer is recorded once, and its hold is closed', async () => {
    const { key, token } = await gateway().key({ max_budget: 1 })
    const leaving = new AbortController()
    const asked = gateway()
      .openai(key)
      .chat.completions.create(hello, { signal: leaving.signal })
      .catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 200))
    leaving.abort()
    await asked
    expect((await only(token)).spend).toBeGreaterThan(0)
    await settled(token)
  })
})
