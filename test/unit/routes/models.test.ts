import { expect, it } from 'vitest'
import { world } from './world.ts'

const ids = async (w: ReturnType<typeof world>, query: string, key?: string) => {
  const { json } = await w.get(`/v1/models${query}`, key)
  return json.data.map(({ id }: { id: string }) => id)
}

it('lists what somebody can serve, without hidden names', async () => {
  const w = world()
  expect(await ids(w, '')).toEqual(['small', 'team/large', 'tiny'])
  expect((await w.get('/v1/models/old-name')).json.id).toBe('old-name')
})

it('lists the models of a team to those who may know them', async () => {
  const w = world()
  await w.post('/team/new', { team_id: 't', models: ['small'] })
  expect(await ids(w, '?team_id=t')).toEqual(['small', 'tiny'])
  expect(await ids(w, '?team_id=t', await w.key({ team_id: 't' }))).toEqual(['small', 'tiny'])
  expect((await w.get('/v1/models?team_id=t', await w.key())).status).toBe(403)
  expect((await w.get('/v1/models?team_id=nobody')).status).toBe(404)
})

it("takes LiteLLM's options, and no others", async () => {
  const w = world()
  expect(await ids(w, '?scope=expand&include_metadata=false')).toHaveLength(3)
  expect((await w.get('/v1/models?scope=all')).status).toBe(400)
})

it('tells where requests go on, after which failure, and only of models that the caller may use', async () => {
  const w = world()
  const told = async (query: string, key?: string) => {
    const { json } = await w.get(`/v1/models?include_metadata=true${query}`, key)
    return Object.fromEntries(
      json.data.map((one: { id: string; metadata: { fallbacks: string[] } }) => [one.id, one.metadata.fallbacks]),
    )
  }
  expect(await told('')).toEqual({ small: ['team/large'], 'team/large': [], tiny: ['team/large'] })
  expect(await told('&fallback_type=context_window')).toMatchObject({ 'team/large': ['small'] })
  expect(await told('', await w.key({ models: ['small'] }))).toMatchObject({ small: [] })
})
