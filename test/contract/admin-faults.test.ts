import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routes } from '../../src/routes/table.ts'
import { adminWorld } from '../support/admin-world.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { MASTER } from '../unit/routes/world.ts'

type Fault = 'refused' | 'lost' | 'middle'

/** Which call to Postgres of a request fails, and how; `calls` are those made so far. */
let fault: { readonly kind: Fault; readonly at: number } | undefined
let calls = 0
let hitWrite = false
const real = globalThis.fetch

/** Between the driver and Postgres: what never arrives, what is done and not answered, what fails half way. */
const faulty: typeof fetch = async (input, init) => {
  if (!String(input).endsWith('/sql')) return real(input, init)
  const now = calls
  calls += 1
  if (fault?.at !== now) return real(input, init)
  hitWrite = String(init?.body).includes('set_config')
  if (fault.kind === 'refused') throw new TypeError('fetch failed')
  if (fault.kind === 'lost') {
    await (await real(input, init)).text()
    throw new TypeError('terminated')
  }
  const body = JSON.parse(String(init?.body)) as { queries?: unknown[] }
  const queries = body.queries ?? [body]
  const broken = { query: 'select 1 / 0', params: [] }
  const half = Math.ceil(queries.length / 2)
  return real(input, {
    ...init,
    body: JSON.stringify({ queries: [...queries.slice(0, half), broken, ...queries.slice(half)] }),
  })
}

let postgres: TestPostgres
let w: ReturnType<typeof adminWorld>
beforeAll(async () => {
  postgres = await testPostgres()
  globalThis.fetch = faulty
  w = adminWorld(postgres)
}, 60_000)
afterAll(async () => {
  globalThis.fetch = real
  await postgres.stop()
})

const TABLES = [
  'virtual_key',
  'team',
  'team_membership',
  'internal_user',
  'organization',
  'organization_membership',
  'customer',
  'tag',
  'budget_template',
  'budget',
  'previous_token',
  'archived_entity',
  'stored_config',
  "setting where starts_with(name, 'debug:')",
  'audit_log',
  'spend_log',
  'budget_window',
]

/** How many rows there are of everything: each change is a row of the log of changes, so this tells whole from half. */
async function rows(): Promise<readonly number[]> {
  const counts = TABLES.map((table) => `(select count(*)::int from ${table})`).join(', ')
  const { rows: found } = await postgres.pool.query(`select array[${counts}] as counts`)
  return found[0].counts
}

interface Operation {
  readonly path: string
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** What has to be there. */
  readonly before?: readonly Made[]
  readonly body?: (n: number) => object
  /** It tells in its answer what failed: a good status may mean that nothing was done. */
  readonly tells?: true
}
type Made = readonly [path: string, body: (n: number) => object]

const org: Made = ['/organization/new', (n) => ({ organization_id: `o${n}`, organization_alias: 'o' })]
const team: Made = ['/team/new', (n) => ({ team_id: `t${n}`, organization_id: `o${n}`, team_member_budget: 1 })]
const user: Made = ['/user/new', (n) => ({ user_id: `u${n}`, user_email: `u${n}@x.test` })]
const member: Made = ['/team/member_add', (n) => ({ team_id: `t${n}`, member: { user_id: `u${n}` } })]
const key: Made = ['/key/generate', (n) => ({ key: `sk-${n}`, team_id: `t${n}`, max_budget: 1 })]
const orgMember: Made = [
  '/organization/member_add',
  (n) => ({ organization_id: `o${n}`, member: { user_id: `u${n}`, role: 'org_admin' } }),
]
const customer: Made = ['/customer/new', (n) => ({ user_id: `c${n}`, max_budget: 1 })]
const tag: Made = ['/tag/new', (n) => ({ name: `tag${n}`, max_budget: 1 })]
const budget: Made = ['/budget/new', (n) => ({ budget_id: `b${n}`, max_budget: 1 })]
const model: Made = [
  '/model/new',
  (n) => ({
    model_name: 'm',
    litellm_params: { model: 'openai/x', api_key: 'k' },
    model_info: { id: `m${n}` },
  }),
]
const credential: Made = [
  '/credentials',
  (n) => ({ credential_name: `cred${n}`, credential_values: { api_key: 'sk-vendor' } }),
]
const accessGroup: Made = ['/access_group/new', (n) => ({ access_group: `g${n}`, model_names: ['small'] })]
const noSettings: Made = ['/config/apply', () => ({})]
const setting: Made = ['/config/update', () => ({ router_settings: { num_retries: 3 } })]
const schedule: Made = ['/schedule/model_cost_map_reload?hours=5', () => ({})]
/** As in `DELETE`. */
const noSchedule: Made = ['no schedule', () => ({})]
const made = [org, team]
const inTeam = [...made, user, member]

