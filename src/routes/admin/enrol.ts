import { GatewayError } from '../../errors.ts'
import type { Author, Changes } from '../../tenants/port.ts'
import type { Role } from '../../tenants/principal.ts'
import { entityName, memberName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { limitsOf } from './limits.ts'

/** Who an identity provider vouches for. */
export interface Newcomer {
  readonly userId: string
  readonly email?: string | undefined
  readonly alias?: string | undefined
  readonly role?: Role | undefined
  readonly teamId?: string | undefined
}

/**
 * Makes the user, with the operator's budget for new ones, and the membership with the team's, where they are not there
 * yet. Of several at once one makes them. An address that another user has is left to that user.
 */
export async function enrolled(newcomer: Newcomer, deps: AppDeps, author: Author): Promise<void> {
  const { userId, teamId } = newcomer
  const { tenantStore: store } = deps
  if (!(await store.find('user', [userId]))) await makeUser(newcomer, deps, author)
  if (teamId === undefined || (await store.find('member', [teamId, userId]))) return
  const team = await store.find('team', [teamId])
  if (!team) return
  const { nowMs } = author
  const given = team.memberBudgetId === null ? {} : { budget_id: team.memberBudgetId }
  const limits = await limitsOf(given, undefined, { entity: memberName(teamId, userId), deps, nowMs })
  await onceOnly(() => store.create('member', [{ id: [teamId, userId], fields: { role: 'user', ...limits } }], author))
}

async function makeUser({ userId, email, alias, role }: Newcomer, deps: AppDeps, author: Author): Promise<void> {
  const { tenantStore: store, gateway } = deps
  const { newUserBudget: budget } = gateway.config.litellm
  const limits = budget ? { max_budget: budget.limitUsd, budget_duration: budget.duration } : {}
  const entity = entityName('user', userId)
  const fields: Changes<'user'> = {
    userAlias: alias,
    userRole: role,
    ...(await limitsOf(limits, undefined, { entity, deps, nowMs: author.nowMs })),
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
