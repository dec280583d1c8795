import { describe, expect, it } from 'vitest'
import type { Bearing } from '../../../src/identity/claims.ts'
import { bearerAgain, bearerOf, type TokenDoor } from '../../../src/middleware/bearer.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import type { Bearer } from '../../../src/tenants/without-key.ts'
import { keyWith } from '../../support/gateway-world.ts'

const moment = { nowMs: 0, defer: () => {} }

/** A door behind which rows change, and nobody may be enrolled again. */
function door(rows: Map<string, Principal>) {
  const asked: Bearer[] = []
  let enrolled = 0
  const one = {
    tokens: undefined as never,
    settings: { upsertsUsers: true, adminRoutes: ['/key/*'], teamRoutes: ['/v1/*'] } as never,
    tenants: {
      withoutKey: (bearer: Bearer) => {
        asked.push(bearer)
        return Promise.resolve(rows.get(bearer.userId ?? bearer.teamId ?? ''))
      },
    } as never,
    enrol: () => {
      enrolled += 1
      return Promise.resolve()
    },
  } satisfies TokenDoor
  return { one, asked, enrolled: () => enrolled }
}

const bearing = (more: Partial<Bearing>): Bearing =>
  ({ teamIds: [], isAdmin: false, expiresAtMs: 9_000, ...more }) as Bearing

const person = (more: Partial<Principal> = {}): Principal => ({
  ...keyWith(),
  keyId: 'user:ada',
  userId: 'ada',
  ...more,
})

describe('the bearer of a token, later', () => {
  it('is who it is by now: narrowed, in its team, and until the token ends', async () => {
    const rows = new Map([['ada', person({ teamId: 'red' })]])
    const { one, asked } = door(rows)
    const before = await bearerOf(bearing({ userId: 'ada', teamIds: ['red'] }), new Headers(), one, moment)
    rows.set('ada', person({ teamId: 'red', models: [{ level: 'team', names: ['small'] }] }))
    const now = await bearerAgain(before, moment)
    expect(now?.models).toEqual([{ level: 'team', names: ['small'] }])
    expect(now).toMatchObject({ allowedRoutes: ['/v1/*'], expiresAtMs: 9_000 })
    expect(asked.at(-1)).toEqual({ userId: 'ada', teamId: 'red', organizationId: undefined })
    expect((await bearerAgain(now!, moment))?.models).toEqual(now?.models)
  })

  it('is an admin without a row as long as the token says so, with a row as that says', async () => {
    const rows = new Map<string, Principal>()
    const { one } = door(rows)
    const before = await bearerOf(bearing({ userId: 'root', isAdmin: true }), new Headers(), one, moment)
    expect(await bearerAgain(before, moment)).toMatchObject({ role: 'proxy_admin', keyId: before.keyId })
    rows.set('root', person({ userId: 'root', blocked: 'user' }))
    expect(await bearerAgain(before, moment)).toMatchObject({ role: 'proxy_admin', blocked: 'user' })
  })

  it('is nobody once its row is gone, and is not enrolled again', async () => {
    const rows = new Map([['ada', person()]])
    const { one, enrolled } = door(rows)
    const before = await bearerOf(bearing({ userId: 'ada' }), new Headers(), one, moment)
    rows.clear()
    await expect(bearerAgain(before, moment)).rejects.toMatchObject({ kind: 'forbidden' })
    expect(enrolled()).toBe(0)
  })

  it('is none where a key was shown', async () => {
    expect(await bearerAgain(keyWith(), moment)).toBeUndefined()
  })
})
