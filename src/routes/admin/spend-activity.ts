import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import type { DaysQuery, SpendKind } from '../../spend/report.ts'
import { activityMetadata, activitySets, dailyActivity } from '../../spend/report-activity.ts'
import { pagesOf } from '../../spend/report-pages.ts'
import { sumOf } from '../../spend/report-sums.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { bothDates, daysBetween } from './spend-dates.ts'
import { keyOfDays, ownDays } from './spend-own.ts'
import { runsTeam, seesAll, teamsRunBy } from './whose.ts'

const asked = {
  ...bothDates,
  model: name.optional(),
  api_key: name.optional(),
  timezone: z.coerce.number().int().optional().meta({ description: 'Taken for LiteLLM and not used: days are UTC.' }),
}
const paged = {
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  page_size: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .meta({ description: 'The most days of a page; it has fewer where days are large.' }),
}
const out = z.object({
  results: z.array(z.record(z.string(), z.unknown())),
  metadata: z.record(z.string(), z.unknown()),
})

type Asked = z.output<z.ZodObject<typeof asked>>
type Page = z.output<z.ZodObject<typeof paged>>
type Whose = Pick<DaysQuery, 'kind' | 'entities' | 'apiKey'>

/** Pages are of whole days, and the totals are those of all of them; without a page all days are shown. */
async function activity(query: Asked & Partial<Page>, whose: Whose, { spendReport }: AppDeps) {
  const about = { apiKey: query.api_key, model: query.model, ...whose, ...daysBetween(query, 0) }
  const [days = []] = await spendReport.days(about, [['day']])
  const { page = 1, page_size: size } = query
  const pages = size === undefined ? [about] : pagesOf(days, size)
  const metadata = activityMetadata(sumOf(days), { page, pages: pages.length })
  const shown = pages[page - 1]
  if (shown === undefined || days.length === 0) return { results: [], metadata }
  const groups = await spendReport.days({ ...about, from: shown.from, to: shown.to }, activitySets)
  const [keys, aliases] = await Promise.all([
    spendReport.keyNames([...new Set(groups[1]?.map(({ key_id }) => key_id))]),
    spendReport.aliases(whose.kind, [...new Set(groups[1]?.map(({ entity }) => entity))]),
  ])
  return { results: dailyActivity(groups, { keys, aliases }), metadata }
}

const listed = (text: string | undefined) =>
  text
    ?.split(',')
    .map((one) => one.trim())
    .filter(Boolean)

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

interface Kind {
  readonly kind: SpendKind
  readonly access: 'key' | 'viewer'
  readonly says: string
  /** The field that names some of them. */
  readonly list: string
  readonly whose: (named: string | undefined, query: Asked, principal: Principal, deps: AppDeps) => Promise<Whose>
}

/** Of entities that nobody but the proxy's admins may see. */
const adminsAlone = (kind: SpendKind, list: string): Kind => ({
  kind,
  access: 'viewer',
  says: `by ${kind}`,
  list,
  whose: (named) => Promise.resolve({ kind, entities: listed(named) }),
})

const KINDS: readonly Kind[] = [
  {
    kind: 'user',
    access: 'key',
    says: 'of everyone for admins, of a person by keys of their own, else of the key',
    list: 'user_id',
    whose: (userId, { api_key: apiKey }, principal) =>
      Promise.resolve(ownDays({ user_id: userId, api_key: apiKey }, principal)),
  },
  {
    kind: 'team',
    access: 'key',
    says: 'by team: all of them for admins, those that the caller runs for others',
    list: 'team_ids',
    whose: async (named, _, principal, deps) => ({
      kind: 'team',
      entities: await teamsSeen(listed(named), principal, deps),
    }),
  },
  adminsAlone('organization', 'organization_ids'),
  adminsAlone('customer', 'end_user_ids'),
  adminsAlone('tag', 'tags'),
]

function routesOf({ kind, access, says, list, whose }: Kind): readonly Route[] {
  const common = { method: 'GET', access, tag: 'Spend', out } as const
  const shape = { ...asked, [list]: z.string().min(1).max(10_000).optional() }
  const answer = async (said: Asked & Partial<Page>, principal: Principal, deps: AppDeps) => {
    const query = { ...said, api_key: await keyOfDays(said.api_key) }
    const named: unknown = Reflect.get(query, list)
    return activity(query, await whose(typeof named === 'string' ? named : undefined, query, principal, deps), deps)
  }
  return [
    route({
      ...common,
      paths: [`/${kind}/daily/activity`],
      summary: `Spend, tokens and requests by day, ${says}.`,
      query: z.strictObject({ ...shape, ...paged }),
      handle: ({ query, principal, deps }) => answer(query, principal, deps),
    }),
    route({
      ...common,
      paths: [`/${kind}/daily/activity/aggregated`],
      summary: 'The same, all days at once.',
      query: z.strictObject(shape),
      handle: ({ query, principal, deps }) => answer(query, principal, deps),
    }),
  ]
}

export const spendActivityRoutes: readonly Route[] = KINDS.flatMap(routesOf)
