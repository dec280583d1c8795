import type { Alerts } from './alerts/alerts.ts'
import { neonAudit } from './audit/neon.ts'
import { systemClock } from './clock.ts'
import { builtConfig } from './config/built.ts'
import type { Config, Text } from './config/config.ts'
import { readText } from './config/read.ts'
import { createDb, type Db } from './db/client.ts'
import { upstashClient } from './db/upstash-client.ts'
import { batchesOver } from './deps/batches.ts'
import { bodiesOver } from './deps/bodies.ts'
import { cacheOver } from './deps/cache.ts'
import { identityOver } from './deps/identity.ts'
import { levelIn, logFrom, operatorLog, warn } from './deps/operator-log.ts'
import { priceListsOver } from './deps/price-lists.ts'
import {
  alertsOver,
  type Concerned,
  concernedIn,
  deliveringWith,
  PROMETHEUS,
  recordingTo,
  testSink,
} from './deps/signals.ts'
import { type TellChange, tellsChanges, toldOfChanges, toldOfModels } from './deps/told-of-changes.ts'
import type { GatewayDeps } from './gateway/deps.ts'
import { HandOver } from './gateway/hand-over.ts'
import { pause } from './gateway/pause.ts'
import { unpricedTo } from './gateway/unpriced.ts'
import { neonChecks } from './health/checks-neon.ts'
import { durableHealth, type HealthStub } from './health/durable.ts'
import { type HealthSettings, healthSettings } from './health/settings.ts'
import { neonIdempotency } from './idempotency/neon.ts'
import { Allowances } from './ledger/allowances.ts'
import { DurableLedger, type LedgerStub } from './ledger/durable.ts'
import { SharedLimits } from './ledger/shared-limits.ts'
import { spanOf } from './ledger/span.ts'
import { bars, FLOOD, GUESS, guardOf } from './middleware/guard.ts'
import { announcedModels } from './models/announced.ts'
import { type CurrentConfig, currentConfig } from './models/current.ts'
import { neonModels } from './models/neon.ts'
import { PREVIOUS_SALT } from './models/resolve.ts'
import type { BodyStore } from './observe/bodies.ts'
import { neonBudgets } from './observe/budgets-neon.ts'
import type { CallbacksOf } from './observe/callbacks.ts'
import { neonCallbacks } from './observe/callbacks-neon.ts'
import type { DeliveriesDeps } from './observe/consumer.ts'
import type { DebugKeys } from './observe/debug.ts'
import { neonDebug } from './observe/debug-neon.ts'
import type { Format } from './observe/exposition.ts'
import type { Delta } from './observe/metrics.ts'
import { Pauses } from './observe/pauses.ts'
import { replayDeliveries } from './observe/replay-neon.ts'
import { totalsIn } from './observe/totals-neon.ts'
import { neonResponses } from './responses/neon.ts'
import type { ResponseStore } from './responses/port.ts'
import type { AppDeps } from './routes/deps.ts'
import { readinessOf } from './routes/readiness.ts'
import { type KeyRing, keyRing, type Sealer, sealer } from './seal.ts'
import type { ConsumerDeps } from './spend/consumer.ts'
import { neonLog } from './spend/logs-neon.ts'
import { spendQueue } from './spend/queue.ts'
import { neonDays } from './spend/report-days-neon.ts'
import { announced } from './tenants/announced.ts'
import { cachedTenants } from './tenants/cached.ts'
import { fileLimitsOf } from './tenants/file-limits.ts'
import { generations } from './tenants/generations.ts'
import { neonTenants } from './tenants/neon.ts'
import { neonOrganizationMembers } from './tenants/organization-members-neon.ts'
import { upstashCopies } from './tenants/upstash-copies.ts'

/** How long a request waits for its ledger before it is refused: a slice may have to come from Postgres first. */
const LEDGER_TIMEOUT_MS = 5_000
/** How long a reading of the generation may take. */
const GENERATION_TIMEOUT_MS = 3_000

type Defer = GatewayDeps['defer']

