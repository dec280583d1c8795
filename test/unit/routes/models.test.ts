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

it("takes LiteLLM's options, and says which of them ask for what is not there", async () => {
  const w = world()
  expect(await ids(w, '?scope=expand&include_metadata=false')).toHaveLength(3)
  for (const query of ['include_metadata=true', 'fallback_type=general']) {
    const { status, json } = await w.get(`/v1/models?${query}`)
    expect([status, json.error.param]).toEqual([501, query.split('=')[0]])
  }
  expect((await w.get('/v1/models?scope=all')).status).toBe(400)
})
