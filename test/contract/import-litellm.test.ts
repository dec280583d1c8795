import { afterAll, beforeAll, expect, it } from 'vitest'
import { importLitellm } from '../../scripts/import/litellm.ts'
import { exchangeSlices } from '../../src/db/statements.ts'
import { neonModels } from '../../src/models/neon.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { hashOf } from '../../src/tenants/key-text.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { litellmDatabase, OLD_SALT, sealedThere } from '../support/litellm-database.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const ring = () => keyRing([sealer('new-salt', (bytes) => crypto.getRandomValues(bytes))])

let postgres: TestPostgres
let litellm: Awaited<ReturnType<typeof litellmDatabase>>
let token: string

beforeAll(async () => {
  postgres = await testPostgres()
  litellm = await litellmDatabase(postgres.server.url)
  token = await hashOf('sk-from-litellm')
  const { put } = litellm
  await put(`insert into "LiteLLM_BudgetTable" (budget_id, max_budget, budget_duration, rpm_limit, budget_reset_at)
    values ('b-org', 100, null, null, null), ('b-cust', 5, '3d', 60, '2026-11-24 00:00:00')`)
  await put(`insert into "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, models, spend)
    values ('o1', 'Acme', 'b-org', '{}', 40)`)
  await put(`insert into "LiteLLM_ModelTable" (aliases) values ('{"best": "gpt-4o"}')`)
  await put(`insert into "LiteLLM_TeamTable" (team_id, team_alias, organization_id, members_with_roles, max_budget, spend, models, model_id)
    values ('t1', 'Search', 'o1', '[{"role": "admin", "user_id": "u1"}]', 50, 7.5, '{gpt-4o}', 1)`)
  await put(
    `insert into "LiteLLM_UserTable" (user_id, user_email, user_role, models, password) values ('u1', 'a@b.c', 'internal_user', '{}', 'x')`,
  )
  await put(
    `insert into "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role) values ('u1', 'o1', 'org_admin')`,
  )
  await put(
    `insert into "LiteLLM_VerificationToken" (token, key_name, key_alias, spend, models, user_id, team_id, max_budget, budget_duration, budget_reset_at, tpm_limit, expires)
    values ($1, 'sk-...tellm', 'prod', 9.75, '{gpt-4o}', 'u1', 't1', 10, '30d', '2026-12-01 00:00:00', 1000, '2027-01-01 00:00:00')`,
    [token],
  )
  await put(`insert into "LiteLLM_VerificationToken" (token, key_alias, team_id) values ($1, 'lost', 'nowhere')`, [
    'f'.repeat(64),
  ])
  await put(`insert into "LiteLLM_EndUserTable" (user_id, budget_id, spend) values ('c1', 'b-cust', 1)`)
  await put(`insert into "LiteLLM_CredentialsTable" values ('1', 'openai', $1, '{}')`, [
    JSON.stringify({ api_key: sealedThere('sk-vendor') }),
  ])
  await put(`insert into "LiteLLM_ProxyModelTable" values ('m1', 'gpt-4o', $1, '{}', false)`, [
    JSON.stringify({ model: sealedThere('openai/gpt-4o'), litellm_credential_name: sealedThere('openai'), rpm: 10 }),
  ])
}, 60_000)
afterAll(async () => {
  await litellm.end()
  await postgres.stop()
})

const run = (options: { dryRun?: boolean; from?: string } = {}) =>
  importLitellm({
    databaseUrl: litellm.url,
    to: postgres.databaseUrl,
    from: OLD_SALT,
    ring,
    timeZone: 'UTC',
    nowMs: NOW,
    dryRun: false,
    ...options,
  })
const count = async (table: string) =>
  Number((await postgres.pool.query(`select count(*) from ${table}`)).rows[0].count)

it('says what it would do, and does nothing', async () => {
  const report = await run({ dryRun: true })
  expect(report.counts.team).toEqual({ created: 1, updated: 0, same: 0 })
  expect(Object.keys(report.without).some((what) => what.startsWith('UserTable.password'))).toBe(true)
  expect([await count('team'), await count('virtual_key'), await count('stored_config')]).toEqual([0, 0, 0])
})

it('opens nothing with another salt key, and says so', async () => {
  const { refused } = await run({ dryRun: true, from: 'another' })
  expect(refused.filter((line) => line.includes('another salt key'))).toHaveLength(2)
})

