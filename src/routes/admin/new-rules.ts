import type { Config } from '../../config/config.ts'
import type { KeyMakers, KeyMost } from '../../config/new-entities.ts'
import { GatewayError } from '../../errors.ts'
import { usdFromNano } from '../../money.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { expiryOf } from './expiry.ts'
import { isAdmin, membership } from './whose.ts'

type Body = Readonly<Record<string, unknown>>

const rulesOf = ({ gateway }: AppDeps) => gateway.config.litellm.newEntities ?? {}

/** The body with what the operator says for fields that it leaves out. The build has checked these values. */
function filled<B extends object>(body: B, values: Body | undefined): B {
  if (!values) return body
  const absent = Object.entries(values).filter(([name]) => (body as Body)[name] == null)
  return { ...body, ...Object.fromEntries(absent) }
}

/** A budget comes from one place: who names a template gets no amount beside it. */
function withoutBudgets(values: Body | undefined, { budget_id }: { budget_id?: string | null | undefined }) {
  if (!values || budget_id == null) return values
  const { max_budget: _, budget_duration: __, ...rest } = values
  return rest
}

interface Limited {
  readonly budget_id?: string | null | undefined
}

export const withTeamDefaults = <B extends Limited>(body: B, deps: AppDeps): B =>
  filled(body, withoutBudgets(rulesOf(deps).team, body))

/** What the operator gives internal users; admins are made as their maker says. */
export function withUserDefaults<B extends Limited & { readonly user_role?: string | null | undefined }>(
  body: B,
  { litellm: { newEntities, newUserBudget: budget } }: Config,
): B {
  const isOfAdmin = body.user_role?.startsWith('proxy_admin') ?? false
  const given = isOfAdmin ? body : filled(body, withoutBudgets(newEntities?.user, body))
  const amounts = budget && { max_budget: budget.limitUsd, budget_duration: budget.duration }
  return 'max_budget' in given && given.max_budget !== undefined ? given : filled(given, withoutBudgets(amounts, body))
}

export const withKeyDefaults = <B extends Limited>(body: B, deps: AppDeps): B =>
  filled(body, withoutBudgets(rulesOf(deps).key, body))

/** The team that a new key is in where its maker names none. */
export function defaultTeam(deps: AppDeps): string | undefined {
  const team = rulesOf(deps).key?.team_id
  return typeof team === 'string' ? team : undefined
}

const LENGTHS = ['duration', 'budget_duration'] as const
const AMOUNTS = ['max_budget', 'tpm_limit', 'rpm_limit', 'max_parallel_requests'] as const

/** Throws where a key is asked for more than the operator lets any key have; null would be without end. */
export function mustBeWithin(body: Body, deps: AppDeps): void {
  const most = rulesOf(deps).keyMost
  if (!most) return
  for (const name of [...AMOUNTS, ...LENGTHS]) {
    const [limit, value] = [most[name], body[name]]
    if (limit === undefined || value === undefined) continue
    if (value !== null && value !== '-1' && sizeOf(name, value) <= sizeOf(name, limit)) continue
    throw new GatewayError(
      'invalid_request',
      `${name} is over max limit set in config - user_value=${String(value)}; max_value=${limit}`,
      { param: name },
    )
  }
}

/** Durations as the time they take from a moment on. */
function sizeOf(name: keyof KeyMost, value: unknown): number {
  return typeof value === 'string'
    ? (expiryOf(value, 0) ?? Number.POSITIVE_INFINITY)
    : name === 'duration'
      ? Number.NaN
      : Number(value)
}

/** A new key within these limits: who does not say gets the most, of its team's budget no more than the team has. */
export async function bounded<B extends Limited & { readonly team_id?: string | null | undefined }>(
  body: B,
  deps: AppDeps,
): Promise<B> {
  const most = rulesOf(deps).keyMost
  if (!most) return body
  const { max_budget: budget } = most
  const given = filled(body, withoutBudgets({ ...most }, body))
  mustBeWithin(given as Body, deps)
  if (budget === undefined || (body as Body).max_budget != null || body.budget_id != null || body.team_id == null)
    return given
  const team = await deps.tenantStore.find('team', [body.team_id])
  const ofTeam = team?.budgets.find(({ part }) => part === 'main')
  return ofTeam ? { ...given, max_budget: Math.min(budget, usdFromNano(ofTeam.limitNano)) } : given
}

/** Throws unless the operator lets this caller make a key like this one (`key_generation_settings`). */
export async function mustMake(principal: Principal, body: Body, deps: AppDeps): Promise<void> {
  if (isAdmin(principal)) return
  const { personalKeys, teamKeys } = rulesOf(deps)
  const teamId = typeof body.team_id === 'string' ? body.team_id : undefined
  if (teamId === undefined) return mustSuit(personalKeys, principal.role, body)
  if (teamKeys) mustSuit(teamKeys, (await membership(principal, teamId, deps)) ?? 'user', body)
}

function mustSuit(makers: KeyMakers | undefined, role: string, body: Body): void {
  if (makers?.roles && !makers.roles.includes(role)) {
    throw new GatewayError(
      'forbidden',
      `Key creation has been restricted by admin. Allowed roles=${makers.roles.join(', ')}. Your role=${role}`,
      { retry: false },
    )
  }
  const absent = makers?.required?.find((name) => body[name] == null)
  if (absent !== undefined) {
    throw new GatewayError('invalid_request', `Required param ${absent} not in data`, { param: absent })
  }
}
