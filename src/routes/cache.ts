import * as z from 'zod'
import type { CacheAdmin } from '../cache/exact.ts'
import { GatewayError } from '../errors.ts'
import { usdFromNano } from '../money.ts'
import type { AppDeps } from './deps.ts'
import { type Route, route } from './route.ts'

const done = z.object({ status: z.literal('success') })

const ping = route({
  method: 'GET',
  paths: ['/cache/ping'],
  access: 'admin',
  tag: 'Cache',
  summary: 'Whether the cache answers.',
  out: z.object({ status: z.literal('healthy'), cache_type: z.string(), ping_response: z.boolean() }),
  async handle({ deps }) {
    const admin = adminOf(deps)
    await answering(() => admin.ping())
    return { status: 'healthy', cache_type: admin.isShared ? 'redis' : 'local', ping_response: true }
  },
})

const deletion = route({
  method: 'POST',
  paths: ['/cache/delete'],
  access: 'admin',
  tag: 'Cache',
  summary: 'Delete answers by the keys that x-litellm-cache-key told. No isolate gives them any more after 5 seconds.',
  body: z.strictObject({ keys: z.array(z.string().min(1).max(512)).min(1).max(500) }),
  out: done.extend({ deleted: z.number() }),
  async handle({ body, deps }) {
    const admin = sharedAdmin(deps)
    const deleted = await answering(() => admin.forget(body.keys))
    return { status: 'success', deleted }
  },
})

const flush = route({
  method: 'POST',
  paths: ['/cache/flushall'],
  access: 'admin',
  tag: 'Cache',
  summary: 'Forget every answer of this gateway. What else lies in the same Redis stays.',
  out: done,
  async handle({ deps }) {
    const admin = sharedAdmin(deps)
    await answering(() => admin.flush())
    return { status: 'success' }
  },
})

const counts = z.object({
  team_id: z.string().nullable(),
  model_group: z.string(),
  exact: z.number(),
  semantic: z.number(),
  miss: z.number(),
  bypass: z.number(),
  saved_usd: z.number(),
  saved_ms: z.number(),
})

const stats = route({
  method: 'GET',
  paths: ['/cache/stats'],
  access: 'admin',
  tag: 'Cache',
  summary: 'Hits by kind, and what they saved, by team and model since the last flush; memory is that of one isolate.',
  out: z.object({
    memory_bytes: z.number(),
    faults: z.number(),
    breaker_opened: z.number(),
    by_team_and_model: z.array(counts),
  }),
  async handle({ deps }) {
    const admin = adminOf(deps)
    const { memoryBytes, faults, breakerOpened, counts } = await answering(() => admin.stats())
    return {
      memory_bytes: memoryBytes,
      faults,
      breaker_opened: breakerOpened,
      by_team_and_model: rowsOf(counts),
    }
  },
})

type Row = { -readonly [K in keyof z.output<typeof counts>]: z.output<typeof counts>[K] }

/** Counters are named `kind:["team","model"]`. */
function rowsOf(counted: Readonly<Record<string, number>>): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const [counter, amount] of Object.entries(counted)) {
    const colon = counter.indexOf(':')
    const [kind, name] = [counter.slice(0, colon), counter.slice(colon + 1)]
    const [team, model] = JSON.parse(name) as [string, string]
    const row = rows.get(name) ?? {
      ...{ team_id: team || null, model_group: model },
      ...{ exact: 0, semantic: 0, miss: 0, bypass: 0, saved_usd: 0, saved_ms: 0 },
    }
    rows.set(name, row)
    if (kind === 'nano') row.saved_usd = usdFromNano(BigInt(amount))
    else if (kind === 'ms') row.saved_ms = amount
    else if (kind === 'exact' || kind === 'semantic' || kind === 'miss' || kind === 'bypass') row[kind] = amount
  }
  return [...rows.values()]
}

function adminOf({ cache }: AppDeps): CacheAdmin {
  if (cache) return cache
  throw new GatewayError('not_found', 'No cache is configured. Set litellm_settings.cache: true in the config.', {
    type: 'cache_ping_error',
  })
}

/** Memory alone reaches nobody but the isolate that is asked. */
function sharedAdmin(deps: AppDeps): CacheAdmin {
  const admin = adminOf(deps)
  if (admin.isShared) return admin
  throw new GatewayError(
    'invalid_request',
    'Answers lie in the memory of each isolate, which cannot be reached from here. Set cache_params.type: redis.',
  )
}

async function answering<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw new GatewayError('database_unavailable', 'Redis does not answer. Ask again in a moment.', {
      type: 'cache_ping_error',
      retry: true,
      cause: cause instanceof Error ? cause.name : typeof cause,
    })
  }
}

export const cacheRoutes: readonly Route[] = [ping, deletion, flush, stats]
