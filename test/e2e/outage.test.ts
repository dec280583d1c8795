import { describe, expect, it } from 'vitest'
import { eventually, useGateway } from '../support/gateway.ts'

describe('spend', () => {
  const gateway = useGateway({ isolates: 2 })
  const hello = (n: number) => ({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user' as const, content: `Number ${n}` }],
    max_tokens: 60,
  })
  const ask = async (key: string, n: number) => {
    const { response } = await gateway()
      .openai(key, n % 2)
      .chat.completions.create(hello(n))
      .withResponse()
    return Math.round(Number(response.headers.get('x-litellm-response-cost')) * 1e9)
  }
  const logged = async (token: string) => {
    const { rows } = await gateway().db.query<{ count: string; cost: string | null; spent: string | null }>(
      `select count(*), sum(l.cost_nano) as cost,
         (select w.spent from budget_window w join virtual_key k on w.scope = 'key:' || k.id || '@life' where k.token = $1) as spent
       from spend_log l where l.api_key = $1`,
      [token],
    )
    return { rows: Number(rows[0]!.count), cost: Number(rows[0]!.cost), spent: Number(rows[0]!.spent) }
  }

  it('arrives once after an outage of Postgres, whatever was answered during it', async () => {
    const { key, token } = await gateway().key({ max_budget: 5 })
    const costs: number[] = []
    for (let n = 0; n < 3; n++) costs.push(await ask(key, n))
    // Away at once for whoever asks; the server itself dies meanwhile.
    gateway().stack.faults.database.add({ kind: 'drop' })
    // What the ledger had on lease goes on being spent, again and again.
    for (let n = 0; n < 3; n++) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      costs.push(await ask(key, 10 + n))
    }
    // Who needs more than that is told that nobody can decide, and never with a 500.
    const during = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => ask(key, 100 + n)))
    const refusals = during.flatMap((one) => (one.status === 'rejected' ? [one.reason as { status: number }] : []))
    for (const one of during) if (one.status === 'fulfilled') costs.push(one.value)
    expect(refusals.every(({ status }) => status === 503)).toBe(true)
    await gateway().stack.postgres.kill()
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    await gateway().stack.postgres.start()
    gateway().stack.faults.database.clear()

    const total = costs.reduce((sum, cost) => sum + cost, 0)
    const seen = await eventually(
      () => logged(token),
      ({ rows }) => rows === costs.length,
      30_000,
    )
    expect(seen).toEqual({ rows: costs.length, cost: total, spent: total })
    const { rows } = await gateway().db.query('select count(*) from dead_letter')
    expect(rows).toEqual([{ count: '0' }])
  })

  it('travels with the settle call while the queue refuses, and the ledger sends it on', async () => {
    const { runner } = gateway()
    runner.queue.refuse(true)
    const { key, token } = await gateway().key({ max_budget: 5 })
    const costs = await Promise.all(Array.from({ length: 6 }, (_, n) => ask(key, n)))
    const total = costs.reduce((sum, cost) => sum + cost, 0)
    const seen = await eventually(
      () => logged(token),
      ({ rows }) => rows === costs.length,
      15_000,
    )
    expect(seen).toEqual({ rows: 6, cost: total, spent: total })
    runner.queue.refuse(false)
  })

  it('of a caller without limits is kept as well while the queue refuses', async () => {
    const { runner } = gateway()
    runner.queue.refuse(true)
    const { key, token } = await gateway().key()
    const cost = await ask(key, 1)
    await eventually(
      () => logged(token),
      ({ rows, spent }) => rows === 1 && spent === cost,
      15_000,
    )
    runner.queue.refuse(false)
  })

  it('survives the death of every isolate once the queue or a ledger has it', async () => {
    const { runner } = gateway()
    runner.queue.hold()
    const { key, token } = await gateway().key({ max_budget: 5 })
    const costs = await Promise.all(Array.from({ length: 6 }, (_, n) => ask(key, n)))
    await eventually(
      () => Promise.resolve(runner.queue.depth('tollgate-spend')),
      (depth) => depth > 0,
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    await runner.kill()
    await runner.restart()
    runner.queue.release()
    const total = costs.reduce((sum, cost) => sum + cost, 0)
    const seen = await eventually(
      () => logged(token),
      ({ rows }) => rows === costs.length,
      15_000,
    )
    expect(seen).toEqual({ rows: 6, cost: total, spent: total })
  })
})
