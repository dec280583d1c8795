import { type Alerts, alerts } from '../../src/alerts/alerts.ts'
import type { Sight } from '../../src/alerts/deployments.ts'
import { memoryAlerts } from '../../src/alerts/memory.ts'
import type { AlertBook, AlertFigures, BudgetRow } from '../../src/alerts/port.ts'
import type { AlertSettings } from '../../src/config/alerts.ts'
import { alertTypes } from '../../src/config/alerts.ts'
import { spanOf } from '../../src/ledger/span.ts'

export const DAY_MS = 86_400_000

export const settingsOf = (more: Partial<AlertSettings> = {}): AlertSettings => ({
  receivers: [{ channel: 'slack', to: 'https://hooks.slack.test/a', types: alertTypes }],
  thresholds: [70, 80, 85, 95, 100],
  language: 'en',
  slowMs: 300_000,
  minorErrors: 5,
  majorErrors: 10,
  checkMs: 300_000,
  dailyReportMs: 43_200_000,
  spendReportDays: 7,
  digestMs: {},
  timeZone: 'UTC',
  pagerdutyUrl: 'https://pagerduty.test/enqueue',
  proxyUrl: '',
  ...more,
})

export const budgetRow = (more: Partial<BudgetRow> = {}): BudgetRow => ({
  scope: 'team:ds@30d',
  entityKind: 'team',
  entityId: 'ds',
  alias: 'data-science',
  model: null,
  limitNano: 2_000_000_000_000n,
  softNano: null,
  spentNano: 0n,
  duration: '30d',
  timeZone: 'UTC',
  anchorMs: 0,
  startMs: Date.UTC(2026, 5, 1),
  ...more,
})

export const sightOf = (more: Partial<Sight> = {}): Sight => ({
  group: 'fast',
  deployment: 'd1',
  provider: 'openai',
  model: 'gpt-4o-mini',
  region: null,
  inFlight: 0,
  requests: 0,
  failures: 0,
  circuit: 'closed',
  openUntilMs: null,
  openBecause: null,
  ...more,
})

/** Alerts over memory: what Postgres and health would say is set, what is sent is kept. */
export class AlertsWorld {
  readonly book: AlertBook
  readonly settings: AlertSettings
  rows: BudgetRow[] = []
  sights: Sight[] = []
  spent = '0'
  moves: { from: string; to: string; count: number; ok: number }[] = []
  dead: { queue: string; count: number; newestMs: number; error: string | null }[] = []
  readonly spans: { fromMs: number; toMs: number }[] = []
  readonly sent: { url: string; body: string }[] = []
  readonly failures: string[] = []
  /** Statuses by the beginning of an address. */
  readonly refusing = new Map<string, number>()
  dbDown = false
  alerts: Alerts

  constructor(settings: Partial<AlertSettings> = {}, book: AlertBook = memoryAlerts()) {
    this.settings = settingsOf(settings)
    this.book = book
    this.alerts = this.restarted()
  }

  restarted(): Alerts {
    const guarded = <T>(answer: () => T) => {
      if (this.dbDown) throw new Error('Postgres is away')
      return answer()
    }
    const figures: AlertFigures = {
      windows: async (names) =>
        guarded(() => this.rows.filter(({ scope }) => names.some((name) => name.scope === scope))),
      budgets: async () => guarded(() => ({ rows: this.rows })),
      topKeys: async () => [
        { name: 'chatbot-prod-service', nano: '987000000000' },
        { name: 'nguyen-van-a-research', nano: '315000000000' },
        { name: 'data-pipeline-etl', nano: '221000000000' },
      ],
      spend: async (span) => {
        this.spans.push(span)
        return { totalNano: this.spent, teams: [{ name: 'ds', nano: this.spent }], tags: [] }
      },
      deployments: async () => ({
        requests: this.spent === '0' ? 0 : 9,
        failures: 1,
        costNano: this.spent,
        failing: [{ name: 'fast', count: 1 }],
        slowest: [],
      }),
      fallbacks: async () => this.moves,
      dead: async () => guarded(() => this.dead),
    }
    this.alerts = alerts({
      settings: this.settings,
      book: this.book,
      figures,
      spanOf,
      sights: async () => this.sights,
      newId: () => crypto.randomUUID(),
      text: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
      failed: (name, error) => this.failures.push(`${name}: ${error}`),
      fetch: async (input, init) => {
        const url = String(input)
        for (const [start, status] of this.refusing) if (url.startsWith(start)) return new Response('', { status })
        this.sent.push({ url, body: String(init?.body) })
        return new Response('ok')
      },
    })
    return this.alerts
  }

  /** The texts that Slack got since the last time. */
  texts(): string[] {
    return this.sent.splice(0).map(({ body }) => (JSON.parse(body) as { text: string }).text)
  }
}
