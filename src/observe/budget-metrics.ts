import type { SpendEvent } from '../spend/event.ts'
import type { MetricOptions } from './metric.ts'
import type { Delta, Labels } from './metrics.ts'
import { usdOf } from './payload.ts'

export interface WindowName {
  readonly scope: string
  readonly startMs: number
}

/** A budget as it stands in one of its windows. */
export interface BudgetFigure extends WindowName {
  readonly limitNano: string
  readonly spentNano: string
  /** Absent where it never ends. */
  readonly endMs?: number
  /** What its organization is called: events do not say. */
  readonly alias?: string
}

/** The budgets of these windows, those that an entity has as its own or by the file; windows without one are not in it. */
export type BudgetFigures = (windows: readonly WindowName[], nowMs: number) => Promise<readonly BudgetFigure[]>

/** LiteLLM's three gauges of a budget, by whose it is: what is left, the limit, and when it begins anew. */
const NAMES = {
  key: [
    'litellm_remaining_api_key_budget_metric',
    'litellm_api_key_max_budget_metric',
    'litellm_api_key_budget_remaining_hours_metric',
  ],
  team: [
    'litellm_remaining_team_budget_metric',
    'litellm_team_max_budget_metric',
    'litellm_team_budget_remaining_hours_metric',
  ],
  user: [
    'litellm_remaining_user_budget_metric',
    'litellm_user_max_budget_metric',
    'litellm_user_budget_remaining_hours_metric',
  ],
  org: [
    'litellm_remaining_org_budget_metric',
    'litellm_org_max_budget_metric',
    'litellm_org_budget_remaining_hours_metric',
  ],
  customer: [
    'litellm_remaining_customer_budget_metric',
    'litellm_customer_max_budget_metric',
    'litellm_customer_budget_remaining_hours_metric',
  ],
  provider: ['litellm_provider_remaining_budget_metric', undefined, undefined],
} as const
type Kind = keyof typeof NAMES

const labelsOf: Readonly<Record<Kind, (event: SpendEvent, alias: string) => Labels>> = {
  key: ({ api_key, key_alias }) => ({ hashed_api_key: api_key, api_key_alias: key_alias ?? '' }),
  team: ({ team_id, team_alias }) => ({ team: team_id ?? '', team_alias: team_alias ?? '' }),
  user: ({ user }) => ({ user: user ?? '' }),
  org: ({ organization_id }, alias) => ({ org_id: organization_id ?? '', org_alias: alias }),
  customer: ({ end_user }) => ({ end_user: end_user ?? '' }),
  provider: ({ custom_llm_provider }) => ({ api_provider: custom_llm_provider }),
}

/** `key:…@30d`, without a model of its own. */
const SCOPE = /^(key|team|user|org|customer|provider):[^:@]*@/

/** The windows of a batch that a gauge is about, each once; those of customers only where customers are a label. */
export function windowsIn(
  events: readonly SpendEvent[],
  { endUsers }: Pick<MetricOptions, 'endUsers'>,
): readonly WindowName[] {
  const windows = [...byWindow(events).values()].map(({ window }) => window)
  return endUsers ? windows : windows.filter(({ scope }) => kindOf(scope) !== 'customer')
}

/** What the budgets of those who asked are now. Times are milliseconds here and hours where they are shown. */
export function budgetDeltas(events: readonly SpendEvent[], figures: readonly BudgetFigure[]): readonly Delta[] {
  const found = byWindow(events)
  return figures.flatMap(({ scope, startMs, limitNano, spentNano, endMs, alias = '' }) => {
    const one = found.get(nameOf(scope, startMs))
    const kind = kindOf(scope)
    if (!one || !kind) return []
    const labels = labelsOf[kind](one.event, alias)
    const [left, limit, end] = NAMES[kind]
    const values: readonly (readonly [string | undefined, number | undefined])[] = [
      [left, usdOf(String(BigInt(limitNano) - BigInt(spentNano)))],
      [limit, usdOf(limitNano)],
      [end, endMs],
    ]
    return values.flatMap(([metric, value]) => (metric && value !== undefined ? [{ metric, labels, value }] : []))
  })
}

function byWindow(events: readonly SpendEvent[]) {
  const found = new Map<string, { readonly event: SpendEvent; readonly window: WindowName }>()
  for (const event of events)
    for (const [index, scope] of event.scopes.entries()) {
      const startMs = event.windows[index]
      if (startMs !== undefined && kindOf(scope))
        found.set(nameOf(scope, startMs), { event, window: { scope, startMs } })
    }
  return found
}

const nameOf = (scope: string, startMs: number): string => `${startMs} ${scope}`
const kindOf = (scope: string): Kind | undefined => SCOPE.exec(scope)?.[1] as Kind | undefined
