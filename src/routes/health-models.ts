import * as z from 'zod'
import type { Deployment } from '../config/config.ts'
import { deploymentsFor } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import { probe, probingOf } from '../gateway/probe.ts'
import { type Check, type CheckLog, dueOf } from '../health/checks.ts'
import { usdFromNano } from '../money.ts'
import { masterPrincipal } from '../tenants/principal-of.ts'
import type { AppDeps } from './deps.ts'
import { type Route, route } from './route.ts'

/** An answer of late is good enough: asking again costs money. */
const KEPT_MS = 60_000
const DAY_MS = 86_400_000
const AT_ONCE = 8
const OTHERS_MS = 12_000
const OTHERS_EVERY_MS = 250

const checkShape = z.object({
  health_check_id: z.string(),
  model_name: z.string(),
  model_id: z.string(),
  model: z.string(),
  status: z.enum(['healthy', 'unhealthy']),
  response_time_ms: z.number(),
  cost: z.number(),
  error_message: z.string().nullable(),
  checked_at: z.iso.datetime(),
  checked_by: z.string(),
})

const health = route({
  method: 'GET',
  paths: ['/health'],
  access: 'admin',
  tag: 'Health',
  summary:
    'Asks deployments for a word each, those that were not asked in the last minute, and says how they answered and what it cost. With background checks it only tells what those found.',
  query: z.object({ model: z.string().optional(), model_id: z.string().optional() }),
  out: z.object({
    healthy_endpoints: z.array(checkShape),
    unhealthy_endpoints: z.array(checkShape),
    healthy_count: z.number(),
    unhealthy_count: z.number(),
    not_checked: z.array(z.object({ model_name: z.string(), model_id: z.string(), reason: z.string() })),
    cost: z.number(),
  }),
  async handle({ deps, query, receivedAtMs }) {
    const log = logOf(deps)
    const { config, env } = deps.gateway
    const those = deploymentsFor(config, env).filter(
      ({ deployment: { group, id } }) =>
        (query.model === undefined || query.model === group) && (query.model_id === undefined || query.model_id === id),
    )
    if (those.length === 0)
      throw new GatewayError('not_found', 'There is no such deployment. GET /v1/model/info lists them.')
    const able = those.flatMap(({ deployment, reason }) =>
      reason === undefined && probingOf(deployment) ? [deployment] : [],
    )
    const before = await log.latest(idsOf(able))
    const inBackground = config.general.healthChecks !== undefined
    const due = dueOf(able, before, inBackground ? Number.POSITIVE_INFINITY : KEPT_MS, receivedAtMs)
    const fresh = await checkEach(due, { by: 'asked', keptMs: KEPT_MS }, { log, gateway: deps.gateway })
    const elsewhere = due.filter(({ id }) => !fresh.some(({ deployment }) => deployment === id))
    const theirs = await askedByOthers(elsewhere, deps, log)
    const known = new Map([...before, ...theirs, ...fresh].map((check) => [check.deployment, check]))
    const checks = able.flatMap(({ id }) => known.get(id) ?? [])
    const [well, ill] = [checks.filter(({ ok }) => ok), checks.filter(({ ok }) => !ok)]
    return {
      healthy_endpoints: well.map(shown),
      unhealthy_endpoints: ill.map(shown),
      healthy_count: well.length,
      unhealthy_count: ill.length,
      not_checked: those.flatMap(({ deployment, reason }) =>
        known.has(deployment.id)
          ? []
          : [
              {
                model_name: deployment.group,
                model_id: deployment.id,
                reason: reason ?? (able.includes(deployment) ? 'somebody else is asking it' : whyNot(deployment)),
              },
            ],
      ),
      cost: usdFromNano(fresh.reduce((sum, { costNano }) => sum + costNano, 0n)),
    }
  },
})

const whyNot = ({ group, mode }: { readonly group: string; readonly mode: string }) =>
  group.includes('*')
    ? 'a wildcard is asked for the model that model_info.health_check_model names'
    : `nothing cheap can be asked of a model for '${mode}'`

const history = route({
  method: 'GET',
  paths: ['/health/history'],
  access: 'admin',
  tag: 'Health',
  summary: 'What checks of deployments found, newest first.',
  query: z.object({
    model: z.string().optional(),
    status_filter: z.enum(['healthy', 'unhealthy']).optional(),
    days_back: z.coerce.number().positive().max(90).default(7),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    offset: z.coerce.number().int().min(0).default(0),
  }),
  out: z.object({
    health_checks: z.array(checkShape),
    total_records: z.number(),
    limit: z.number(),
    offset: z.number(),
  }),
  async handle({ deps, query: { model, status_filter: status, days_back: days, limit, offset }, receivedAtMs }) {
    const { found, total } = await logOf(deps).history({
      group: model,
      ok: status === undefined ? undefined : status === 'healthy',
      sinceMs: receivedAtMs - days * DAY_MS,
      most: limit,
      after: offset,
    })
    return { health_checks: found.map(shown), total_records: total, limit, offset }
  },
})

