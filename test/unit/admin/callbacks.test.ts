import { describe, expect, it } from 'vitest'
import { callbacksIn, placeOf } from '../../../src/observe/callbacks.ts'
import { keyRing, sealer } from '../../../src/seal.ts'
import { entityName } from '../../../src/tenants/scope.ts'
import { world } from '../routes/world.ts'

const ring = keyRing([sealer('salt', (bytes) => crypto.getRandomValues(bytes))])
const SECRET = 'lf-planted-secret-value'
const vars = {
  langfuse_public_key: 'lf-public',
  langfuse_secret: SECRET,
  langfuse_host: 'https://langfuse.example.com',
}
const langfuse = { callback_name: 'langfuse', callback_type: 'success', callback_vars: vars }
const HIDDEN = { langfuse_public_key: '********', langfuse_secret_key: '********', langfuse_host: '********' }

function withSeals() {
  const w = world()
  Object.assign(w.deps, { callbackSeals: () => ring })
  return w
}

async function opened(entry: ReturnType<typeof callbacksIn>[number], owner: string) {
  const text = await ring.open({ keyId: entry.key_id, text: entry.sealed }, placeOf(owner, entry.callback_name))
  return text === undefined ? undefined : JSON.parse(text)
}

describe('callbacks of a team', () => {
  it('are set, listed and taken away, and no value is ever shown', async () => {
    const w = withSeals()
    await w.post('/team/new', { team_id: 'a:b' })
    const set = await w.post('/team/a:b/callback', langfuse)
    expect(set.status).toBe(200)
    expect(set.json).toMatchObject({ status: 'success', data: { team_id: 'a:b' } })
    await w.post('/team/a:b/callback', {
      callback_name: 'sentry',
      callback_type: 'failure',
      callback_vars: { sentry_dsn: 'https://publickey@o1.ingest.sentry.io/7' },
    })
    const listed = await w.get('/team/a:b/callback')
    expect(listed.json).toEqual({
      status: 'success',
      data: {
        team_id: 'a:b',
        success_callbacks: ['langfuse'],
        failure_callbacks: ['sentry'],
        callback_vars: { ...HIDDEN, sentry_dsn: '********' },
      },
    })
    const info = await w.get('/team/info?team_id=a:b')
    const row = await w.store.find('team', ['a:b'])
    expect(JSON.stringify([set.json, info.json, row])).not.toContain(SECRET)
    expect(JSON.stringify([set.json, info.json])).not.toContain('sealed')
    const [first] = callbacksIn(row!.metadata)
    expect(await opened(first!, entityName('team', 'a:b'))).toMatchObject({ langfuse_secret_key: SECRET })
    expect(await opened(first!, entityName('team', 'other'))).toBeUndefined()

    const off = await w.post('/team/a:b/disable_logging', {})
    expect(off.json).toMatchObject({ status: 'success', data: { success_callbacks: [], failure_callbacks: [] } })
    expect(callbacksIn((await w.store.find('team', ['a:b']))!.metadata)).toEqual([])
  })

  it('are replaced by name, and the rest of the metadata stays', async () => {
    const w = withSeals()
    await w.post('/team/new', { team_id: 't', metadata: { cost: 'lab' } })
    await w.post('/team/t/callback', langfuse)
    await w.post('/team/t/callback', { ...langfuse, callback_type: 'success_and_failure' })
    const { metadata } = (await w.store.find('team', ['t']))!
    expect(callbacksIn(metadata).map(({ callback_type }) => callback_type)).toEqual(['success_and_failure'])
    expect(metadata).toMatchObject({ cost: 'lab' })
  })

  it('are for those who run the team alone', async () => {
    const w = withSeals()
    await w.post('/team/new', { team_id: 't' })
    const key = await w.key({ team_id: 't' })
    expect((await w.post('/team/t/callback', langfuse, key)).status).toBe(403)
    expect((await w.get('/team/t/callback', key)).status).toBe(403)
    expect((await w.post('/team/t/disable_logging', {}, key)).status).toBe(403)
  })
})

