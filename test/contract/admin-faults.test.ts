import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { neonModels } from '../../src/models/neon.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { neonTenants } from '../../src/tenants/neon.ts'
import { neonOrganizationMembers } from '../../src/tenants/organization-members-neon.ts'
import { type TestPostgres, testPostgres } from '../support/postgres.ts'
import { MASTER, world } from '../unit/routes/world.ts'

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
let w: ReturnType<typeof world>
beforeAll(async () => {
  postgres = await testPostgres()
  globalThis.fetch = faulty
  w = world({ tenants: neonTenants(postgres.db) })
  const ring = keyRing([sealer('salt', (bytes) => crypto.getRandomValues(bytes))])
  Object.assign(w.deps, {
    models: neonModels(postgres.db, () => ring),
    builtConfig: w.deps.gateway.config,
    organizationMembers: neonOrganizationMembers(postgres.db),
  })
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
  'audit_log',
]

/** How many rows there are of everything: each change is a row of the log of changes, so this tells whole from half. */
async function rows(): Promise<readonly number[]> {
  const counts = TABLES.map((table) => `(select count(*)::int from ${table})`).join(', ')
  const { rows: found } = await postgres.pool.query(`select array[${counts}] as counts`)
  return found[0].counts
}

interface Operation {
  readonly path: string
  readonly method?: 'PATCH' | 'DELETE'
  /** What has to be there. */
  readonly before?: readonly (readonly [path: string, body: (n: number) => object])[]
  readonly body: (n: number) => object
}

const org = ['/organization/new', (n: number) => ({ organization_id: `o${n}`, organization_alias: 'o' })] as const
const team = [
  '/team/new',
  (n: number) => ({ team_id: `t${n}`, organization_id: `o${n}`, team_member_budget: 1 }),
] as const
const user = ['/user/new', (n: number) => ({ user_id: `u${n}`, user_email: `u${n}@x.test` })] as const
const member = ['/team/member_add', (n: number) => ({ team_id: `t${n}`, member: { user_id: `u${n}` } })] as const
const key = ['/key/generate', (n: number) => ({ key: `sk-${n}`, team_id: `t${n}`, max_budget: 1 })] as const
const model = [
  '/model/new',
  (n: number) => ({
    model_name: 'm',
    litellm_params: { model: 'openai/x', api_key: 'k' },
    model_info: { id: `m${n}` },
  }),
] as const
const made = [org, team]

const operations: readonly Operation[] = [
  { path: org[0], body: org[1] },
  {
    path: team[0],
    before: [org],
    body: (n) => ({
      ...team[1](n),
      members_with_roles: [
        { user_email: `e${n}@x.test`, role: 'admin' },
        { user_id: `v${n}`, role: 'user' },
      ],
    }),
  },
  { path: '/team/update', before: made, body: (n) => ({ team_id: `t${n}`, max_budget: 5, team_member_budget: 2 }) },
  { path: '/team/block', before: made, body: (n) => ({ team_id: `t${n}` }) },
  { path: '/team/delete', before: [...made, user, member, key], body: (n) => ({ team_ids: [`t${n}`] }) },
  {
    path: '/team/member_add',
    before: made,
    body: (n) => ({ team_id: `t${n}`, member: [{ user_email: `f${n}@x.test` }, { user_id: `w${n}` }] }),
  },
  {
    path: '/team/member_delete',
    before: [...made, user, member],
    body: (n) => ({ team_id: `t${n}`, user_id: `u${n}` }),
  },
  { path: user[0], before: made, body: (n) => ({ ...user[1](n), max_budget: 3, teams: [`t${n}`] }) },
  { path: '/user/update', before: [user], body: (n) => ({ user_id: `u${n}`, max_budget: 4, models: ['small'] }) },
  { path: '/user/delete', before: [...made, user, member], body: (n) => ({ user_ids: [`u${n}`] }) },
  { path: key[0], before: made, body: key[1] },
  { path: '/key/update', before: [...made, key], body: (n) => ({ key: `sk-${n}`, max_budget: 0.5, rpm_limit: 3 }) },
  { path: '/key/regenerate', before: [...made, key], body: (n) => ({ key: `sk-${n}`, grace_period: '1h' }) },
  { path: '/key/delete', before: [...made, key], body: (n) => ({ keys: [`sk-${n}`] }) },
  {
    path: '/organization/update',
    method: 'PATCH',
    before: [org],
    body: (n) => ({ organization_id: `o${n}`, max_budget: 9 }),
  },
  {
    path: '/organization/member_add',
    before: [org, user],
    body: (n) => ({
      organization_id: `o${n}`,
      member: [{ user_id: `u${n}`, role: 'org_admin' }, { user_email: `g${n}@x.test` }],
    }),
  },
  {
    path: '/organization/delete',
    method: 'DELETE',
    before: [...made, key],
    body: (n) => ({ organization_ids: [`o${n}`] }),
  },
  { path: '/budget/new', body: (n) => ({ budget_id: `b${n}`, max_budget: 1 }) },
  {
    path: '/budget/update',
    before: [
      ['/budget/new', (n) => ({ budget_id: `b${n}`, max_budget: 1 })],
      ['/key/generate', (n) => ({ key: `sk-${n}`, budget_id: `b${n}` })],
    ],
    body: (n) => ({ budget_id: `b${n}`, max_budget: 2 }),
  },
  { path: '/customer/new', body: (n) => ({ user_id: `c${n}`, max_budget: 1 }) },
  { path: '/tag/new', body: (n) => ({ name: `tag${n}`, max_budget: 1 }) },
  { path: model[0], body: model[1] },
  {
    path: '/model/update',
    before: [model],
    body: (n) => ({ model_info: { id: `m${n}` }, litellm_params: { rpm: 5 } }),
  },
  { path: '/model/delete', before: [model], body: (n) => ({ id: `m${n}` }) },
  {
    path: '/config/update',
    before: [['/config/apply', () => ({})]],
    body: (n) => ({ router_settings: { num_retries: n % 9, timeout: n + 1 } }),
  },
]

let last = 0

/** One operation on things of its own: what it answered, what it left, how often it asked Postgres. */
async function played({ path, method = 'POST' as never, before = [], body }: Operation, broken?: typeof fault) {
  last += 1
  const n = last
  fault = undefined
  for (const [way, has] of before) {
    const said = await w.post(way, has(n))
    if (said.status !== 200) throw new Error(`${way}: ${JSON.stringify(said.json)}`)
  }
  const was = await rows()
  calls = 0
  hitWrite = false
  fault = broken
  const said = await w.said(path, {
    method,
    headers: { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' },
    body: JSON.stringify(body(n)),
  })
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
        if (said.status === 200) expect(delta).toEqual(whole.delta)
        else {
          expect([400, 404, 409, 500, 503]).toContain(said.status)
          expect(said.json.error).toMatchObject({ message: expect.any(String), type: expect.any(String) })
          expect(JSON.stringify(said.json)).not.toMatch(/insert into|select |virtual_key|division/)
        }
        // What fails after the write was whole is only its answer.
        if (kind !== 'lost' && hitWrite) expect(delta).toEqual(none)
      }),
      { numRuns: 80 },
    )
  }, 60_000)
})
