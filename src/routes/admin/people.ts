import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { NewEntity } from '../../tenants/port.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { TeamRecord } from '../../tenants/record.ts'
import { memberName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { name } from '../text.ts'
import type { LimitFields } from './fields.ts'
import { limitsOf } from './limits.ts'
import { shownUser } from './shown.ts'
import { seesAll } from './whose.ts'

interface Moment {
  readonly deps: AppDeps
  readonly nowMs: number
}

export const role = z.enum(['admin', 'user'])
export const email = z.email().max(256)
/** By id, by e-mail or both; some clients send an empty text for what they do not know. */
export const person = { user_id: name.or(z.literal('')).nullish(), user_email: email.or(z.literal('')).nullish() }
export const member = z.strictObject({ ...person, role: role.default('user') })

type Person = { readonly [F in keyof typeof person]?: string | null | undefined }

/** Whom a body means, by id or by e-mail: undefined where nobody has that e-mail. */
export async function userIdOf(
  asked: Person,
  { tenantStore }: AppDeps,
  param = 'user_id',
): Promise<string | undefined> {
  if (asked.user_id) return asked.user_id
  if (!asked.user_email) {
    throw new GatewayError('invalid_request', 'Name a user: give user_id or user_email.', { param })
  }
  const one = { page: 1, size: 1, sortBy: 'createdAtMs', sortOrder: 'asc' } as const
  const { found } = await tenantStore.list('user', { ...one, is: { userEmail: asked.user_email } })
  return found[0]?.userId
}

/** The same; who has an unknown e-mail is a user to be made. */
export async function peopleOf(
  asked: readonly (Person & { readonly role: string })[],
  param: string,
  { deps, nowMs }: Moment,
) {
  const users: NewEntity<'user'>[] = []
  const people: { readonly userId: string; readonly role: string }[] = []
  for (const one of asked) {
    const known = await userIdOf(one, deps, param)
    // Both an id and an e-mail: a user who is not there yet is made with both.
    if (
      known !== undefined &&
      known === one.user_id &&
      one.user_email &&
      !users.some(({ id }) => id[0] === known) &&
      !(await deps.tenantStore.find('user', [known]))
    ) {
      users.push({ id: [known], fields: { userEmail: one.user_email } })
    }
    const fresh = users.find(({ fields }) => fields.userEmail === one.user_email)?.id[0]
    const userId = known ?? fresh ?? newId(nowMs)
    if (known === undefined && fresh === undefined) users.push({ id: [userId], fields: { userEmail: one.user_email } })
    people.push({ userId, role: one.role })
  }
  return { people, users }
}

/**
 * People who were put into a team or an organization, as who put them there may see them: those who were made for it, and
 * of everybody else no more than was known of them before.
 */
export async function addedPeople(
  people: readonly { readonly userId: string }[],
  { asked, made, principal }: Added,
  { deps, nowMs }: Moment,
) {
  const found = await Promise.all(people.map(({ userId }) => deps.tenantStore.find('user', [userId])))
  return found.flatMap((user, n) => {
    if (!user) return []
    const isFresh = made.some(({ id }) => id[0] === user.userId)
    if (seesAll(principal) || isFresh) return [shownUser(user, nowMs)]
    return [{ user_id: user.userId, user_email: asked[n]?.user_email || null }]
  })
}

interface Added {
  /** As they were named, in the order of the people. */
  readonly asked: readonly Person[]
  readonly made: readonly { readonly id: readonly string[] }[]
  readonly principal: Principal
}

/** What a member may spend in the team: an own budget, else what the team gives to new members. */
function limitsInTeam(
  { memberBudgetId }: Pick<TeamRecord, 'memberBudgetId'>,
  given: { max_budget_in_team?: number | null | undefined; budget_duration?: string | null | undefined },
): LimitFields {
  const { max_budget_in_team: own, budget_duration } = given
  if (own != null) return { max_budget: own, budget_duration }
  return memberBudgetId === null ? {} : { budget_id: memberBudgetId }
}

/** Members as they are made, each with the limits of a member of the team. */
export function newMembers(
  team: Pick<TeamRecord, 'teamId' | 'memberBudgetId'>,
  people: readonly { readonly userId: string; readonly role: string }[],
  given: Parameters<typeof limitsInTeam>[1],
  { deps, nowMs }: Moment,
): Promise<readonly NewEntity<'member'>[]> {
  const limits = limitsInTeam(team, given)
  return Promise.all(
    people.map(async ({ userId, role }) => ({
      id: [team.teamId, userId],
      fields: {
        role,
        ...(await limitsOf(limits, undefined, { entity: memberName(team.teamId, userId), deps, nowMs })),
      },
    })),
  )
}