/** Keeps background work alive after the answer, and tells of its failure by name. */
export function deferTo(ctx: Pick<ExecutionContext, 'waitUntil'>): Defer {
  return (name, work) =>
    ctx.waitUntil(
      work.catch((error: unknown) => operatorLog('error', 'background work failed', { name, error: String(error) })),
    )
}

type Isolate = Omit<AppDeps, 'gateway'> & {
  readonly gateway: Omit<GatewayDeps, 'defer' | 'ledger'>
  readonly allowances: Allowances
  readonly db: Db
  readonly callbacks: CallbacksOf
  readonly pauses: Pauses
  readonly ring: () => KeyRing
  readonly debugKeys: DebugKeys
  /** Whom recorded events concern: what was read a moment ago is good enough. */
  readonly concerned: Concerned
  /** Absent where nothing is laid over the built config. */
  readonly current?: CurrentConfig
}

/** `env` is one object for an isolate's life, so everything is made once for it. */
const isolates = new WeakMap<object, Isolate>()

/** The composition root: the only file that names every backend. */
export function depsFor(env: Env, ctx: Pick<ExecutionContext, 'waitUntil'>): AppDeps | Promise<AppDeps> {
  const { gateway, allowances, current, ...rest } = isolateOf(env)
  const defer = deferTo(ctx)
  const ledger = ledgerFor(env, allowances, defer)
  const { told, tellsChanges } = alerterOf(env)
  const tell: TellChange = (...change) => told && defer('alerts of a change', told.changed(...change))
  const made = (config: Config): AppDeps => ({
    ...rest,
    ...(tellsChanges ? { tenantStore: toldOfChanges(rest.tenantStore, tell) } : {}),
    ledgerAdmin: ledger,
    ...(told ? { alerts: told, ...(rest.models ? { models: toldOfModels(rest.models, tell) } : {}) } : {}),
    testSink: (sink) =>
      testSink(
        deliveriesDeps(env, () => {}),
        sink,
        systemClock(),
      ),
    gateway: { ...gateway, config, ledger: new SharedLimits(ledger), defer },
  })
  if (!current) return made(gateway.config)
  const config = current.now({ nowMs: systemClock(), defer })
  return config instanceof Promise ? config.then(made) : made(config)
}

/** Where prompts and answers are kept; undefined where they are not. */
export function bodiesFor(env: Env): BodyStore | undefined {
  return isolateOf(env).gateway.bodies
}

export function dbFor(env: Env): Db {
  return isolateOf(env).db
}

function isolateOf(env: Env): Isolate {
  const known = isolates.get(env)
  if (known) return known
  const made = isolate(env)
  isolates.set(env, made)
  return made
}

function ledgerFor(env: Env, allowances: Allowances, defer: Defer) {
  const namespace = ledgersOf(env)
  return new DurableLedger({ namespace, allowances, timeoutMs: LEDGER_TIMEOUT_MS, clock: systemClock, warn, defer })
}

/** The binding's generated type does not know the class behind it; wrangler.toml binds `LedgerObject`, which has these methods. */
function ledgersOf(env: Env): { getByName(name: string): LedgerStub } {
  return env.LEDGER as unknown as { getByName(name: string): LedgerStub }
}

/** The same of `HealthObject`. */
function healthOf(env: Env): { getByName(name: string): HealthStub } {
  return env.HEALTH as unknown as { getByName(name: string): HealthStub }
}

/** The same of `MetricsObject`. */
function metricsOf(env: Env) {
  const metrics = env.METRICS as unknown as {
    getByName(name: string): {
      add(delivery: string, deltas: readonly Delta[]): Promise<void>
      text(format: Format): Promise<string>
    }
  }
  return metrics.getByName('all')
}

function isCounted({ observe }: Config): boolean {
  return observe?.sinks.some(({ name }) => name === PROMETHEUS) ?? false
}

const alerters = new WeakMap<object, { readonly told: Alerts | undefined; readonly tellsChanges: boolean }>()

