import type { AlertType, ChannelName } from '../config/alerts.ts'
import { withoutValues } from '../db/sql-state.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { Alert, ChangeFacts } from './alert.ts'
import { budgetFindings, withTop } from './budgets.ts'
import { deploymentAlerts, nothingWatched, type Sight, type Watched } from './deployments.ts'
import { duePeriods, type SpanOf } from './periods.ts'
import type { AlertFigures, BudgetRow, Letter, NoteMove, WindowName } from './port.ts'
import { reportOf } from './reports.ts'
import { requestAlerts } from './requests.ts'
import { receiverName, type SendDeps, sendDue, sendNow, type Tried } from './send.ts'

export interface AlertsDeps extends SendDeps {
  readonly figures: AlertFigures
  readonly spanOf: SpanOf
  /** How every deployment fares now. */
  readonly sights: (nowMs: number) => Promise<readonly Sight[]>
  readonly newId: (nowMs: number) => string
}

/** Notices and tells. Nothing here is on a request's path, and nothing that fails here fails what it watches. */
export interface Alerts {
  /** After a batch is in Postgres: budgets whose windows moved, and how its attempts ended. */
  recorded(events: readonly SpendEvent[], nowMs: number): Promise<void>
  /** Each minute: deployments, reports, what waits to be replayed, every so often all budgets; and sends what is due. */
  tick(nowMs: number): Promise<void>
  /** Postgres could not be asked. Told past the book, which lies there, at most every five minutes by each isolate. */
  dbFailed(where: string, error: unknown, nowMs: number): Promise<void>
  changed(type: AlertType, facts: Omit<ChangeFacts, 'kind'>, nowMs: number): Promise<void>
  /** Sends a test through every receiver of a channel. */
  test(channel: ChannelName, by: string, nowMs: number): Promise<readonly Tried[]>
}

const WATCHED = 'alerts:deployments'
const SWEPT = 'alerts:swept'
const PAGE = 500
const TOP_KEYS = 3
const HOUR_MS = 3_600_000
const REMEMBERED_MS = 100 * 24 * HOUR_MS
const DB_PAUSE_MS = 300_000

