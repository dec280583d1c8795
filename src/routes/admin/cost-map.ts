import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import {
  nextReadingMs,
  type Reloading,
  reloadPrices,
  reloadWhenDue,
  SCHEDULE_ID,
  scheduleIn,
} from '../../gateway/price-reload.ts'
import { latestList } from '../../models/repriced.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { authorOf } from './author.ts'
import { ofKind, readNow, storeOf } from './stored.ts'

const tag = 'Model management'
const done = { status: z.literal('success'), message: z.string(), timestamp: z.string() }
const isoOf = (ms: number) => new Date(ms).toISOString()
const MOST_NAMES = 100
const MOST_HOURS = 24 * 366

/** What reading a list stands on; refuses where no models are kept in Postgres. */
export function reloadingOf(deps: AppDeps): Reloading {
  const store = storeOf(deps)
  if (deps.priceLists) return { store, lists: deps.priceLists, gateway: deps.gateway }
  throw new GatewayError(
    'not_implemented',
    'Price lists are not kept here: general_settings.store_model_in_db is off.',
    {
      retry: false,
    },
  )
}

/** What the hourly cron does about it: what goes wrong is told and kept, and stops nothing else. */
export async function reloadPricesWhenDue(
  deps: AppDeps,
  nowMs: number,
  failed: (name: string, error: unknown) => void,
): Promise<void> {
  if (!deps.models || !deps.priceLists) return
  try {
    await reloadWhenDue(nowMs, reloadingOf(deps))
  } catch (error) {
    failed('reading the price list', error)
  }
}

const reload = route({
  method: 'POST',
  paths: ['/reload/model_cost_map'],
  access: 'admin',
  tag,
  summary:
    'Read the published prices now and lay them over those that were built in, everywhere within five seconds. A bad list changes nothing and says why.',
  out: z.object({
    ...done,
    models_count: z.number(),
    changed_count: z.number(),
    version: z.string(),
    skipped: z.array(z.string()),
  }),
  async handle(asked) {
    const { version, models, changed, skipped } = await reloadPrices(authorOf(asked), reloadingOf(asked.deps))
    return {
      status: 'success' as const,
      message: `Price data reloaded successfully! ${changed} of ${models} models changed.`,
      timestamp: isoOf(asked.receivedAtMs),
      ...{ models_count: models, changed_count: changed, version, skipped: skipped.slice(0, MOST_NAMES) },
    }
  },
})

const goBack = route({
  method: 'DELETE',
  paths: ['/reload/model_cost_map'],
  access: 'admin',
  tag,
  summary: 'Take the list that holds away: the one before it holds again, or what was built in.',
  out: z.object({ ...done, version: z.string().nullable() }),
  async handle(asked) {
    const store = storeOf(asked.deps)
    const held = latestList(await readNow(asked.deps))
    if (!held) throw new GatewayError('not_found', 'No price list was read here: the prices that were built in hold.')
    await store.remove('price_list', held.id, authorOf(asked))
    const before = latestList(await readNow(asked.deps))
    return {
      status: 'success' as const,
      message: `${held.version} is taken away`,
      timestamp: isoOf(asked.receivedAtMs),
      version: before?.version ?? null,
    }
  },
})

const schedule = route({
  method: 'POST',
  paths: ['/schedule/model_cost_map_reload'],
  access: 'admin',
  tag,
  summary: 'Read the published prices every so many hours.',
  query: z.strictObject({ hours: z.coerce.number().int().min(1).max(MOST_HOURS) }),
  out: z.object({ ...done, interval_hours: z.number() }),
  async handle(asked) {
    const store = storeOf(asked.deps)
    const { hours } = asked.query
    const row = { kind: 'price_schedule' as const, id: SCHEDULE_ID, hours }
    const author = authorOf(asked)
    if (!(await store.replace<'price_schedule'>(row, author))) await store.create<'price_schedule'>(row, author)
    return {
      status: 'success' as const,
      message: `Model cost map reload scheduled for every ${hours} hours`,
      timestamp: isoOf(asked.receivedAtMs),
      interval_hours: hours,
    }
  },
})

const cancel = route({
  method: 'DELETE',
  paths: ['/schedule/model_cost_map_reload'],
  access: 'admin',
  tag,
  summary: 'Read them no more by themselves. What was read holds on.',
  out: z.object(done),
  async handle(asked) {
    await storeOf(asked.deps).remove('price_schedule', SCHEDULE_ID, authorOf(asked))
    const message = 'Model cost map reload schedule cancelled'
    return { status: 'success' as const, message, timestamp: isoOf(asked.receivedAtMs) }
  },
})

const status = route({
  method: 'GET',
  paths: ['/schedule/model_cost_map_reload/status'],
  access: 'viewer',
  tag,
  summary: 'Whether and when the published prices are read, how the last reading went, and the lists that were kept.',
  out: z.object({
    scheduled: z.boolean(),
    interval_hours: z.number().nullable(),
    last_run: z.string().nullable(),
    next_run: z.string().nullable(),
    last_error: z.string().nullable(),
    price_version: z.string(),
    history: z.array(
      z.object({
        version: z.string(),
        read_at: z.string(),
        source: z.string(),
        models_count: z.number(),
        changed_count: z.number(),
        read_by: z.string(),
      }),
    ),
  }),
  async handle({ deps }) {
    const [stored, last] = await Promise.all([readNow(deps), deps.priceLists?.last()])
    const ordered = scheduleIn(stored)
    const nextMs = nextReadingMs(ordered, last)
    const lists = ofKind(stored, 'price_list').toSorted((a, b) => (a.id < b.id ? 1 : -1))
    return {
      scheduled: ordered !== undefined,
      interval_hours: ordered?.hours ?? null,
      last_run: last ? isoOf(last.atMs) : null,
      next_run: nextMs === undefined ? null : isoOf(nextMs),
      last_error: last?.error ?? null,
      price_version: deps.gateway.config.priceVersion,
      history: lists.map(({ version, createdAtMs, source, models, changed, createdBy }) => ({
        ...{ version, source, read_at: isoOf(createdAtMs), read_by: createdBy },
        ...{ models_count: models, changed_count: changed },
      })),
    }
  },
})

export const costMapRoutes: readonly Route[] = [reload, goBack, schedule, cancel, status]
