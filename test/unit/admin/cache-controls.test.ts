import { expect, it } from 'vitest'
import { cacheControlsOf } from '../../../src/cache/controls.ts'
import { allowedByAll } from '../../../src/tenants/governed.ts'
import { MASTER, world } from '../routes/world.ts'

async function restricted() {
  const w = world()
  const ok = async (path: string, body: unknown, key = MASTER) => {
    const { status, json } = await w.post(path, body, key)
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`)
    return json
  }
  await ok('/user/new', { user_id: 'ann', user_role: 'internal_user' })
  const made = await ok('/key/generate', { user_id: 'ann', allowed_cache_controls: ['ttl'], metadata: { cost: 'x' } })
  const own = await ok('/key/generate', { user_id: 'ann' })
  return { w, ok, made, ann: String(own.key) }
}

it('is stored, shown and changed as a field of its own; metadata is what stays beside it', async () => {
  const { ok, made } = await restricted()
  expect(made).toMatchObject({ allowed_cache_controls: ['ttl'], metadata: { cost: 'x' } })
  const changed = await ok('/key/update', { key: made.key, metadata: { cost: 'y' } })
  expect(changed).toMatchObject({ allowed_cache_controls: ['ttl'], metadata: { cost: 'y' } })
  const freed = await ok('/key/update', { key: made.key, allowed_cache_controls: null })
  expect(freed).toMatchObject({ allowed_cache_controls: [], metadata: { cost: 'y' } })
  const team = await ok('/team/new', { allowed_cache_controls: ['no-cache', 'ttl'] })
  expect(team).toMatchObject({ allowed_cache_controls: ['no-cache', 'ttl'] })
  await ok('/team/update', { team_id: team.team_id, metadata: {} })
  expect(await ok('/team/update', { team_id: team.team_id, team_alias: 'a' })).toMatchObject({
    data: { allowed_cache_controls: ['no-cache', 'ttl'] },
  })
})

it('is not lifted by the owner of a key, neither by its field nor through metadata', async () => {
  const { w, ok, made, ann } = await restricted()
  const by = (fields: object) => w.post('/key/update', { key: made.key, ...fields }, ann)
  expect((await by({ allowed_cache_controls: null })).status).toBe(403)
  expect((await by({ metadata: { allowed_cache_controls: [] } })).status).toBe(400)
  expect((await by({ metadata: {} })).status).toBe(200)
  expect(await ok('/key/update', { key: made.key })).toMatchObject({ allowed_cache_controls: ['ttl'] })
})

it('refuses names that are no controls', async () => {
  const { w } = await restricted()
  const { status, json } = await w.post('/key/generate', { allowed_cache_controls: ['no-chache'] }, MASTER)
  expect([status, json.error.param]).toEqual([400, 'allowed_cache_controls.0'])
})

it('a key may say what both it and its team may', () => {
  const one = (...names: string[]) => ({ metadata: { allowed_cache_controls: names } })
  const both = (...those: Parameters<typeof allowedByAll>[0][number][]) => allowedByAll(those, 'allowed_cache_controls')
  expect(both(one(), undefined)).toBeUndefined()
  expect(both(one('ttl'), one())).toEqual(['ttl'])
  expect(both(one('ttl', 'no-cache'), one('no-cache'))).toEqual(['no-cache'])
  expect(both(one('ttl'), one('no-cache'))).toEqual([])
})

it('what a key says of the cache is refused where it cannot be read, and never refuses its requests', async () => {
  const { w, made } = await restricted()
  for (const [cache, param] of [
    [{ ttl: 'soon' }, 'metadata.cache.ttl'],
    [{ 'no-chache': true }, 'metadata.cache.no-chache'],
    ['none', 'metadata.cache'],
  ] as const) {
    const said = await w.post('/key/update', { key: made.key, metadata: { cache } })
    expect([said.status, said.json.error.param]).toEqual([400, param])
    expect((await w.post('/key/generate', { metadata: { cache } })).json.error.param).toBe(param)
  }
  expect((await w.post('/key/update', { key: made.key, metadata: { cache: { ttl: 60 } } })).status).toBe(200)
  const said = { cache: undefined, caching: undefined, header: null }
  const defaults = { ttl: 'soon', namespace: 7, 'no-store': 'yes', 'use-cache': true, other: 1 }
  expect(cacheControlsOf({ ...said, defaults })).toEqual({ noCache: false, noStore: false, useCache: true })
})