it('brings keys whose budgets hold from the first request', async () => {
  const report = await run()
  expect(report.refused).toEqual([expect.stringMatching(/^key f{64}: .*nowhere/)])
  const tenants = neonTenants(postgres.db)
  const found = await tenants.principalOf(token, NOW)
  expect(found?.value.teamId).toBe('t1')
  const key = await tenants.findKey({ token })
  expect(key).toMatchObject({ keyAlias: 'prod', models: ['gpt-4o'], expiresAtMs: Date.UTC(2027, 0, 1), tpmLimit: 1000 })
  const scope = `key:${key?.id}@30d`
  const [slice] = await exchangeSlices(postgres.db, 'org:o1', [
    { scope, startMs: Date.UTC(2026, 10, 1), wantNano: 1_000_000_000n, returnedNano: 0n, seq: 0 },
  ])
  expect(slice).toMatchObject({ limitNano: 10_000_000_000n, spentNano: 9_750_000_000n })
  expect(slice?.takenNano).toBeLessThanOrEqual(250_000_000n)
  expect(await tenants.find('team', ['t1'])).toMatchObject({ modelAliases: { best: 'gpt-4o' }, organizationId: 'o1' })
  expect(await tenants.find('member', ['t1', 'u1'])).toMatchObject({ role: 'admin' })
  const customer = await tenants.find('customer', ['c1'])
  expect(customer?.windows.find((one) => one.scope === 'customer:c1@3d')).toMatchObject({
    startMs: Date.UTC(2026, 10, 21),
    spentNano: 1_000_000_000n,
  })
  const { rows } = await neonModels(postgres.db, ring).read(NOW)
  expect(rows.find((row) => row.kind === 'model')).toMatchObject({
    group: 'gpt-4o',
    secret: { model: 'openai/gpt-4o', litellm_credential_name: 'openai', rpm: 10 },
  })
})

it('changes nothing the second time', async () => {
  const before = await count('audit_log')
  const { counts } = await run()
  expect(Object.values(counts).every(({ created, updated }) => created + updated === 0)).toBe(true)
  expect(await count('audit_log')).toBe(before)
})

it('takes what changed there, keeps what was changed or deleted here', async () => {
  const tenants = neonTenants(postgres.db)
  const author = { by: 'admin', nowMs: NOW }
  await tenants.update('team', ['t1'], { teamAlias: 'Ours' }, author)
  await tenants.remove('customer', [['c1']], author)
  await litellm.put(`update "LiteLLM_VerificationToken" set max_budget = 20, spend = 12 where token = $1`, [token])
  const { counts, kept } = await run()
  expect(counts.key).toEqual({ created: 0, updated: 1, same: 0 })
  expect(kept).toEqual(['team:t1 differs in teamAlias', 'customer:c1 was deleted'])
  const key = await tenants.findKey({ token })
  expect(key?.budgets[0]?.limitNano).toBe(20_000_000_000n)
  expect(key?.windows.find(({ scope }) => scope.endsWith('@30d'))?.spentNano).toBe(12_000_000_000n)
})

it('reads and writes many keys some at a time, and again changes none', async () => {
  await litellm.put(`insert into "LiteLLM_VerificationToken" (token, key_name, key_alias, spend, team_id, max_budget)
    select encode(sha256(('many-' || n)::bytea), 'hex'), 'sk-...', 'many ' || n, n, 't1', 5000 from generate_series(1, 520) n`)
  await litellm.put(
    `insert into "LiteLLM_VerificationToken" (token, key_alias, team_id, spend) values ($1, 'many 7', 't1', 9)`,
    ['e'.repeat(64)],
  )
  const { counts, refused } = await run()
  expect(counts.key).toMatchObject({ created: 520 })
  // Of two with one alias, one is there.
  expect(refused.filter((line) => line.includes('many 7'))).toHaveLength(1)
  const { rows } = await postgres.pool.query(`select count(*)::int as keys, sum(w.spent)::text as spent
    from virtual_key k join budget_window w on w.scope = 'key:' || k.id || '@life' where k.key_alias like 'many %'`)
  expect(rows).toEqual([{ keys: 520, spent: `${(520 * 521) / 2}000000000` }])
  // Who was refused has spent nothing here.
  const nobodys = await postgres.pool.query(`select w.scope from budget_window w where w.scope like 'key:%'
    and not exists (select from virtual_key k where starts_with(w.scope, 'key:' || k.id || '@'))`)
  expect(nobodys.rows).toEqual([])
  expect((await run()).counts.key).toMatchObject({ created: 0, updated: 0 })
})