export function alerts(deps: AlertsDeps): Alerts {
  const { settings, book, figures, spanOf, failed } = deps
  let dbToldMs = Number.NEGATIVE_INFINITY

  // Sending and seeing report their own faults; whatever else fails in here is Postgres.
  const attempt = async (name: string, nowMs: number, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      failed(`alerts: ${name}`, withoutValues(error))
      await dbFailed(`alerts: ${name}`, error, nowMs)
    }
  }

  async function dbFailed(where: string, error: unknown, nowMs: number) {
    if (nowMs - dbToldMs < DB_PAUSE_MS) return
    dbToldMs = nowMs
    const fault = withoutValues(error)
    const facts = {
      kind: 'db' as const,
      where,
      error: (fault instanceof Error ? fault.message : String(fault)).slice(0, 1_000),
    }
    const id = `db:${where}:${Math.floor(nowMs / DB_PAUSE_MS)}`
    const tried = await sendNow(receiversOf(deps, 'db_exceptions'), { id, type: 'db_exceptions', facts }, deps, nowMs)
    for (const { receiver, error } of tried) if (error !== undefined) failed(`alerts to ${receiver}`, error)
  }
  const raise = (those: readonly Alert[], nowMs: number, silenced: readonly Alert[] = [], move?: NoteMove) =>
    book.raise(
      [...those.flatMap((alert) => lettersOf(alert, deps, nowMs)), ...silenced.map((alert) => silent(alert, nowMs))],
      nowMs,
      move,
    )
  const isWanted = (type: AlertType) => settings.receivers.some(({ types }) => types.includes(type))

  async function budgets(rows: readonly BudgetRow[], nowMs: number) {
    const findings = rows.flatMap((row) => {
      const { startMs, endMs } = spanOf(row, nowMs)
      return startMs === row.startMs ? budgetFindings({ ...row, endMs }, settings.thresholds, nowMs) : []
    })
    const known = await book.known(findings.map(({ alert }) => alert.id))
    for (const { alert, silenced } of findings) {
      if (known.has(alert.id) || alert.facts.kind !== 'budget') continue
      const { entityKind } = alert.facts
      const top = entityKind === 'key' ? [] : await figures.topKeys(alert.facts, TOP_KEYS)
      await raise(
        [withTop(alert, top)],
        nowMs,
        silenced.map((id) => ({ ...alert, id })),
      )
    }
  }

  async function watch(nowMs: number) {
    const from = await book.note(WATCHED)
    const before = (from as Watched | undefined) ?? nothingWatched
    const { alerts: found, after } = deploymentAlerts(before, await deps.sights(nowMs), settings, nowMs)
    if (JSON.stringify(after) !== JSON.stringify(before))
      await raise(found, nowMs, [], { name: WATCHED, from, to: after })
  }

  async function sweep(nowMs: number) {
    const swept = await book.note(SWEPT)
    if (typeof swept === 'number' && nowMs - swept < settings.checkMs) return
    await book.raise([], nowMs, { name: SWEPT, from: swept, to: nowMs })
    let after: string | undefined = isWanted('budget_alerts') ? '' : undefined
    while (after !== undefined) {
      const page: Awaited<ReturnType<AlertFigures['budgets']>> = await figures.budgets(after, PAGE, nowMs)
      await budgets(page.rows, nowMs)
      after = page.next
    }
    await book.forget(nowMs - REMEMBERED_MS)
  }

  async function reports(nowMs: number) {
    const due = duePeriods(settings, spanOf, nowMs)
    const known = await book.known(due.map(({ id }) => id))
    for (const period of due) {
      if (known.has(period.id)) continue
      const report = await reportOf(period, figures, settings.timeZone)
      const nothing: Alert = { id: period.id, type: period.type, facts: { kind: 'test', by: 'nothing to report' } }
      await raise(report ? [report] : [], nowMs, report ? [] : [nothing])
    }
  }

  async function dead(nowMs: number) {
    const found = (await figures.dead()).map(({ queue, count, newestMs, error }): Alert => {
      const type = queue.includes('deliveries') ? 'dead_deliveries' : 'failed_tracking_spend'
      const id = `dead:${queue}:${Math.floor(newestMs / HOUR_MS)}`
      return { id, type, facts: { kind: 'dead', queue, count, error } }
    })
    await raise(found, nowMs)
  }

  return {
    async recorded(events, nowMs) {
      await attempt('requests', nowMs, () => raise(requestAlerts(events, settings.slowMs), nowMs))
      if (isWanted('budget_alerts'))
        await attempt('budgets', nowMs, async () => budgets(await figures.windows(windowsOf(events), nowMs), nowMs))
      if (events.some(({ status }) => status === 'failure')) await attempt('deployments', nowMs, () => watch(nowMs))
      await attempt('sending', nowMs, () => sendDue(deps, nowMs))
    },
    async tick(nowMs) {
      await attempt('deployments', nowMs, () => watch(nowMs))
      await attempt('budgets', nowMs, () => sweep(nowMs))
      await attempt('reports', nowMs, () => reports(nowMs))
      await attempt('dead letters', nowMs, () => dead(nowMs))
      await attempt('sending', nowMs, () => sendDue(deps, nowMs))
    },
    dbFailed,
    async changed(type, facts, nowMs) {
      if (!isWanted(type)) return
      const alert: Alert = { id: `change:${deps.newId(nowMs)}`, type, facts: { kind: 'change', ...facts } }
      await attempt('changes', nowMs, () => raise([alert], nowMs))
      await attempt('sending', nowMs, () => sendDue(deps, nowMs))
    },
    test(channel, by, nowMs) {
      const those = settings.receivers
        .map((receiver, index) => [receiverName(receiver, index), receiver] as const)
        .filter(([, receiver]) => receiver.channel === channel)
      const alert = {
        id: `test:${deps.newId(nowMs)}`,
        type: 'budget_alerts' as const,
        facts: { kind: 'test' as const, by },
      }
      return sendNow(those, alert, deps, nowMs)
    },
  }
}

function receiversOf({ settings }: AlertsDeps, type: AlertType) {
  return settings.receivers
    .map((receiver, index) => [receiverName(receiver, index), receiver] as const)
    .filter(([, { types }]) => types.includes(type))
}

/** One for each receiver of the type; what is told in digests waits for the end of the stretch that runs. */
function lettersOf({ id, type, facts }: Alert, deps: AlertsDeps, nowMs: number): readonly Letter[] {
  const digestMs = deps.settings.digestMs[type] ?? 0
  const dueMs = digestMs > 0 ? (Math.floor(nowMs / digestMs) + 1) * digestMs : nowMs
  return receiversOf(deps, type).map(([receiver]) => ({ id, receiver, type, facts, dueMs }))
}

const silent = ({ id, type, facts }: Alert, nowMs: number): Letter => ({ id, receiver: '', type, facts, dueMs: nowMs })

/** The windows that a batch moved, each once. */
function windowsOf(events: readonly SpendEvent[]): readonly WindowName[] {
  const found = new Map<string, WindowName>()
  for (const { scopes, windows, cost_nano } of events) {
    if (cost_nano === '0') continue
    for (const [index, scope] of scopes.entries()) {
      const startMs = windows[index]
      if (startMs !== undefined) found.set(`${scope}|${startMs}`, { scope, startMs })
    }
  }
  return [...found.values()]
}
