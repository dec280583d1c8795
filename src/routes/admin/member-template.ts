import * as z from 'zod'
import { newId } from '../../ids.ts'
import type { Beside } from '../../tenants/port.ts'
import type { TemplateRecord } from '../../tenants/record.ts'
import { memberName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { name } from '../text.ts'
import { count, usd } from './fields.ts'
import { type member, newMembers, peopleOf } from './people.ts'
import { changedTemplate, templateBudgets, templateChanges } from './template.ts'

/** What every new member gets. */
export const memberLimits = {
  team_member_budget: usd.nullish(),
  team_member_budget_duration: name.nullish(),
  team_member_rpm_limit: count.nullish(),
  team_member_tpm_limit: z.int().nonnegative().nullish(),
}

type MemberLimits = { readonly [F in keyof typeof memberLimits]?: z.output<(typeof memberLimits)[F]> }

/**
 * The template of a team's new members, as the body asks for it: made, or changed with everyone who has it, in the
 * transaction that writes the team. Nothing when the body does not speak of it.
 */
export async function memberTemplate(
  body: MemberLimits,
  current: string | null,
  { deps, nowMs }: { readonly deps: AppDeps; readonly nowMs: number },
): Promise<{ readonly beside: Beside; readonly budgetId?: string; readonly before?: TemplateRecord }> {
  const limits = {
    max_budget: body.team_member_budget,
    budget_duration: body.team_member_budget_duration,
    rpm_limit: body.team_member_rpm_limit,
    tpm_limit: body.team_member_tpm_limit,
  }
  if (Object.values(limits).every((value) => value == null)) return { beside: {} }
  const fields = templateChanges(limits)
  const before = current === null ? undefined : await deps.tenantStore.findTemplate(current)
  if (before) {
    const { budgetId } = before
    const budgets = templateBudgets(changedTemplate(before, fields), { entity: '', nowMs })
    return { beside: { template: { budgetId, fields, budgets } }, budgetId, before }
  }
  const budgetId = newId(nowMs)
  const timeZone = deps.gateway.config.litellm.timeZone
  return { beside: { template: { budgetId, fields: { ...fields, timeZone, anchorMs: nowMs } } }, budgetId }
}

/** The members that a team is made with, beside it and the template that it gives them. */
export async function firstMembers(
  asked: readonly z.output<typeof member>[],
  teamId: string,
  template: Beside['template'],
  { deps, nowMs }: { readonly deps: AppDeps; readonly nowMs: number },
): Promise<Pick<Beside, 'users' | 'members'>> {
  const { people, users } = await peopleOf(asked, 'members_with_roles', { deps, nowMs })
  const fresh = await newMembers({ teamId, memberBudgetId: null }, people, {}, { deps, nowMs })
  if (!template) return { users, members: fresh }
  const none = { maxBudgetNano: null, budgetDuration: null, modelMaxBudget: null, timeZone: 'UTC', anchorMs: nowMs }
  const given = { ...none, ...defined(template.fields) }
  const members = fresh.map(({ id: [, userId = ''], fields }) => {
    const budgets = templateBudgets(given, { entity: memberName(teamId, userId), nowMs })
    return { id: [teamId, userId], fields: { ...fields, budgetId: template.budgetId, budgets } }
  })
  return { users, members }
}

const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [F in keyof T]: Exclude<T[F], undefined>
  }
