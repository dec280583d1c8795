import { usdFromNano } from '../../src/money.ts'
import type { Limit, Plan, Rates } from './plan.ts'

type Fields = Readonly<Record<string, unknown>>

export interface Answered {
  readonly ok: boolean
  readonly status: number
  readonly body: Fields
}

/** Asks the gateway as its operator. */
export type Admin = (path: string, body: Fields) => Promise<Answered>

/** What can be switched on in a storm, found out by asking for it. */
export const FEATURES = [
  'changing a team’s limit',
  'changing an organization’s limit',
  'users shared by keys',
  'customers shared by keys',
  'several windows on a key',
  'fallbacks to a dearer model',
] as const
export type Feature = (typeof FEATURES)[number]

export interface Entities {
  readonly organizations: readonly string[]
  readonly teams: readonly string[]
  /** The keys themselves, and the ids that rows and scopes name. */
  readonly keys: readonly { readonly key: string; readonly token: string }[]
  readonly users: readonly string[] | undefined
  readonly customers: readonly string[] | undefined
  readonly tags: readonly string[]
  /** Why a feature is off; absent means it is on. */
  readonly missing: ReadonlyMap<Feature, string>
}

/** A limit as admin routes take it. */
export const limitFields = ({ limitNano, duration }: Limit): Fields => ({
  ...(limitNano === undefined ? {} : { max_budget: usdFromNano(limitNano) }),
  ...(duration === undefined ? {} : { budget_duration: duration }),
})

const rateFields = ({ rpm, tpm, parallel }: Rates = {}): Fields => ({
  ...(rpm === undefined ? {} : { rpm_limit: rpm }),
  ...(tpm === undefined ? {} : { tpm_limit: tpm }),
  ...(parallel === undefined ? {} : { max_parallel_requests: parallel }),
})

/** A key with several windows has no budget of the one kind that can be changed. */
export const hasWindows = (at: number, { limitNano }: Limit): boolean => at % 10 === 0 && limitNano !== undefined

const AT_A_TIME = 8

/** Makes everybody that the plan names, as far as the gateway knows their kinds. */
export async function makeEntities(plan: Plan, admin: Admin): Promise<Entities> {
  const missing = new Map<Feature, string>()
  const must = async (path: string, body: Fields): Promise<Fields> => {
    const answered = await admin(path, body)
    if (!answered.ok) throw new Error(`POST ${path} answered ${answered.status}: ${JSON.stringify(answered.body)}`)
    return answered.body
  }
  const probe = async (feature: Feature, path: string, body: Fields): Promise<boolean> => {
    const { ok, status } = await admin(path, body)
    if (!ok) missing.set(feature, `POST ${path} answered ${status}`)
    return ok
  }

  const organizations = await inTurn(plan.organizations, async (limit, at) =>
    String(
      (await must('/organization/new', { organization_alias: `organization ${at}`, ...limitFields(limit) }))
        .organization_id,
    ),
  )
  const teamLimits = plan.teams.map(({ organization, limitNano, duration }) => {
    const limit = { ...(limitNano === undefined ? {} : { limitNano }), ...(duration === undefined ? {} : { duration }) }
    return atMost(limit, organization === undefined ? {} : (plan.organizations[organization] ?? {}))
  })
  const teams = await inTurn(plan.teams, async ({ organization, rates }, at) =>
    String(
      (
        await must('/team/new', {
          team_alias: `team ${at}`,
          ...(organization === undefined ? {} : { organization_id: organizations[organization] }),
          ...limitFields(teamLimits[at] ?? {}),
          ...rateFields(rates),
        })
      ).team_id,
    ),
  )
  await probe('changing a team’s limit', '/team/update', { team_id: teams[0], team_alias: 'team zero' })
  await probe('changing an organization’s limit', '/organization/update', {
    organization_id: organizations[0],
    organization_alias: 'organization zero',
  })

  const shared = async (
    feature: Feature,
    path: string,
    limits: readonly (Limit & { readonly rates?: Rates })[],
  ): Promise<string[] | undefined> => {
    const names = limits.map((_, at) => `${path.split('/')[1]}-${at}`)
    const [first, ...others] = limits
    if (!(await probe(feature, path, { user_id: names[0], ...limitFields(first ?? {}), ...rateFields(first?.rates) })))
      return undefined
    await inTurn(others, (limit, at) =>
      must(path, { user_id: names[at + 1], ...limitFields(limit), ...rateFields(limit.rates) }),
    )
    return names
  }
  const users = await shared('users shared by keys', '/user/new', plan.users)
  const customers = await shared('customers shared by keys', '/customer/new', plan.customers)
  const tags = await inTurn(plan.tags, async (limit, at) => {
    await must('/tag/new', { name: `tag-${at}`, ...limitFields(limit) })
    return `tag-${at}`
  })
  await inTurn(plan.members, ({ team, user, limitNano, duration }) =>
    must('/team/member_add', {
      team_id: teams[team],
      member: { user_id: users?.[user] },
      ...(limitNano === undefined ? {} : { max_budget_in_team: usdFromNano(limitNano) }),
      ...(duration === undefined ? {} : { budget_duration: duration }),
    }),
  )
  const several = await probe('several windows on a key', '/key/generate', {
    budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
  })

  const keys = await inTurn(plan.keys, async ({ team, user, rates, model, ...limit }, at) => {
    const windows = several && hasWindows(at, limit)
    const made = await must('/key/generate', {
      key_alias: `key ${at}`,
      ...(team === undefined ? {} : { team_id: teams[team] }),
      ...(users ? { user_id: users[user] } : {}),
      ...(windows
        ? {
            budget_limits: [
              { budget_duration: '30s', max_budget: usdFromNano((limit.limitNano ?? 0n) / 2n) },
              { budget_duration: '1d', max_budget: usdFromNano(limit.limitNano ?? 0n) },
            ],
          }
        : limitFields(atMost(limit, team === undefined ? {} : (teamLimits[team] ?? {})))),
      ...rateFields(rates),
      ...(model === undefined ? {} : { model_max_budget: { cheap: modelFields(model) } }),
    })
    return { key: String(made.key), token: String(made.token) }
  })
  return { organizations, teams, keys, users, customers, tags, missing }
}

const modelFields = ({ limitNano, duration }: Limit): Fields => ({
  budget_limit: usdFromNano(limitNano ?? 0n),
  ...(duration === undefined ? {} : { time_period: duration }),
})

/** A team is never promised more than its organization has, nor a key more than its team. */
function atMost(limit: Limit, { limitNano }: Limit): Limit {
  if (limit.limitNano === undefined || limitNano === undefined || limit.limitNano <= limitNano) return limit
  return { ...limit, limitNano }
}

async function inTurn<T, R>(items: readonly T[], make: (item: T, at: number) => Promise<R>): Promise<R[]> {
  const made: R[] = []
  for (let at = 0; at < items.length; at += AT_A_TIME) {
    made.push(...(await Promise.all(items.slice(at, at + AT_A_TIME).map((item, index) => make(item, at + index)))))
  }
  return made
}
