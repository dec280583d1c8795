import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { startReceiver } from '../support/receiver.ts'

/** Every answer costs a dollar, so that thresholds are reached by counting. */
const configOf = (language: string) => `
model_list:
  - model_name: dollar
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: os.environ/OPENAI_API_KEY
      input_cost_per_token: 0
      output_cost_per_token: 0
      input_cost_per_request: 1
    model_info: { id: dollar-1 }
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  alerting: [slack, webhook]
  alert_types: [budget_alerts, new_virtual_key_created, virtual_key_updated, virtual_key_deleted, new_team_created]
  alerting_args: { language: ${language}, budget_thresholds: [70, 80, 85, 95, 100] }
`

const receiver = await startReceiver()
const dir = mkdtempSync(join(tmpdir(), 'tollgate-alerts-'))
afterAll(async () => {
  await receiver.stop()
  rmSync(dir, { recursive: true, force: true })
})

function useAlerting(language: 'en' | 'vi', isolates: number) {
  const configFile = join(dir, `${language}.yaml`)
  writeFileSync(configFile, configOf(language))
  const gateway = useGateway({
    isolates,
    configFile,
    vars: { SLACK_WEBHOOK_URL: `${receiver.url}/${language}/slack`, WEBHOOK_URL: `${receiver.url}/${language}/hook` },
  })
  const texts = () => receiver.at(`/${language}/slack`).map(({ body }) => (JSON.parse(body) as { text: string }).text)
  const hooks = () => receiver.at(`/${language}/hook`).map(({ body }) => JSON.parse(body) as Hook)
  return {
    gateway,
    texts,
    hooks,
    /** The thresholds that were told of an entity, as they came. */
    thresholds: (id: string) =>
      hooks()
        .filter(({ facts }) => facts.entityId === id)
        // A projection has none, and comes or not as the day of the month has it.
        .flatMap(({ facts: { threshold } }) => (threshold === undefined ? [] : [threshold])),
    /** So many dollars are spent, and Postgres has them. */
    async spend(key: string, dollars: number) {
      for (let one = 0; one < dollars; one++)
        await gateway()
          .openai(key, one % isolates)
          .chat.completions.create({ model: 'dollar', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 })
    },
    async team(alias: string) {
      const { team_id } = await gateway().admin<{ team_id: string }>('POST', '/team/new', {
        team_alias: alias,
        max_budget: 10,
        budget_duration: '30d',
      })
      const { key } = await gateway().key({ team_id, key_alias: `${alias}-etl` })
      return { team_id, key }
    },
  }
}

interface Hook {
  readonly id: string
  readonly event: string
  readonly team_alias?: string | null
  readonly facts: { readonly kind: string; readonly entityId?: string; readonly threshold?: number }
}

describe('alerts of a running gateway', () => {
  const { gateway, texts, hooks, thresholds, spend, team } = useAlerting('en', 2)
  let research: { team_id: string; key: string }

  it('tell each threshold of a budget once, in both channels, with what it has come to', async () => {
    research = await team('research')
    await spend(research.key, 7)
    await eventually(
      async () => thresholds(research.team_id),
      (told) => told.length === 1,
      15_000,
    )
    await spend(research.key, 1)
    await eventually(
      async () => thresholds(research.team_id),
      (told) => told.length === 2,
      15_000,
    )
    expect(thresholds(research.team_id)).toEqual([70, 80])
    const told = await eventually(
      async () => texts().filter((text) => text.includes('Budget Alert: Team `research`')),
      (found) => found.length === 2,
    )
    expect(told[1]).toContain('$8.00 / $10.00 (80')
    expect(told[1]).toMatch(/Resets on: .*\d/)
    expect(told[1]).toContain('1. research-etl: $8.00 (80')
    expect(hooks().find(({ facts }) => facts.threshold === 80)).toMatchObject({
      event: 'threshold_crossed',
      event_group: 'team',
      spend: 8,
      max_budget: 10,
      team_alias: 'research',
    })
  })

  it('tell of two budgets that cross at once, of each', async () => {
    const both = await Promise.all([team('left'), team('right')])
    await Promise.all(both.map(({ key }) => spend(key, 9)))
    await eventually(
      async () => both.map(({ team_id }) => thresholds(team_id).at(-1)),
      (last) => last.every((threshold) => threshold === 85),
      15_000,
    )
    const all = texts().join('\n')
    for (const alias of ['left', 'right']) expect(all).toContain(`Team \`${alias}\``)
    for (const { team_id } of both) expect(new Set(thresholds(team_id)).size).toBe(thresholds(team_id).length)
  })

  it('repeat nothing after a restart, whatever is looked at again', async () => {
    await gateway().runner.kill()
    await gateway().runner.restart()
    // What is told of changes may still be on its way; what was told of budgets is over.
    const ofBudgets = () => hooks().flatMap(({ id, facts }) => (facts.kind === 'budget' ? [id] : []))
    const before = ofBudgets()
    await gateway().db.query("delete from setting where name = 'alerts:swept'")
    await gateway().runner.cron()
    await gateway().runner.cron()
    expect(ofBudgets()).toEqual(before)
    expect(new Set(before).size).toBe(before.length)
    // It is not deaf: the next threshold is told.
    await spend(research.key, 2)
    await eventually(
      async () => thresholds(research.team_id),
      (told) => told.at(-1) === 100,
      15_000,
    )
    expect(thresholds(research.team_id).filter((threshold) => threshold === 80)).toHaveLength(1)
    expect(hooks().find(({ facts }) => facts.threshold === 100)).toMatchObject({ event: 'budget_crossed', spend: 10 })
  })

  it('tell what admins do to keys, by the names of the fields and nothing they hold', async () => {
    const { key, token } = await gateway().key({ key_alias: 'changing', metadata: { note: 'SECRET-note' } })
    await gateway().admin('POST', '/key/update', { key, max_budget: 77, metadata: { note: 'SECRET-more' } })
    await gateway().admin('POST', '/key/delete', { keys: [key] })
    const told = await eventually(
      async () => texts().filter((text) => text.includes('`changing`') || text.includes(token)),
      (found) => found.length >= 3 || found.join().includes('Deleted'),
      10_000,
    )
    const all = told.join('\n')
    for (const title of ['New Virtual Key Created', 'Virtual Key Updated', 'Virtual Key Deleted'])
      expect(all).toContain(title)
    expect(all).toMatch(/Fields: .*metadata/)
    for (const { body } of receiver.received)
      for (const secret of [key, 'SECRET-', MASTER_KEY]) expect(body).not.toContain(secret)
    expect(texts().join('\n')).toContain('New Team Created: `research`')
  })
})

describe('alerts in Vietnamese', () => {
  const { texts, spend, team } = useAlerting('vi', 1)

  it('read as in the article', async () => {
    const { key } = await team('data-science')
    await spend(key, 8)
    const told = await eventually(
      async () => texts().filter((text) => text.includes('80')),
      (found) => found.length === 1,
      15_000,
    )
    expect(told[0]).toContain('⚠️ Budget Alert: Team `data-science`')
    expect(told[0]).toContain('Đã dùng $8.00 / $10.00 (80.0%) trong 30 ngày qua')
    expect(told[0]).toMatch(/Reset vào: \d/)
    expect(told[0]).toContain('Top 1 keys tiêu nhiều nhất:\n1. data-science-etl: $8.00 (80.0%)')
  })
})
