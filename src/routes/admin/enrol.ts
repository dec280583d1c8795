import { GatewayError } from '../../errors.ts'
import type { Author, Changes } from '../../tenants/port.ts'
import type { Role } from '../../tenants/principal.ts'
import { publicPrincipal } from '../../tenants/principal-of.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { authorOf } from './author.ts'
import type { LimitFields } from './fields.ts'
import { limitsOf } from './limits.ts'
import { withUserDefaults } from './new-rules.ts'
import { newMembers } from './people.ts'

/** Who an identity provider vouches for. */
export interface Newcomer {
  readonly userId: string
  readonly email?: string | undefined
  readonly alias?: string | undefined
  /** What the provider says; else the operator's default, else ours. */
  readonly role?: Role | undefined
  readonly defaultRole?: Role | undefined
  readonly teamId?: string | undefined
}

/** The request that somebody comes with. */
export type Arrival = Omit<Parameters<typeof authorOf>[0], 'principal'>

/** Somebody who is nobody here yet signs as the person whom the provider names, and as no other. */
export function authorOfPerson(userId: string, arrival: Arrival): Author {
  const stranger = publicPrincipal(arrival.receivedAtMs)
  const author = authorOf({ ...arrival, principal: { ...stranger, userId, keyHash: entityName('user', userId) } })
  return { ...author, by: userId }
}

/**
 * Makes the user, with the operator's budget for new ones, and the membership with the team's, where they are not there
 * yet. Of several at once one makes them. An address that another user has is left to that user.
 */
export async function enrolled(newcomer: Newcomer, arrival: Arrival): Promise<void> {
  const { userId, teamId } = newcomer
  const { deps } = arrival
  const author = authorOfPerson(userId, arrival)
  const { tenantStore: store } = deps
  if (!(await store.find('user', [userId]))) await makeUser(newcomer, deps, author)
  if (teamId === undefined || (await store.find('member', [teamId, userId]))) return
  const team = await store.find('team', [teamId])
  if (!team) return
  const { nowMs } = author
  const members = await newMembers(team, [{ userId, role: 'user' }], {}, { deps, nowMs })
  await onceOnly(() => store.create('member', members, author))
}

async function makeUser(newcomer: Newcomer, deps: AppDeps, author: Author): Promise<void> {
  const { userId, email, alias, role, defaultRole } = newcomer
  const { tenantStore: store, gateway } = deps
  const given: LimitFields & { readonly user_role?: string | undefined } = { user_role: role }
  const body = withUserDefaults(given, gateway.config)
  const fields: Changes<'user'> = {
    userAlias: alias,
    userRole: body.user_role ?? defaultRole,
    ...(await limitsOf(body, undefined, { entity: entityName('user', userId), deps, nowMs: author.nowMs })),
  }
  const make = (more: Changes<'user'>) =>
    onceOnly(() => store.create('user', [{ id: [userId], fields: { ...fields, ...more } }], author))
  if (await make({ userEmail: email })) return
  if (!(await store.find('user', [userId]))) await make({})
}

/** False where somebody else has made it, or something of the same name. */
async function onceOnly(make: () => Promise<unknown>): Promise<boolean> {
  try {
    await make()
    return true
  } catch (error) {
    if (error instanceof GatewayError && error.kind === 'conflict') return false
    throw error
  }
}
