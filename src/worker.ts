import { createApp } from './app.ts'
import { eraseDeleted } from './audit/erase-neon.ts'
import { dropOldAudit } from './audit/neon.ts'
import { builtConfig } from './config/built.ts'
import { withoutValues } from './db/sql-state.ts'
import { operatorLog } from './deps/operator-log.ts'
import { alertsFor, bodiesFor, countTotals, dbFor, deliveriesDeps, depsFor, recordedBy } from './deps.ts'
import { chargeOpenBatches } from './gateway/batch-results.ts'
import { dropOldChecks } from './health/checks-neon.ts'
import { dropExpiredIdempotency } from './idempotency/neon.ts'
import { consumeDeliveries } from './observe/consumer.ts'
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

/** Longer than any vendor keeps the results of a batch that nobody asks for. */
const PAID_BATCHES_KEPT_MS = 180 * 86_400_000

const app = createApp(depsFor)

const failed = (name: string, error: unknown) => operatorLog('error', `${name} failed`, { error: String(error) })

/** In turn; what fails is told, and keeps none of the others from their hour. */
async function eachByItself(jobs: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  for (const [name, job] of Object.entries(jobs)) {
    try {
      await job()
    } catch (error) {
      failed(name, withoutValues(error))
    }
  }
}

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
    const db = dbFor(env)
    const { general, observe } = builtConfig()
    const { auditLogsMs, spendLogsMs } = general
    await eachByItself({
      'old health checks': () => dropOldChecks(db, atMs - CHECKS_KEPT_MS),
      'partitions ahead': () => keepPartitionsAhead(db, atMs),
      'budgets of the file': () => keepFileLimits(db, fileLimitsOf(builtConfig())),
      'expired responses': () => dropExpiredResponses(db, atMs),
      'expired idempotency keys': () => dropExpiredIdempotency(db, atMs),
      'expired tokens': () => dropExpiredTokens(db, atMs),
      'old rows of the audit log': async () => auditLogsMs !== undefined && dropOldAudit(db, atMs - auditLogsMs),
      'totals for metrics': () => countTotals(env, atMs),
      'deleted people': () => eraseDeleted(db, atMs),
      'old days of the spend log': async () => spendLogsMs !== undefined && dropOldPartitions(db, atMs, spendLogsMs),
      'old bodies': async () => observe?.bodies && bodiesFor(env)?.drop(atMs - observe.bodies.keptMs),
      prices: async () => reloadPricesWhenDue(await depsFor(env, ctx), atMs, failed),
      // Last, because others are waited for.
      'open batches': async () => {
        const { batches, gateway } = await depsFor(env, ctx)
        if (!batches) return
        await chargeOpenBatches(batches, gateway, failed)
        await batches.objects.dropOld(atMs - PAID_BATCHES_KEPT_MS)
      },
    })
  },
} satisfies ExportedHandler<Env>