/** One for an isolate. */
function alerterOf(env: Env) {
  const known = alerters.get(env)
  if (known) return known
  const isolate = isolateOf(env)
  const { alerts: settings } = isolate.gateway.config
  const made = { told: alertsOver(isolate), tellsChanges: settings !== undefined && tellsChanges(settings) }
  alerters.set(env, made)
  return made
}

/** Who notices and tells; undefined where the file names nobody to tell. */
export function alertsFor(env: Env): Alerts | undefined {
  return alerterOf(env).told
}

/** What becomes of events that Postgres has, and of a batch that it has not. */
export function recordedBy(
  env: Env,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  failed: (name: string, error: unknown) => void,
): Pick<ConsumerDeps, 'failed' | 'recorded'> {
  const { DELIVERIES: deliveries }: Partial<Env> = env
  const { concerned } = isolateOf(env)
  return recordingTo({ config: builtConfig(), deliveries, ...concerned, told: alertsFor(env), ctx, failed })
}

/** What the deliveries' consumer stands on. */
export function deliveriesDeps(env: Env, failed: DeliveriesDeps['failed']): DeliveriesDeps {
  const { DELIVERIES: queue }: Partial<Env> = env
  const { db, gateway, callbacks, ring, pauses } = isolateOf(env)
  const count = (id: string, deltas: readonly Delta[]) => metricsOf(env).add(id, deltas)
  const budgets = neonBudgets(db, spanOf)
  return deliveringWith({ gateway, callbacks, ring, budgets, count, pauses, queue, failed })
}

/** Tells `/metrics` what no event says, where anything is counted. */
export async function countTotals(env: Env, nowMs: number): Promise<void> {
  const { db, gateway } = isolateOf(env)
  if (isCounted(gateway.config) && env.METRICS) await metricsOf(env).add(`totals:${nowMs}`, await totalsIn(db))
}

function isolate(env: Env): Isolate {
  logFrom(levelIn(env))
  const config = builtConfig()
  const values: Readonly<Record<string, unknown>> = { ...env }
  const text = (value: Text) => readText(value, config, values)
  const { general } = config
  const db = createDb(text(general.databaseUrl) ?? missing('DATABASE_URL'))
  const redis = redisOf(text(general.redisUrl), text(general.redisToken))
  const store = neonTenants(db, fileLimitsOf(config))
  const copies = redis && upstashCopies({ ...redis, clock: systemClock, warn })
  const known = generations(store, copies?.generation, { clock: systemClock, waitMs: GENERATION_TIMEOUT_MS })
  const tenants = cachedTenants(store, copies, {
    clock: systemClock,
    allowStale: general.allowRequestsOnDbUnavailable,
    generations: known,
  })
  const ring = ringOf(text, general.saltKey)
  const models = storesModels(config, values) ? neonModels(db, ring) : undefined
  const lists = priceListsOver(db, tenants.changed)
  const current =
    models && currentConfig({ built: config, store: models, generations: known, clock: systemClock, warn, lists })
  // Plain workerd has no rate limiting, and a self-hosted gateway may have no queue and no version.
  const { SPEND: queue, GUESS: guess, FLOOD: flood, VERSION: version, DELIVERIES: deliveries }: Partial<Env> = env
  const allowances = new Allowances()
  const identity = identityOver({ config, text, ring })
  const cache = cacheOver(config, redis, text)
  const bodies = bodiesOver(config, values, text(general.saltKey ?? '') ? ring : undefined)
  return {
    db,
    callbacks: neonCallbacks(db),
    pauses: new Pauses(),
    debugKeys: neonDebug(db),
    concerned: concernedIn(db),
    ring,
    allowances,
    tenantStore: announced(store, tenants.changed),
    organizationMembers: neonOrganizationMembers(db),
    builtConfig: config,
    ...(models && current ? { current, models: announcedModels(models, tenants.changed), priceLists: lists } : {}),
    tenants,
    ...(isCounted(config) && env.METRICS ? { metrics: (format) => metricsOf(env).text(format) } : {}),
    ...(deliveries ? { replayDeliveries: () => replayDeliveries(db, deliveries, systemClock()) } : {}),
    ...(text(general.saltKey ?? '') ? { callbackSeals: ring } : {}),
    audit: neonAudit(db),
    batches: batchesOver(db, queue && spendQueue(queue)),
    healthChecks: neonChecks(db),
    idempotency: neonIdempotency(db, () => (text(general.saltKey ?? '') ? ring() : undefined)),
    spendReport: { ...neonLog(db), ...neonDays(db) },
    ...(config.litellm.responsesStore ? { responses: responsesOf(db, () => text(general.saltKey ?? '')) } : {}),
    ...(cache ? { cache: cache.admin } : {}),
    ...(identity ? { identity } : {}),
    guards: { guess: guardOf(guess, GUESS), flood: guardOf(flood, FLOOD), bars: bars() },
    readiness: readinessOf(
      {
        db: () => db.execute('select 1'),
        ...(redis ? { cache: () => upstashClient(redis).ping() } : {}),
      },
      systemClock,
    ),
    randomBytes: (bytes) => crypto.getRandomValues(bytes),
    log: (line) => console.error(line),
    gateway: {
      config,
      env: values,
      version: version?.tag || version?.id || 'local',
      clock: systemClock,
      random: Math.random,
      fetch: (input, init) => fetch(input, init),
      sleep: pause,
      unpriced: unpricedTo(warn, systemClock),
      ...(cache ? { cache: cache.deps } : {}),
      ...(bodies ? { bodies } : {}),
      health: durableHealth({
        namespace: healthOf(env),
        settings: healthOfLatest(config, current),
        isolate: crypto.randomUUID(),
        clock: systemClock,
        warn,
      }),
      handOver: new HandOver({
        spend: queue ? spendQueue(queue) : { send: () => Promise.reject(new Error('there is no queue binding SPEND')) },
        // Settling has nothing to leave behind: what fails is tried again by the hand-over itself.
        ledger: new SharedLimits(ledgerFor(env, allowances, () => {})),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        clock: systemClock,
        warn,
      }),
    },
  }
}

