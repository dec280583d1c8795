import { expect, it } from 'vitest'
import { chat, world } from './world.ts'

const check = (w: ReturnType<typeof world>, key: string, body: object = chat) => w.post('/budget/check', body, key)

it('says what a request would meet, and takes nothing', async () => {
  const w = world()
  const key = await w.key({ rpm_limit: 1 })
  for (let i = 0; i < 3; i++) {
    const { status, json } = await check(w, key)
    expect(status).toBe(200)
    expect(json).toMatchObject({ allowed: true, refusal: null, limits: [{ limit_type: 'requests', limit: 1 }] })
    expect(json.worst_case_cost).toBeGreaterThan(0)
  }
  expect(w.upstream).toEqual([])
})

it('says who would refuse, and why', async () => {
  const w = world()
  await w.post('/customer/new', { user_id: 'c', rpm_limit: 0 })
  const { json } = await check(w, await w.key(), { ...chat, user: 'c' })
  expect(json).toMatchObject({ allowed: false, refusal: { type: 'rate_limit_error', entity: 'customer:c' } })
  const narrow = await w.key({ models: ['tiny'] })
  expect((await check(w, narrow)).status).toBe(401)
  expect((await check(w, narrow, { model: 'tiny' })).status).toBe(400)
})