describe('metadata.logging', () => {
  it('of a key is sealed, and given back as it is shown it stays', async () => {
    const w = withSeals()
    const made = await w.post('/key/generate', { metadata: { logging: [langfuse], mine: 1 } })
    expect(made.json.metadata).toEqual({
      mine: 1,
      logging: [{ callback_name: 'langfuse', callback_type: 'success', callback_vars: HIDDEN }],
    })
    const before = callbacksIn((await w.store.findKey({ token: made.json.token }))!.metadata)
    const again = await w.post('/key/update', { key: made.json.key, metadata: { ...made.json.metadata, mine: 2 } })
    expect(again.status).toBe(200)
    const after = (await w.store.findKey({ token: made.json.token }))!
    expect(callbacksIn(after.metadata)).toEqual(before)
    expect(after.metadata).toMatchObject({ mine: 2 })
  })

  const bad = (more: object) => ({ metadata: { logging: [{ ...langfuse, ...more }] } })
  const host = (address: string) => bad({ callback_vars: { ...vars, langfuse_host: address } })
  it.each([
    ['a sink there is not', bad({ callback_name: 'langfuze' }), 400, 'did you mean "langfuse"'],
    ['a variable there is not', bad({ callback_vars: { langfuse_pass: 'x' } }), 400, 'langfuse_public_key'],
    [
      'a secret of the operator for a host of the caller',
      bad({ callback_vars: { langfuse_host: 'https://e.com' } }),
      400,
      'needs callback_vars.',
    ],
    [
      'a hidden value with another host',
      bad({ callback_vars: { ...HIDDEN, langfuse_host: 'https://e.com' } }),
      400,
      'is hidden',
    ],
    ['an address with one slash', host('https:/10.0.0.1/hook'), 400, 'public https'],
    ['an address without slashes', host('http:169.254.169.254'), 400, 'public https'],
    ['the metadata server', host('http://169.254.169.254/latest'), 400, 'public https'],
    ['an address of a private network in hex', host('https://0x0a000001/'), 400, 'public https'],
    ['an address of an inner name', host('https://db.internal/'), 400, 'public https'],
    ['the same sink twice', { metadata: { logging: [langfuse, langfuse] } }, 400, 'twice'],
    ['more than a few', { metadata: { logging: Array.from({ length: 6 }, () => langfuse) } }, 400, 'metadata.logging'],
    ['what is no list', { metadata: { logging: 'langfuse' } }, 400, 'metadata.logging'],
  ])('%s is refused', async (_, body, status, words) => {
    const refused = await withSeals().post('/key/generate', body)
    expect([refused.status, refused.json.error.message]).toEqual([status, expect.stringContaining(words)])
  })

  it('a variable of the gateway is named by a proxy admin alone, and stays when others change the rest', async () => {
    const w = withSeals()
    const byName = { ...langfuse, callback_vars: { ...vars, langfuse_secret: 'os.environ/TEAM_SECRET' } }
    await w.post('/user/new', { user_id: 'u', user_role: 'internal_user', auto_create_key: false })
    const theirs = await w.key({ user_id: 'u' })
    const refused = await w.post('/key/generate', { metadata: { logging: [byName] } }, theirs)
    expect([refused.status, refused.json.error.message]).toEqual([403, expect.stringContaining('proxy admin')])
    const made = await w.post('/key/generate', { user_id: 'u', metadata: { logging: [byName] } })
    expect(made.json.metadata.logging[0].callback_vars.langfuse_secret_key).toBe('os.environ/TEAM_SECRET')
    const same = await w.post('/key/update', { key: made.json.key, metadata: made.json.metadata }, theirs)
    expect(same.status).toBe(200)
    const [entry] = made.json.metadata.logging
    const moved = { ...entry, callback_vars: { ...entry.callback_vars, langfuse_host: 'https://evil.example.com' } }
    expect(
      (await w.post('/key/update', { key: made.json.key, metadata: { logging: [moved] } }, theirs)).status,
    ).not.toBe(200)
  })

  it('of anybody else is metadata like any other', async () => {
    const w = withSeals()
    const metadata = { logging: ['verbose'] }
    const made = await w.post('/organization/new', { organization_id: 'o', organization_alias: 'O', metadata })
    expect(made.json.metadata).toEqual(metadata)
  })

  it('needs the salt key', async () => {
    const { status, json } = await world().post('/key/generate', { metadata: { logging: [langfuse] } })
    expect([status, json.error.message]).toEqual([501, expect.stringContaining('LITELLM_SALT_KEY')])
  })
})
