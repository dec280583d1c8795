import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryVendorObjects } from '../../../src/batches/memory.ts'
import { memoryResponses } from '../../../src/responses/memory.ts'
import { type Access, mayCall } from '../../../src/routes/may-call.ts'
import { routes } from '../../../src/routes/table.ts'
import { roles } from '../../../src/tenants/principal.ts'
import { chat, MASTER, world } from '../routes/world.ts'

type World = ReturnType<typeof world>

const LETS: Readonly<Record<Access, readonly string[]>> = {
  public: roles,
  key: roles,
  editor: ['proxy_admin', 'internal_user'],
  viewer: ['proxy_admin', 'proxy_admin_viewer'],
  admin: ['proxy_admin'],
}

/** A person of each role with a key of the person's own. */
async function people(w: World) {
  const made = roles.map(async (role) => {
    const { status, json } = await w.post('/user/new', { user_id: role, user_role: role })
    if (status !== 200) throw new Error(JSON.stringify(json))
    return [role, json.key as string] as const
  })
  return Object.fromEntries(await Promise.all(made))
}

const send = (w: World, method: string, path: string, key: string, body: unknown = {}) =>
  w.said(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  })

const refusedByRole = (said: Awaited<ReturnType<typeof send>>) =>
  said.status === 401 && String(said.json?.error?.message).includes('Only proxy admin can be used to generate, delete')

describe('role × route', () => {
  const cells = routes
    .filter(({ paths }) => paths[0] !== '/')
    .flatMap((route) => roles.map((role) => [route.method, route.paths[0], role, route.access] as const))

  it.each(cells)('%s %s as %s', async (method, path, role, access) => {
    const w = world()
    const { [role]: key = '' } = await people(w)
    const said = await send(w, method, path.replace(/\{\w+\+?\}/g, 'x'), key)
    expect(refusedByRole(said)).toBe(!LETS[access].includes(role))
    expect(mayCall(access, role)).toBe(LETS[access].includes(role))
  })
})

/** Two tenants: a team with its admin, a member and a service key; and persons with keys of their own. */
async function tenant(w: World, name: string) {
  const ok = async (path: string, body: unknown, key = MASTER) => {
    const { status, json } = await w.post(path, body, key)
    if (status !== 200) throw new Error(`${path}: ${JSON.stringify(json)}`)
    return json
  }
  await ok('/organization/new', { organization_id: `org-${name}`, organization_alias: name })
  await ok('/team/new', {
    team_id: `team-${name}`,
    organization_id: `org-${name}`,
    metadata: { secret: `secret-${name}` },
    team_member_permissions: ['/key/generate', '/key/update', '/key/regenerate', '/key/delete'],
  })
  const people = ['admin', 'member', 'orgAdmin'].map(async (role) => {
    const { key } = await ok('/user/new', { user_id: `${role}-${name}`, metadata: { secret: `secret-${name}` } })
    return [role, key] as const
  })
  const keys: Record<string, string> = Object.fromEntries(await Promise.all(people))
  await ok('/team/member_add', {
    team_id: `team-${name}`,
    member: [
      { user_id: `admin-${name}`, role: 'admin' },
      { user_id: `member-${name}`, role: 'user' },
    ],
  })
  await ok('/organization/member_add', {
    organization_id: `org-${name}`,
    member: { user_id: `orgAdmin-${name}`, role: 'org_admin' },
  })
  const team = { team_id: `team-${name}`, metadata: { secret: `secret-${name}` } }
  keys.service = (await ok('/key/service-account/generate', { ...team, key_alias: `service-${name}` })).key
  keys.ofMember = (await ok('/key/generate', { ...team, user_id: `member-${name}`, key_alias: `key-${name}` })).key
  return keys
}

