import { type Alerts, alerts } from '../alerts/alerts.ts'
import { neonFigures } from '../alerts/figures-neon.ts'
import { neonAlerts } from '../alerts/neon.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { readText } from '../config/read.ts'
import type { Db } from '../db/client.ts'
import { withoutValues } from '../db/sql-state.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { healthOfAll } from '../health/deployments.ts'
import { newId } from '../ids.ts'
import { spanOf } from '../ledger/span.ts'
import type { CurrentConfig } from '../models/current.ts'
import { type BudgetFigures, budgetDeltas, windowsIn } from '../observe/budget-metrics.ts'
import { type CallbacksOf, ownersIn, ownShares } from '../observe/callbacks.ts'
import { neonCallbacks } from '../observe/callbacks-neon.ts'
import type { DeliveriesDeps } from '../observe/consumer.ts'
import { debugFacts } from '../observe/debug.ts'
import { neonDebug } from '../observe/debug-neon.ts'
import { deliver } from '../observe/deliver.ts'
import { type Delivery, enqueue } from '../observe/deliveries.ts'
import { type Delta, deltasOf } from '../observe/metrics.ts'
import type { Pauses } from '../observe/pauses.ts'
import { shares } from '../observe/plan.ts'
import { remembered } from '../observe/remembered.ts'
import { testEvent } from '../observe/test-event.ts'
import type { KeyRing } from '../seal.ts'
import type { ConsumerDeps } from '../spend/consumer.ts'
import type { SpendEvent } from '../spend/event.ts'
import { checkEvent } from '../spend/storable.ts'
import { debugLine, operatorLog, warn } from './operator-log.ts'
import { deliverOwn } from './own-sinks.ts'

/** The sink that is counted here instead of sent away. */
export const PROMETHEUS = 'prometheus'

interface Parts {
  readonly db: Db
  readonly gateway: Pick<GatewayDeps, 'config' | 'env' | 'fetch' | 'health'>
  /** Absent where nothing is laid over the built config. */
  readonly current?: CurrentConfig
}

/** Who notices and tells; undefined where the file names nobody to tell. */
export function alertsOver({ db, gateway, current }: Parts): Alerts | undefined {
  const { config, env, fetch, health } = gateway
  const { alerts: settings } = config
  if (!settings) return undefined
  const defer = (name: string, work: Promise<unknown>) =>
    void work.catch((error: unknown) => warn('background work failed', { name, error: String(error) }))
  return alerts({
    settings,
    book: neonAlerts(db),
    figures: neonFigures(db),
    spanOf,
    fetch,
    newId,
    text: (value) => readText(value, config, env),
    failed: (name, error) => operatorLog('error', `${name} failed`, { error: String(withoutValues(error)) }),
    async sights(nowMs) {
      // Queues and crons run in isolates that no request keeps fresh.
      const running: Config = current ? await current.now({ nowMs, defer }) : config
      return (await healthOfAll({ env, health, defer, config: running }, nowMs)).map(
        ({ deployment: { group, id, provider, model, regionName }, state }) => ({
          group,
          deployment: id,
          provider,
          model,
          region: regionName ?? null,
          inFlight: state.inFlight,
          requests: state.requests,
          failures: state.failures,
          circuit: state.circuit,
          openUntilMs: state.openUntilMs ?? null,
          openBecause: state.openBecause ?? null,
        }),
      )
    },
  })
}

/** Whom events concern beside the operator's sinks, as it was at most five seconds ago. */
export interface Concerned {
  /** Whom teams and keys want told. */
  readonly callbacks: CallbacksOf
  /** Those of these keys that are debugged. */
  readonly debugged: (keyIds: readonly string[]) => Promise<ReadonlyMap<string, true>>
}

export function concernedIn(db: Db): Concerned {
  const debugKeys = neonDebug(db)
  return {
    callbacks: remembered(neonCallbacks(db), systemClock),
    debugged: remembered(
      async (ids, nowMs) => new Map([...(await debugKeys.of(ids, nowMs))].map((id) => [id, true as const])),
      systemClock,
    ),
  }
}

interface Recording extends Concerned {
  readonly config: Config
  /** Absent where no queue of deliveries is bound. */
  readonly deliveries: Parameters<typeof enqueue>[0] | undefined
  readonly told: Alerts | undefined
  readonly ctx: Pick<ExecutionContext, 'waitUntil'>
  readonly failed: (name: string, error: unknown) => void
}

