import { expect, it } from 'vitest'
import { newId } from '../../../src/ids.ts'
import { memorySpend } from '../../../src/spend/memory.ts'
import { mustFit } from '../../../src/spend/report.ts'
import { memoryReport } from '../../../src/spend/report-memory.ts'
import { hashOf } from '../../../src/tenants/key-text.ts'
import { spendEventOf } from '../../support/spend-event.ts'
import { world } from '../routes/world.ts'

const RANGE = 'start_date=2026-11-22&end_date=2026-11-22'

/** Ann and Bob of one team, which Ann runs, Eve of another, and what each has spent: 1, 2 and 4 nano-dollars. */
async function office() {
  const w = world()
  const user = async (id: string, teamId: string, role: string) => {
    const { json } = await w.post('/user/new', { user_id: id, teams: [{ team_id: teamId, user_role: role }] })
    return json.key as string
  }
  for (const team_id of ['red', 'blue']) await w.post('/team/new', { team_id })
  const keys = {
    ann: await user('ann', 'red', 'admin'),
    bob: await user('bob', 'red', 'user'),
    eve: await user('eve', 'blue', 'admin'),
    nobody: await w.key({}),
  }
  const spend = memorySpend()
  for (const [name, team, cost] of [
    ['ann', 'red', '1'],
    ['bob', 'red', '2'],
    ['eve', 'blue', '4'],
  ] as const) {
    const owner = { user: name, team_id: team, key_id: `id-${name}`, api_key: await hashOf(keys[name]) }
    const at = w.now()
    await spend.send([
      spendEventOf({ id: newId(at), start_ms: at, cost_nano: cost, request_id: `of-${name}`, ...owner }),
    ])
  }
  const { days, rows, keyNames, aliases } = memoryReport(spend)
  Object.assign(w.deps.spendReport, { days, rows, keyNames, aliases, logs: memoryReport(spend).logs })
  return { w, keys }
}

it('rows are those of the caller, of a team for who runs it, and of everyone for admins', async () => {
  const { w, keys } = await office()
  const seen = async (path: string, key?: string) => {
    const { status, json } = await w.get(path, key)
    const list: { request_id: string }[] = status === 200 ? (json.data ?? json) : []
    return status === 200 ? list.map(({ request_id }) => request_id).toSorted() : status
  }
  const all = ['of-ann', 'of-bob', 'of-eve']
  for (const rows of [
    `/spend/logs/v2?${RANGE}`,
    `/spend/logs/export?${RANGE}&format=json`,
    '/spend/logs?summarize=false',
  ]) {
    const and = `${rows}&team_id=red`
    expect([rows, await seen(rows)]).toEqual([rows, all])
    expect([rows, await seen(rows, keys.ann)]).toEqual([rows, ['of-ann']])
    expect([rows, await seen(rows, keys.bob)]).toEqual([rows, ['of-bob']])
    expect([rows, await seen(rows, keys.nobody)]).toEqual([rows, []])
    expect([rows, await seen(`${rows}&user_id=ann`, keys.bob)]).toEqual([rows, 403])
    expect([rows, await seen(`${rows}&api_key=${keys.ann}`, keys.bob)]).toEqual([rows, []])
    expect([rows, await seen(`${rows}&api_key=${keys.ann}`)]).toEqual([rows, ['of-ann']])
    expect([rows, await seen(`${rows}&request_id=of-eve`, keys.ann)]).toEqual([rows, []])
    if (rows.startsWith('/spend/logs?')) continue
    expect([and, await seen(and, keys.ann)]).toEqual([and, ['of-ann', 'of-bob']])
    expect([and, await seen(and, keys.bob)]).toEqual([and, ['of-bob']])
    expect([and, await seen(and, keys.eve)]).toEqual([and, []])
  }
})

it('a key may be named by itself, by its hash or by its id', async () => {
  const { w, keys } = await office()
  for (const name of [keys.bob, await hashOf(keys.bob), 'id-bob']) {
    const { json } = await w.get(`/user/daily/activity?${RANGE}&api_key=${name}`)
    expect(json.metadata.total_spend).toBe(2e-9)
    const days = await w.get(`/spend/logs?${RANGE}&api_key=${name}`)
    expect(days.json).toMatchObject([{ startTime: '2026-11-22', spend: 2e-9, users: { bob: 2e-9 } }])
  }
})

it('what an isolate could not hold is refused with the way to it', () => {
  mustFit(100_000)
  expect(() => mustFit(100_001)).toThrow(/fewer days, .*\/spend\/days\/export/)
})
