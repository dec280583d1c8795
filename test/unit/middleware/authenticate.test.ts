import { afterEach, describe, expect, it, vi } from 'vitest'
import { MASTER, world } from '../routes/world.ts'

afterEach(() => vi.restoreAllMocks())

describe('hashing keys', () => {
  it('happens once for a good key, and each time for a bad one', async () => {
    const { fetched } = world()
    const hashed = vi.spyOn(crypto.subtle, 'digest')
    const models = (key: string) => fetched('/v1/models', { headers: { authorization: `Bearer ${key}` } })

    await models(MASTER)
    const first = hashed.mock.calls.length
    for (let time = 0; time < 3; time++) expect((await models(MASTER)).status).toBe(200)
    expect(hashed.mock.calls.length).toBe(first)

    for (let time = 0; time < 3; time++) expect((await models('sk-nobody')).status).toBe(401)
    expect(hashed.mock.calls.length).toBe(first + 3)
  })
})
