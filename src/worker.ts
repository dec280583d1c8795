import { createApp } from './app.ts'
import { eraseDeleted } from './audit/erase-neon.ts'
import { dropOldAudit } from './audit/neon.ts'
import { builtConfig } from './config/built.ts'
import { operatorLog } from './deps/operator-log.ts'
import { alertsFor, bodiesFor, dbFor, deliveriesDeps, depsFor, recordedBy } from './deps.ts'
import { chargeOpenBatches } from './gateway/batch-results.ts'
import { dropOldChecks } from './health/checks-neon.ts'
import { dropExpiredIdempotency } from './idempotency/neon.ts'
import { consumeDeliveries } from './observe/deliveries.ts'
import { dropExpiredResponses } from './responses/neon.ts'
import { reloadPricesWhenDue } from './routes/admin/cost-map.ts'
import { checkInBackground } from './routes/health-models.ts'
import { consumeDeadLetters, consumeSpend } from './spend/consumer.ts'
import { dropOldPartitions, keepPartitionsAhead } from './spend/partitions.ts'
import { dropExpiredTokens } from './tenants/expired-neon.ts'
import { fileLimitsOf } from './tenants/file-limits.ts'
import { keepFileLimits } from './tenants/file-limits-neon.ts'

export { HealthObject } from './health/health-object.ts'
export { LedgerObject } from './ledger/ledger-object.ts'
export { MetricsObject } from './observe/metrics-object.ts'

/** The cron of what may not wait an hour, as wrangler.toml has it; any other does everything. */
const EVERY_MINUTE = '*/1 * * * *'

/** As far back as `GET /health/history` goes. */
const CHECKS_KEPT_MS = 90 * 86_400_000

const app = createApp(depsFor)

const failed = (name: string, error: unknown) => operatorLog('error', `${name} failed`, { error: String(error) })

export default {
  fetch(request, env, ctx) {
    const answer = Promise.resolve(app.fetch(request, env, ctx))
    // A client that leaves must not take the bookkeeping with it.
    ctx.waitUntil(answer.catch(() => {}))
    return answer
  },

  async queue(batch, env, ctx) {
    if (batch.queue.endsWith('-deliveries')) return consumeDeliveries(batch.messages, deliveriesDeps(env, failed))
    const consume = batch.queue.endsWith('-dead') ? consumeDeadLetters : consumeSpend
    await consume(batch, { db: dbFor(env), ...recordedBy(env, ctx, failed) })
  },

  async scheduled(controller, env, ctx) {
    const atMs = controller.scheduledTime
    await alertsFor(env)?.tick(atMs)
    if (controller.cron === EVERY_MINUTE) {
      if (builtConfig().general.healthChecks) await checkInBackground(await depsFor(env, ctx), atMs)
      return
    }
    await dropOldChecks(dbFor(env), atMs - CHECKS_KEPT_MS)
    await keepPartitionsAhead(dbFor(env), atMs)
    await keepFileLimits(dbFor(env), fileLimitsOf(builtConfig()))
    await dropExpiredResponses(dbFor(env), atMs)
    await dropExpiredIdempotency(dbFor(env), atMs)
    await dropExpiredTokens(dbFor(env), atMs)
    const { auditLogsMs, spendLogsMs } = builtConfig().general
    if (auditLogsMs !== undefined) await dropOldAudit(dbFor(env), atMs - auditLogsMs)
    await eraseDeleted(dbFor(env), atMs)
    if (spendLogsMs !== undefined) await dropOldPartitions(dbFor(env), atMs, spendLogsMs)
    const { observe } = builtConfig()
    if (observe?.bodies) await bodiesFor(env)?.drop(atMs - observe.bodies.keptMs)
    // Last, because others are waited for.
    const deps = await depsFor(env, ctx)
    const { batches, gateway } = deps
    await reloadPricesWhenDue(deps, atMs, failed)
    if (batches) await chargeOpenBatches(batches, gateway, failed)
  },
} satisfies ExportedHandler<Env>