/** What becomes of events that Postgres has, and of a batch that it has not: sinks and receivers of alerts are told. */
export function recordingTo(recording: Recording): Pick<ConsumerDeps, 'failed' | 'recorded'> {
  const { told, ctx, failed } = recording
  const share = sharesOut(recording)
  let refused: unknown
  return {
    async recorded(events) {
      const good = goodEvents(events)
      await share?.(good).catch((error: unknown) => {
        refused = error
        throw error
      })
      ctx.waitUntil(tellDebugged(good, recording))
      if (told) ctx.waitUntil(told.recorded(good, systemClock()))
    },
    failed(name, error) {
      failed(name, error)
      if (told && error !== refused) ctx.waitUntil(told.dbFailed(name, error, systemClock()))
    },
  }
}

/** Hands recorded events on to the sinks' queue; undefined where there is none. */
function sharesOut({ config: { observe }, deliveries, callbacks }: Recording) {
  if (!deliveries) return undefined
  const redacts = observe?.redactKeyInfo === true
  return async (good: readonly SpendEvent[]) => {
    const own = ownShares(good, await callbacks(ownersIn(good)), redacts)
    await enqueue(deliveries, [...shares(observe?.sinks ?? [], good, redacts), ...own])
  }
}

/** Lines for the keys that are debugged. A fault loses lines and nothing else. */
async function tellDebugged(events: readonly SpendEvent[], { debugged, failed }: Recording): Promise<void> {
  try {
    const keys = await debugged([...new Set(events.map(({ key_id }) => key_id))])
    for (const event of events) if (keys.has(event.key_id)) debugLine('attempt of a debugged key', debugFacts(event))
  } catch (error) {
    failed('debug of keys', withoutValues(error))
  }
}

function goodEvents(events: readonly unknown[]): readonly SpendEvent[] {
  return events.flatMap((event) => {
    const checked = checkEvent(event)
    return checked.ok ? [checked.event] : []
  })
}

interface Delivering {
  readonly gateway: Pick<GatewayDeps, 'config' | 'env' | 'version' | 'clock' | 'fetch' | 'bodies'>
  readonly callbacks: CallbacksOf
  readonly ring: () => KeyRing
  readonly budgets: BudgetFigures
  readonly count: (delivery: string, deltas: readonly Delta[]) => Promise<void>
  readonly pauses: Pauses
  readonly queue: DeliveriesDeps['queue']
  readonly failed: DeliveriesDeps['failed']
}

/** What the deliveries' consumer stands on. */
export function deliveringWith({
  gateway,
  callbacks,
  ring,
  budgets,
  count,
  pauses,
  queue,
  failed,
}: Delivering): DeliveriesDeps {
  const { config, env, version, clock, fetch, bodies } = gateway
  const { observe } = config
  const variable = (name: string) =>
    readText(observe?.settings[name], config, env) ?? readText({ env: name }, config, env)
  const options = { endUsers: observe?.metricsByCustomer === true, caches: config.litellm.cache !== undefined }
  const counted = async (events: readonly SpendEvent[], id: string) => {
    const figures = await budgets(windowsIn(events, options), clock())
    await count(id, [...deltasOf(events, options), ...budgetDeltas(events, figures)])
  }
  const named = (name: string) => readText({ env: name }, config, env)
  const allowedHosts = config.general.allowedHosts ?? []
  const told = (delivery: Delivery, id: string): Promise<void> => {
    const { of } = delivery
    if (of !== undefined)
      return deliverOwn({ ...delivery, of }, id, {
        callbacks,
        ring,
        variable: named,
        allowedHosts,
        version,
        clock,
        fetch,
        bodies,
      })
    if (delivery.sink === PROMETHEUS) return counted(delivery.events, id)
    return deliver(delivery, id, { variable, version, clock, fetch, bodies })
  }
  const counts = observe?.sinks.some(({ name }) => name === PROMETHEUS) === true
  return {
    clock,
    failed,
    pauses,
    queue,
    async deliver(delivery, id) {
      try {
        await told(delivery, id)
      } catch (error) {
        if (counts && delivery.sink !== PROMETHEUS)
          await count(newId(clock()), [failureOf(delivery.sink)]).catch(() => {})
        throw error
      }
    },
  }
}

/** Tells a sink of a test, past its queue. */
export async function testSink(
  { deliver }: Pick<DeliveriesDeps, 'deliver'>,
  sink: string,
  nowMs: number,
): Promise<void> {
  const id = newId(nowMs)
  await deliver({ sink, events: [testEvent(id, nowMs)] }, id)
}

const failureOf = (sink: string): Delta => ({
  metric: 'litellm_callback_logging_failures_metric',
  labels: { callback_name: sink },
  value: 1,
})