/** LiteLLM has a variable for it beside the setting. */
function storesModels({ general }: Config, env: Readonly<Record<string, unknown>>): boolean {
  return general.storeModels === true || String(env.STORE_MODEL_IN_DB).toLowerCase() === 'true'
}

/** The salt key of now seals; the one before it still opens. */
function ringOf(text: (value: Text) => string | undefined, saltKey: Text | undefined): () => KeyRing {
  let made: KeyRing | undefined
  const sealerOf = (salt: string) => sealer(salt, (bytes) => crypto.getRandomValues(bytes))
  return () => {
    const previous = text({ env: PREVIOUS_SALT })
    made ??= keyRing([
      sealerOf(text(saltKey ?? '') ?? missing('LITELLM_SALT_KEY')),
      ...(previous === undefined ? [] : [sealerOf(previous)]),
    ])
    return made
  }
}

/** Circuits of deployments that come and go: made anew when the config is another. */
function healthOfLatest(built: Config, current: CurrentConfig | undefined): HealthSettings {
  let of = built
  let made = healthSettings(built)
  return {
    ttlMs: made.ttlMs,
    circuit(deployment) {
      const latest = current?.latest ?? built
      if (latest !== of) {
        of = latest
        made = healthSettings(latest)
      }
      return made.circuit(deployment)
    },
  }
}

/** The salt key is read when it is needed: the gateway runs without it. */
function responsesOf(db: Db, salt: () => string | undefined): ResponseStore {
  let made: Sealer | undefined
  return neonResponses(db, () => {
    made ??= sealer(salt() || missing('LITELLM_SALT_KEY'), (bytes) => crypto.getRandomValues(bytes))
    return made
  })
}

function redisOf(url: string | undefined, token: string | undefined) {
  return url !== undefined && token !== undefined ? { url, token } : undefined
}

function missing(name: string): never {
  throw new Error(`${name} is not set. Put it in .dev.vars, or run: npx wrangler secret put ${name}`)
}