const of = (made: Made, more: Partial<Operation> = {}): Operation => ({ path: made[0], body: made[1], ...more })
/** LiteLLM's method, and the `POST` that does the same. */
const both = (method: 'PATCH' | 'DELETE', operation: Operation): readonly Operation[] => [
  { ...operation, method },
  operation,
]

const operations: readonly Operation[] = [
  of(org),
  ...both('PATCH', {
    path: '/organization/update',
    before: [org],
    body: (n) => ({ organization_id: `o${n}`, max_budget: 9 }),
  }),
  {
    path: '/organization/member_add',
    before: [org, user],
    body: (n) => ({
      organization_id: `o${n}`,
      member: [{ user_id: `u${n}`, role: 'org_admin' }, { user_email: `g${n}@x.test` }],
    }),
  },
  ...both('PATCH', {
    path: '/organization/member_update',
    before: [org, user, orgMember],
    body: (n) => ({ organization_id: `o${n}`, user_id: `u${n}`, role: 'internal_user' }),
  }),
  ...both('DELETE', {
    path: '/organization/member_delete',
    before: [org, user, orgMember],
    body: (n) => ({ organization_id: `o${n}`, user_id: `u${n}` }),
  }),
  ...both('DELETE', {
    path: '/organization/delete',
    before: [...made, key],
    body: (n) => ({ organization_ids: [`o${n}`] }),
  }),
  of(team, {
    before: [org],
    body: (n) => ({
      ...team[1](n),
      members_with_roles: [
        { user_email: `e${n}@x.test`, role: 'admin' },
        { user_id: `v${n}`, role: 'user' },
      ],
    }),
  }),
  { path: '/team/update', before: made, body: (n) => ({ team_id: `t${n}`, max_budget: 5, team_member_budget: 2 }) },
  { path: '/team/block', before: made, body: (n) => ({ team_id: `t${n}` }) },
  {
    path: '/team/unblock',
    before: [...made, ['/team/block', (n) => ({ team_id: `t${n}` })]],
    body: (n) => ({ team_id: `t${n}` }),
  },
  { path: '/team/delete', before: [...inTeam, key], body: (n) => ({ team_ids: [`t${n}`] }) },
  {
    path: '/team/member_add',
    before: made,
    body: (n) => ({ team_id: `t${n}`, member: [{ user_email: `f${n}@x.test` }, { user_id: `w${n}` }] }),
  },
  {
    path: '/team/bulk_member_add',
    before: made,
    body: (n) => ({ team_id: `t${n}`, members: [{ user_email: `h${n}@x.test` }, { user_id: `y${n}` }] }),
  },
  {
    path: '/team/member_update',
    before: inTeam,
    body: (n) => ({ team_id: `t${n}`, user_id: `u${n}`, role: 'admin', max_budget_in_team: 3 }),
  },
  { path: '/team/member_delete', before: inTeam, body: (n) => ({ team_id: `t${n}`, user_id: `u${n}` }) },
  { path: '/team/model/add', before: made, body: (n) => ({ team_id: `t${n}`, models: ['small'] }) },
  {
    path: '/team/model/delete',
    before: [...made, ['/team/model/add', (n) => ({ team_id: `t${n}`, models: ['small'] })]],
    body: (n) => ({ team_id: `t${n}`, models: ['small'] }),
  },
  {
    path: '/team/permissions_update',
    before: made,
    body: (n) => ({ team_id: `t${n}`, team_member_permissions: ['/key/generate'] }),
  },
  of(user, { before: made, body: (n) => ({ ...user[1](n), max_budget: 3, teams: [`t${n}`] }) }),
  { path: '/user/update', before: [user], body: (n) => ({ user_id: `u${n}`, max_budget: 4, models: ['small'] }) },
  {
    path: '/user/bulk_update',
    before: [user],
    body: (n) => ({ users: [{ user_id: `u${n}`, max_budget: 4 }] }),
    tells: true,
  },
  { path: '/user/delete', before: inTeam, body: (n) => ({ user_ids: [`u${n}`] }) },
  of(key, { before: made }),
  {
    path: '/key/service-account/generate',
    before: made,
    body: (n) => ({ key: `sk-${n}`, team_id: `t${n}`, key_alias: `service ${n}` }),
  },
  { path: '/key/update', before: [...made, key], body: (n) => ({ key: `sk-${n}`, max_budget: 0.5, rpm_limit: 3 }) },
  {
    path: '/key/bulk_update',
    before: [...made, key],
    body: (n) => ({ keys: [{ key: `sk-${n}`, max_budget: 0.5 }] }),
    tells: true,
  },
  { path: '/key/regenerate', before: [...made, key], body: (n) => ({ key: `sk-${n}`, grace_period: '1h' }) },
  { path: '/key/{key}/regenerate', before: [...made, key], body: () => ({ grace_period: '1h' }) },
  { path: '/key/{key}/reset_spend', before: [...made, key, ['spent', () => ({})]], body: () => ({ reset_to: 0 }) },
  { path: '/key/block', before: [...made, key], body: (n) => ({ key: `sk-${n}` }) },
  {
    path: '/key/unblock',
    before: [...made, key, ['/key/block', (n) => ({ key: `sk-${n}` })]],
    body: (n) => ({ key: `sk-${n}` }),
  },
  { path: '/key/delete', before: [...made, key], body: (n) => ({ keys: [`sk-${n}`] }) },
  of(budget),
  {
    path: '/budget/update',
    before: [budget, ['/key/generate', (n) => ({ key: `sk-${n}`, budget_id: `b${n}` })]],
    body: (n) => ({ budget_id: `b${n}`, max_budget: 2 }),
  },
  { path: '/budget/delete', before: [budget], body: (n) => ({ id: `b${n}` }) },
  of(customer),
  { path: '/customer/update', before: [customer], body: (n) => ({ user_id: `c${n}`, max_budget: 2 }) },
  { path: '/customer/block', before: [customer], body: (n) => ({ user_ids: [`c${n}`] }) },
  {
    path: '/customer/unblock',
    before: [customer, ['/customer/block', (n) => ({ user_ids: [`c${n}`] })]],
    body: (n) => ({ user_ids: [`c${n}`] }),
  },
  { path: '/customer/delete', before: [customer], body: (n) => ({ user_ids: [`c${n}`] }) },
  of(tag),
  { path: '/tag/update', before: [tag], body: (n) => ({ name: `tag${n}`, max_budget: 2 }) },
  { path: '/tag/delete', before: [tag], body: (n) => ({ name: `tag${n}` }) },
  of(model),
  {
    path: '/model/update',
    before: [model],
    body: (n) => ({ model_info: { id: `m${n}` }, litellm_params: { rpm: 5 } }),
  },
  {
    path: '/model/{model_id}/update',
    method: 'PATCH',
    before: [model],
    body: () => ({ litellm_params: { rpm: 6 } }),
  },
  { path: '/model/delete', before: [model], body: (n) => ({ id: `m${n}` }) },
  of(credential),
  {
    path: '/credentials/{credential_name}',
    method: 'PATCH',
    before: [credential],
    body: () => ({ credential_values: { api_key: 'sk-new' } }),
  },
  { path: '/credentials/{credential_name}', method: 'DELETE', before: [credential] },
  of(accessGroup),
  {
    path: '/access_group/{access_group}/update',
    method: 'PUT',
    before: [accessGroup],
    body: () => ({ model_names: ['team/large'] }),
  },
  { path: '/access_group/{access_group}/delete', method: 'DELETE', before: [accessGroup] },
  of(noSettings, { before: [setting], body: () => ({ router_settings: { timeout: 7 } }) }),
  of(setting, {
    before: [noSettings],
    body: (n) => ({ router_settings: { num_retries: n % 9, timeout: n + 1 } }),
  }),
  {
    path: '/config/field/update',
    before: [noSettings],
    body: () => ({ field_name: 'num_retries', field_value: 4, config_type: 'router_settings' }),
  },
  {
    path: '/config/field/delete',
    before: [setting],
    body: () => ({ field_name: 'num_retries', config_type: 'router_settings' }),
  },
  { path: '/config/cost_discount_config', method: 'PATCH', before: [noSettings], body: () => ({ openai: 0.05 }) },
  { path: '/config/cost_margin_config', method: 'PATCH', before: [noSettings], body: () => ({ openai: 0.1 }) },
  { path: '/schedule/model_cost_map_reload?hours=6', before: [noSchedule] },
  { path: '/schedule/model_cost_map_reload', method: 'DELETE', before: [schedule] },
  { path: '/team/{team_id}/disable_logging', before: made },
  {
    path: '/team/{team_id}/callback',
    before: made,
    body: () => ({
      callback_name: 'langfuse',
      callback_vars: {
        langfuse_public_key: 'pk-lf-1',
        langfuse_secret_key: 'sk-lf-1',
        langfuse_host: 'https://cloud.langfuse.com',
      },
    }),
  },
  { path: '/debug/key', before: inTeam.concat([key]), body: (n) => ({ key: `sk-${n}`, minutes: 5 }) },
]