const latest = route({
  method: 'GET',
  paths: ['/health/latest'],
  access: 'admin',
  tag: 'Health',
  summary: 'The last check of each deployment that there is. Asks none.',
  out: z.object({ latest_health_checks: z.record(z.string(), checkShape), total_models: z.number() }),
  async handle({ deps }) {
    const { config, env } = deps.gateway
    const checks = await logOf(deps).latest(idsOf(deploymentsFor(config, env).map(({ deployment }) => deployment)))
    return {
      latest_health_checks: Object.fromEntries(checks.map((check) => [check.deployment, shown(check)])),
      total_models: checks.length,
    }
  },
})

function logOf({ healthChecks }: AppDeps): CheckLog {
  if (!healthChecks)
    throw new GatewayError('not_found', 'Checks of deployments are kept in Postgres, and there is none.')
  return healthChecks
}

const idsOf = (deployments: readonly Deployment[]) => deployments.map(({ id }) => id)

interface Asking {
  readonly by: Check['by']
  /** How long an answer is good enough, whoever asked. */
  readonly keptMs: number
}

/**
 * A few at a time, since each may wait for a vendor. What comes of one is kept at once, so that a run that is cut short
 * loses none; what somebody else asks meanwhile is left to them.
 */
async function checkEach(
  deployments: readonly Deployment[],
  { by, keptMs }: Asking,
  { log, gateway }: { readonly log: CheckLog; readonly gateway: AppDeps['gateway'] },
): Promise<readonly Check[]> {
  const checks: Check[] = []
  const waiting = deployments.values()
  const worker = async () => {
    for (const one of waiting) {
      const nowMs = gateway.clock()
      if (!(await log.claim(one.id, nowMs, keptMs))) continue
      const check = await probe(one, by, gateway, masterPrincipal(nowMs))
      if (!check) continue
      checks.push(check)
      await log.keep([check])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return checks
}

/** What others find who ask these at this moment, waited for as long as one question takes. */
async function askedByOthers(
  deployments: readonly Deployment[],
  { gateway: { clock, sleep } }: Pick<AppDeps, 'gateway'>,
  log: CheckLog,
): Promise<readonly Check[]> {
  const sinceMs = clock() - KEPT_MS
  const untilMs = clock() + OTHERS_MS
  for (;;) {
    const found = deployments.length === 0 ? [] : await log.latest(idsOf(deployments))
    if (dueOf(deployments, found, KEPT_MS, sinceMs + KEPT_MS).length === 0 || clock() >= untilMs) return found
    await sleep(OTHERS_EVERY_MS, new AbortController().signal)
  }
}

/** The cron's part: asks those whose last check is older than the operator wants it. */
export async function checkInBackground(deps: Pick<AppDeps, 'gateway' | 'healthChecks'>, nowMs: number): Promise<void> {
  const { config, env } = deps.gateway
  const { healthChecks: rules } = config.general
  if (!rules || !deps.healthChecks) return
  const { groups } = rules
  const able = deploymentsFor(config, env).flatMap(({ deployment, reason }) =>
    reason === undefined &&
    deployment.healthCheck?.background !== false &&
    (groups === undefined || groups.includes(deployment.group))
      ? [deployment]
      : [],
  )
  // A cron is never quite on time: what is due within the next half minute is due.
  const keptMs = rules.everyMs - 30_000
  const { healthChecks: log, gateway } = deps
  const due = dueOf(able, await log.latest(idsOf(able)), keptMs, nowMs)
  await checkEach(due, { by: 'background', keptMs }, { log, gateway })
}

function shown(check: Check): z.output<typeof checkShape> {
  return {
    health_check_id: check.id,
    model_name: check.group,
    model_id: check.deployment,
    model: `${check.provider}/${check.model}`,
    status: check.ok ? 'healthy' : 'unhealthy',
    response_time_ms: check.latencyMs,
    cost: usdFromNano(check.costNano),
    error_message: check.error,
    checked_at: new Date(check.atMs).toISOString(),
    checked_by: check.by,
  }
}

export const healthModelRoutes: readonly Route[] = [health, history, latest]