describe('tenants', () => {
  it('learn nothing of a person by putting the person into a team or an organization of their own', async () => {
    const w = world()
    const mine = await tenant(w, 'mine')
    await tenant(w, 'theirs')
    await w.post('/user/update', { user_id: 'member-theirs', user_email: 'private@theirs.example', max_budget: 77.125 })
    const person = { user_id: 'member-theirs', role: 'user' }
    const intoTeam = { team_id: 'team-mine', member: person }
    const intoOrganization = { organization_id: 'org-mine', member: { user_id: 'member-theirs' } }
    for (const [as, path, body] of [
      ['admin', '/team/member_add', intoTeam],
      ['admin', '/team/member_update', { team_id: 'team-mine', user_id: 'member-theirs', role: 'user' }],
      ['admin', '/team/info?team_id=team-mine', undefined],
      ['orgAdmin', '/organization/member_add', intoOrganization],
      ['orgAdmin', '/organization/info?organization_id=org-mine', undefined],
    ] as const) {
      const said = await send(w, body ? 'POST' : 'GET', path, mine[as] ?? '', body)
      expect([path, said.status]).toEqual([path, 200])
      expect(JSON.stringify(said.json)).not.toMatch(/secret-theirs|private@theirs|:77\.125\b/)
    }
    const fresh = { team_id: 'team-mine', member: { user_email: 'new@mine.example' } }
    const { json } = await send(w, 'POST', '/team/member_add', mine.admin ?? '', fresh)
    expect(json.updated_users).toMatchObject([{ user_email: 'new@mine.example', user_role: expect.any(String) }])
  })

  it('neither see nor change anything of each other, on any route', async () => {
    const ends = routes.filter(
      ({ access, tag, paths }) =>
        (access === 'key' || access === 'editor') && (tag !== 'Models' || paths[0].includes('{response_id}')),
    )
    const w = world()
    const objects = memoryVendorObjects()
    const responses = memoryResponses()
    Object.assign(w.deps, { batches: { objects, record: () => Promise.resolve() }, responses })
    const mine = await tenant(w, 'mine')
    const theirs = await tenant(w, 'theirs')
    const OWNER = 'team:team-theirs'
    const secret = { secret: 'secret-theirs' }
    for (const kind of ['file', 'batch'] as const) {
      const id = `${kind}-theirs`
      await objects.keep({ vendor: 'openai', id, kind, owner: OWNER, said: { id, ...secret }, createdAtMs: 1 })
    }
    await responses.keep(OWNER, { id: 'resp_theirs', response: secret, input: [secret] }, w.now())
    const targets = {
      key: Object.values(theirs),
      team_id: ['team-theirs'],
      user_id: ['admin-theirs', 'member-theirs'],
      organization_id: ['org-theirs'],
    }
    const all = async () => {
      const kinds = ['team', 'user', 'org'] as const
      const order = { page: 1, size: 100, sortOrder: 'asc' } as const
      const keys = await w.store.listKeys({ ...order, sortBy: 'created_at' })
      const rows = await Promise.all(kinds.map((kind) => w.store.list(kind, { ...order, sortBy: 'createdAtMs' })))
      const text = (value: unknown) => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v))
      const members = (await w.deps.organizationMembers?.of({ organizationId: 'org-theirs' })) ?? []
      const kept = [
        ...(await objects.list(OWNER, 'file', { limit: 9 })),
        ...(await objects.list(OWNER, 'batch', { limit: 9 })),
        await responses.find(OWNER, 'resp_theirs', w.now()),
      ]
      return [...keys.keys, ...kept, ...members, ...rows.flatMap(({ found }) => [...found])]
        .map(text)
        .filter((row) => row.includes('theirs'))
    }
    const before = await all()
    const key = fc.constantFrom(...targets.key)
    const asked = fc.record({
      end: fc.constantFrom(...ends),
      as: fc.constantFrom('admin', 'member', 'service', 'ofMember', 'orgAdmin'),
      fields: fc.record(
        {
          key,
          keys: fc.tuple(key),
          key_aliases: fc.constant(['key-theirs']),
          team_id: fc.constant('team-theirs'),
          user_id: fc.constantFrom(...targets.user_id),
          organization_id: fc.constant('org-theirs'),
          models: fc.constant(['small']),
          team_ids: fc.constant(['team-theirs']),
          organization_alias: fc.constant('x'),
          member: fc.constantFrom({ user_id: 'admin-mine', role: 'admin' }),
          members: fc.constant([{ user_id: 'admin-mine', role: 'admin' }]),
          role: fc.constant('admin'),
          max_budget: fc.constant(1),
          metadata: fc.constant({ x: 1 }),
          team_member_permissions: fc.constant([]),
          return_full_object: fc.constant('true'),
          input_file_id: fc.constant('file-theirs'),
          start_date: fc.constant('2026-11-01'),
          end_date: fc.constant('2026-11-22'),
          api_key: key,
        },
        { requiredKeys: [] },
      ),
      inPath: key,
    })
    await fc.assert(
      fc.asyncProperty(asked, async ({ end, as, fields, inPath }) => {
        const known = new Set(Object.keys((end.method === 'GET' ? end.query : end.body)?.shape ?? {}))
        const told = Object.entries(fields).filter(([name]) => known.has(name))
        const path = end.paths[0]
          .replace('{team_id}', 'team-theirs')
          .replace('{response_id}', 'resp_theirs')
          .replace('{id}', end.paths[0].includes('batches') ? 'batch-theirs' : 'file-theirs')
          .replace(/\{\w+\+?\}/g, encodeURIComponent(inPath))
        const query =
          end.method === 'GET' ? `?${new URLSearchParams(told.map(([n, v]): [string, string] => [n, String(v)]))}` : ''
        const said = await send(w, end.method, path + query, mine[as] ?? '', Object.fromEntries(told))
        expect(said.status).toBeLessThan(500)
        expect(JSON.stringify(said.json)).not.toContain('secret-theirs')
        if (said.status === 200) expect(JSON.stringify(said.json)).not.toContain('-theirs')
        expect(await all()).toEqual(before)
      }),
      { numRuns: 600 },
    )
  })
})