/** Whose things a path names, of those that were made. */
const NAMES: Readonly<Record<string, string>> = {
  team_id: 't',
  key: 'sk-',
  model_id: 'm',
  credential_name: 'cred',
  access_group: 'g',
}

/** `POST`s that write nothing here. */
const READS = ['/v2/key/info', '/key/health', '/tag/info', '/budget/info', '/budget/check']
/** What reads a list from elsewhere first: its faults are in test/unit/gateway/price-reload. */
const OTHERS = ['/reload/model_cost_map']
const ADMIN = ['Keys', 'Teams', 'Organizations', 'Users', 'Customers', 'Tags', 'Budgets', 'Model management']

it('every route that writes is played', () => {
  const played = new Set(operations.map(({ method = 'POST', path }) => `${method} ${path.split('?')[0]}`))
  const missing = routes
    .filter(
      ({ tag, method, paths }) => ADMIN.includes(tag) && method !== 'GET' && ![...READS, ...OTHERS].includes(paths[0]),
    )
    .map(({ method, paths }) => `${method} ${paths[0]}`)
    .filter((one) => !played.has(one))
  expect(missing).toEqual([])
})

let last = 0

/** One operation on things of its own: what it answered, what it left, how often it asked Postgres. */
async function played({ path, method = 'POST', before = [], body = () => ({}) }: Operation, broken?: typeof fault) {
  last += 1
  const n = last
  fault = undefined
  for (const [way, has] of before) {
    if (way === 'spent') {
      await postgres.pool.query(`insert into budget_window (scope, window_start, spent, leased, requests)
        select 'key:' || id || '@life', 'epoch', 5, 0, 1 from virtual_key where key_alias is null and team_id = 't${n}'
        on conflict (scope, window_start) do update set spent = 5`)
      continue
    }
    if (way === 'no schedule') {
      await postgres.pool.query(`delete from stored_config where kind = 'price_schedule'`)
      continue
    }
    const said = await w.post(way, has(n))
    if (said.status !== 200) throw new Error(`${way}: ${JSON.stringify(said.json)}`)
  }
  const was = await rows()
  calls = 0
  hitWrite = false
  fault = broken
  const said = await w.said(
    path.replace(/\{(\w+)\}/, (_, name) => `${NAMES[name]}${n}`),
    {
      method,
      headers: { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' },
      body: JSON.stringify(body(n)),
    },
  )
  fault = undefined
  const asked = calls
  const is = await rows()
  return { said, asked, delta: is.map((count, table) => count - (was[table] ?? 0)) }
}

describe('an admin write with a fault of Postgres in it', () => {
  const clean = new Map<Operation, Awaited<ReturnType<typeof played>>>()
  beforeAll(async () => {
    for (const operation of operations) {
      const whole = await played(operation)
      expect([operation.path, whole.said.status, whole.said.json]).toEqual([operation.path, 200, whole.said.json])
      clean.set(operation, whole)
    }
  }, 60_000)

  it('is whole or not there, and answers in our shape', async () => {
    const drawn = fc.record({
      operation: fc.constantFrom(...operations),
      kind: fc.constantFrom<Fault>('refused', 'lost', 'middle'),
      at: fc.nat({ max: 9 }),
    })
    await fc.assert(
      fc.asyncProperty(drawn, async ({ operation, kind, at }) => {
        const whole = clean.get(operation)
        if (!whole) throw new Error('it was not played')
        const { said, delta } = await played(operation, { kind, at: at % whole.asked })
        const none = delta.map(() => 0)
        expect([none, whole.delta]).toContainEqual(delta)
        if (said.status === 200) {
          if (!operation.tells) expect(delta).toEqual(whole.delta)
        } else {
          // A statement that fails is ours; a database that is not there is told as that.
          expect(said.status).toBe(kind === 'middle' ? 500 : 503)
          expect(said.json.error).toMatchObject({ message: expect.any(String), type: expect.any(String) })
          expect(JSON.stringify(said.json)).not.toMatch(/insert into|select |virtual_key|division/)
        }
        // What fails after the write was whole is only its answer.
        if (kind !== 'lost' && hitWrite) expect(delta).toEqual(none)
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
