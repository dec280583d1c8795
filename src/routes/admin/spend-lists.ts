import * as z from 'zod'
import { usdFromNano } from '../../money.ts'
import type { SpendGroup } from '../../spend/report.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { ALL_DAYS, dates, daysBetween } from './spend-dates.ts'
import { calledBy } from './spend-names.ts'
import { keyOfDays } from './spend-own.ts'

const common = { method: 'GET', access: 'viewer', tag: 'Spend' } as const
const rows = z.array(z.record(z.string(), z.unknown()))
const object = z.record(z.string(), z.unknown())
/** Lists of everybody: the most expensive thousand, unless another page is asked for. */
const paged = {
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
}

const users = route({
  ...common,
  paths: ['/spend/users'],
  summary: 'People by what they ever spent, the most first.',
  query: z.strictObject({ user_id: name.optional(), ...paged }),
  out: rows,
  async handle({ query: { user_id: userId, limit: size, page: number }, deps }) {
    const entities = userId === undefined ? undefined : [userId]
    const about = { kind: 'user', entities, ...ALL_DAYS, page: { number, size } } as const
    const [groups = []] = await deps.spendReport.days(about, [['entity']])
    const called = await calledBy('user', groups, deps)
    return groups.map(({ entity, costNano }) => ({
      user_id: entity,
      user_alias: called(entity) === entity ? null : called(entity),
      spend: usdFromNano(costNano),
    }))
  },
})

const everyKey = route({
  ...common,
  paths: ['/spend/keys'],
  summary: 'Keys by what they ever spent, the most first; deleted ones too.',
  query: z.strictObject(paged),
  out: rows,
  async handle({ query: { limit: size, page: number }, deps }) {
    const about = { kind: 'all', ...ALL_DAYS, page: { number, size } } as const
    const [groups = []] = await deps.spendReport.days(about, [['key_id']])
    const known = await deps.spendReport.keyNames(groups.map(({ key_id }) => key_id))
    return groups.map(({ key_id, costNano }) => {
      const key = known.get(key_id)
      return {
        token: key?.token ?? key_id,
        key_alias: key?.alias ?? null,
        key_name: key?.name ?? '',
        team_id: key?.teamId ?? null,
        spend: usdFromNano(costNano),
      }
    })
  },
})

const tagged = z.strictObject({ ...dates, tags: z.string().max(10_000).optional() })

async function tagsOf(query: z.output<typeof tagged>, deps: AppDeps): Promise<readonly SpendGroup[]> {
  const entities = query.tags?.split(',').map((tag) => tag.trim())
  const about = { kind: 'tag', entities, ...daysBetween(query, deps.gateway.clock()) } as const
  return (await deps.spendReport.days(about, [['entity']]))[0] ?? []
}

const globalTags = route({
  ...common,
  paths: ['/global/spend/tags'],
  summary: 'Spend by tag.',
  query: tagged,
  out: object,
  handle: async ({ query, deps }) => ({
    spend_per_tag: (await tagsOf(query, deps)).map(({ entity, costNano, requests }) => ({
      name: entity,
      spend: usdFromNano(costNano),
      log_count: requests,
    })),
  }),
})

const tags = route({
  ...common,
  paths: ['/spend/tags'],
  summary: 'Spend by tag, as a list.',
  query: tagged,
  out: rows,
  handle: async ({ query, deps }) =>
    (await tagsOf(query, deps)).map(({ entity, costNano, requests }) => ({
      individual_request_tag: entity,
      log_count: requests,
      total_spend: usdFromNano(costNano),
    })),
})

const tagNames = route({
  ...common,
  paths: ['/global/spend/all_tag_names'],
  summary: 'Every tag that a request ever had.',
  out: object,
  async handle({ deps }) {
    const [tags = []] = await deps.spendReport.days({ kind: 'tag', ...ALL_DAYS }, [['entity']])
    return { tag_names: tags.map(({ entity }) => entity).toSorted() }
  },
})

const moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}([T ].*)?$/, 'must be a UTC date as YYYY-MM-DD, perhaps with a time')
  .max(40)
  .transform((text) => text.slice(0, 10))
  .pipe(z.iso.date('must be a UTC date as YYYY-MM-DD'))

const customers = route({
  method: 'POST',
  paths: ['/global/spend/end_users'],
  access: 'viewer',
  tag: 'Spend',
  summary: 'The hundred customers that spent most in the last thirty days, or by one key.',
  body: z.strictObject({
    api_key: name.nullish(),
    startTime: moment.nullish(),
    endTime: moment.nullish(),
  }),
  out: rows,
  async handle({ body, deps: { spendReport, gateway } }) {
    const range = { start_date: body.startTime ?? undefined, end_date: body.endTime ?? undefined }
    const apiKey = await keyOfDays(body.api_key ?? undefined)
    const days = daysBetween(range, gateway.clock())
    const page = { number: 1, size: 100 }
    const [groups = []] = await spendReport.days({ kind: 'customer', apiKey, page, ...days }, [['entity']])
    return groups.map(({ entity, costNano, requests }) => ({
      end_user: entity,
      total_count: requests,
      total_spend: usdFromNano(costNano),
    }))
  },
})

export const spendListRoutes: readonly Route[] = [users, everyKey, tags, globalTags, tagNames, customers]