describe('own data', () => {
  it('a member makes keys as the team permits, an admin of the team for its members', async () => {
    const w = world()
    const { admin = '', member = '', service = '' } = await tenant(w, 'a')
    const made = await w.post('/key/generate', { team_id: 'team-a' }, member)
    expect([made.status, made.json.user_id]).toEqual([200, 'member-a'])
    expect((await w.post('/key/generate', { team_id: 'team-a', user_id: 'admin-a' }, member)).status).toBe(403)
    expect((await w.post('/key/generate', { team_id: 'team-a', user_id: 'member-a' }, admin)).status).toBe(200)
    expect((await w.post('/key/generate', { team_id: 'team-a', user_id: 'stranger' }, admin)).json.error.param).toBe(
      'user_id',
    )
    await w.post('/team/permissions_update', { team_id: 'team-a', team_member_permissions: [] }, admin)
    const refused = await w.post('/key/generate', { team_id: 'team-a' }, member)
    expect([refused.status, refused.json.error.type]).toEqual([401, 'team_member_permission_error'])
    expect((await w.post('/key/generate', {}, service)).status).toBe(401)
  })

  it('a limit that an admin gave is not its owner’s to change, nor a block to lift', async () => {
    const w = world()
    const { json: user } = await w.post('/user/new', { user_id: 'u' })
    const given = await w.key({ user_id: 'u', max_budget: 1 })
    const raised = await w.post('/key/update', { key: given, max_budget: 100 }, user.key)
    expect([raised.status, raised.json.error.param]).toEqual([403, 'max_budget'])
    expect((await w.post('/key/update', { key: given, key_alias: 'mine' }, user.key)).status).toBe(200)
    await w.post('/key/block', { key: given })
    expect((await w.post('/key/unblock', { key: given }, user.key)).status).toBe(403)
    const own = (await w.post('/key/generate', { max_budget: 1 }, user.key)).json
    expect((await w.post('/key/update', { key: own.key, max_budget: 2 }, user.key)).json.max_budget).toBe(2)
    const aliased = await w.post('/key/generate', { aliases: { small: 'team/large' } }, user.key)
    expect([aliased.status, aliased.json.error.param]).toEqual([403, 'aliases'])
  })

  it('an admin’s role goes with the admin’s own keys alone', async () => {
    const w = world()
    const { proxy_admin: own = '' } = await people(w)
    await w.post('/team/new', { team_id: 't' })
    const ofTeam = await w.key({ team_id: 't', user_id: 'proxy_admin' })
    expect([(await w.get('/user/list', own)).status, (await w.get('/user/list', ofTeam)).status]).toEqual([200, 401])
  })
})

describe('what a key may call', () => {
  it.each([
    [{ key_type: 'llm_api' }, 200, 403],
    [{ key_type: 'management' }, 403, 200],
    [{ key_type: 'read_only' }, 403, 200],
    [{ allowed_routes: ['/v1/chat/completions'] }, 200, 403],
    [{ allowed_routes: ['/key/*'] }, 403, 200],
    [{ allowed_routes: ['openai_routes', '/key/info'] }, 200, 200],
    [{}, 200, 200],
  ])('%o', async (fields, onChat, onInfo) => {
    const w = world()
    const key = await w.key(fields)
    const asked = await w.post('/v1/chat/completions', chat, key)
    expect([asked.status, (await w.get('/key/info', key)).status]).toEqual([onChat, onInfo])
  })

  it('a group that does not exist is refused when it is given', async () => {
    const { status, json } = await world().post('/key/generate', { allowed_routes: ['all_routes'] })
    expect([status, json.error.param]).toEqual([400, 'allowed_routes.0'])
  })
})

describe('models', () => {
  it('are called by the aliases of key and team', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't', models: ['small'], model_aliases: { quick: 'small' } })
    const key = await w.key({ team_id: 't', aliases: { mine: 'quick' } })
    for (const model of ['mine', 'quick']) {
      expect((await w.post('/v1/chat/completions', { ...chat, model }, key)).status).toBe(200)
    }
    const denied = await w.post('/v1/chat/completions', { ...chat, model: 'team/large' }, key)
    expect([denied.status, denied.json.error.type]).toEqual([401, 'team_model_access_denied'])
  })

  it('a team whose last model is taken away may use none', async () => {
    const w = world()
    await w.post('/team/new', { team_id: 't', models: ['small'] })
    const key = await w.key({ team_id: 't' })
    await w.post('/team/model/delete', { team_id: 't', models: ['small'] })
    expect((await w.post('/v1/chat/completions', chat, key)).status).toBe(401)
    await w.post('/team/model/add', { team_id: 't', models: ['small'] })
    expect((await w.post('/v1/chat/completions', chat, key)).status).toBe(200)
  })
})
