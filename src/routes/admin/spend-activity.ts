import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import type { DaysQuery, SpendKind } from '../../spend/report.ts'
import { activityMetadata, activitySets, dailyActivity, nothing } from '../../spend/report-activity.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { personOf } from './runs-organization.ts'
import { bothDates, daysBetween } from './spend-dates.ts'
import { runsTeam, seesAll, teamsRunBy } from './whose.ts'

const query = {
  ...bothDates,
  model: name.optional(),
  api_key: name.optional(),
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  page_size: z.coerce.number().int().min(1).max(1_000).default(50),
  timezone: z.coerce.number().int().optional().meta({ description: 'Taken for LiteLLM and not used: days are UTC.' }),
}
const out = z.object({
  results: z.array(z.record(z.string(), z.unknown())),
  metadata: z.record(z.string(), z.unknown()),
})

type Asked = z.output<z.ZodObject<typeof query>>

/** Pages are of whole days, and the totals are those of all of them. */
async function activity(asked: Asked, whose: Pick<DaysQuery, 'kind' | 'entities' | 'apiKey'>, deps: AppDeps) {
  const { page, page_size: pageSize, model } = asked
  const report = deps.spendReport
  const about = { apiKey: asked.api_key, model, ...whose, ...daysBetween(asked, 0) }
  const [totals = [], all = []] = await report.days(about, [[], ['day']])
  const shown = all
    .map(({ day }) => day)
    .toSorted()
    .toReversed()
    .slice((page - 1) * pageSize, page * pageSize)
  const metadata = activityMetadata(totals[0] ?? nothing, all.length, { page, pageSize })
  const [to, from] = [shown[0], shown.at(-1)]
  if (from === undefined || to === undefined) return { results: [], metadata }
  const groups = await report.days({ ...about, from, to }, activitySets)
  const [keys, aliases] = await Promise.all([
    report.keyNames([...new Set(groups[4]?.map(({ key_id }) => key_id))]),
    report.aliases(whose.kind, [...new Set(groups[5]?.map(({ entity }) => entity))]),
  ])
  return { results: dailyActivity(groups, { keys, aliases }), metadata }
}

const listed = (text: string | undefined) =>
  text
    ?.split(',')
    .map((one) => one.trim())
    .filter(Boolean)

/** Whose days a caller may see: everyone's for admins, a person's own by the person's own keys, else the key's. */
export function ownDays(
  {
    user_id: userId,
    api_key: apiKey,
  }: { readonly user_id?: string | undefined; readonly api_key?: string | undefined },
  principal: Principal,
): Pick<DaysQuery, 'kind' | 'entities' | 'apiKey'> {
  if (seesAll(principal))
    return userId === undefined ? { kind: 'all', apiKey } : { kind: 'user', entities: [userId], apiKey }
  const person = personOf(principal)
  if (userId !== undefined && userId !== person)
    throw new GatewayError('forbidden', 'You may see your own spend only. Leave user_id out.', { param: 'user_id' })
  if (person !== undefined) return { kind: 'user', entities: [person], apiKey }
  if (apiKey !== undefined && apiKey !== principal.keyHash)
    throw new GatewayError('forbidden', 'A key may see its own spend only. Leave api_key out.', { param: 'api_key' })
  return { kind: 'all', apiKey: principal.keyId }
}

const users = route({
  method: 'GET',
  paths: ['/user/daily/activity'],
  access: 'key',
  tag: 'Spend',
  summary:
    'Spend, tokens and requests by day: of everyone for admins, of a person by keys of their own, else of the key.',
  query: z.strictObject({ ...query, user_id: name.optional() }),
  out,
  handle: ({ query: asked, principal, deps }) => activity(asked, ownDays(asked, principal), deps),
})

/** The teams asked for, as far as the caller runs them; undefined is all. */
async function teamsSeen(asked: readonly string[] | undefined, principal: Principal, deps: AppDeps) {
  if (seesAll(principal)) return asked
  const teams = asked ?? (await teamsRunBy(principal, deps))
  if (teams.length === 0)
    throw new GatewayError('forbidden', 'Only an admin of a team may see what it spends. Ask for /user/daily/activity.')
  for (const teamId of teams) {
    if (!(await runsTeam(principal, teamId, deps)))
      throw new GatewayError('forbidden', `Only an admin of team_id = ${teamId} may see what it spends.`, {
        param: 'team_ids',
      })
  }
  return teams
}

const teams = route({
  method: 'GET',
  paths: ['/team/daily/activity'],
  access: 'key',
  tag: 'Spend',
  summary: 'The same by team: all of them for admins, those that the caller runs for others.',
  query: z.strictObject({ ...query, team_ids: z.string().max(10_000).optional() }),
  out,
  async handle({ query: asked, principal, deps }) {
    const entities = await teamsSeen(listed(asked.team_ids), principal, deps)
    return activity(asked, { kind: 'team', entities }, deps)
  },
})

/** Of entities that nobody but the proxy's admins may see. */
function adminsActivity(path: `/${string}`, kind: SpendKind, list: string): Route {
  return route({
    method: 'GET',
    paths: [path],
    access: 'viewer',
    tag: 'Spend',
    summary: `The same by ${kind}.`,
    query: z.strictObject({ ...query, [list]: z.string().max(10_000).optional() }),
    out,
    handle: ({ query: asked, deps }) => {
      const ids: unknown = Reflect.get(asked, list)
      return activity(asked, { kind, entities: listed(typeof ids === 'string' ? ids : undefined) }, deps)
    },
  })
}

export const spendActivityRoutes: readonly Route[] = [
  users,
  teams,
  adminsActivity('/organization/daily/activity', 'organization', 'organization_ids'),
  adminsActivity('/customer/daily/activity', 'customer', 'end_user_ids'),
  adminsActivity('/tag/daily/activity', 'tag', 'tags'),
]
