import type { SpendEvent } from '../spend/event.ts'

export type Kind = 'counter' | 'histogram' | 'gauge'

export interface MetricOptions {
  /** `enable_end_user_cost_tracking_prometheus_only`: customers are a label; there may be very many. */
  readonly endUsers: boolean
  /** Answers are cached here, so that one that came from a vendor was a miss. */
  readonly caches?: boolean
}

export type Label = keyof ReturnType<typeof labelsOf>

export interface Metric {
  readonly kind: Kind
  readonly help: string
  readonly labels: readonly Label[]
  /** Undefined where the event says nothing about it. */
  readonly value: (event: SpendEvent, options: MetricOptions) => number | undefined
  /** What is shown of what is kept. */
  readonly shown?: (value: number, nowMs: number) => number
}

export const counter = (help: string, labels: readonly Label[], value: Metric['value']): Metric => ({
  kind: 'counter',
  help,
  labels,
  value,
})
/** Not told by one event: what is known of a budget or of a sink is set as it stands. */
export const told = (kind: Kind, help: string, labels: readonly Label[], shown?: Metric['shown']): Metric => ({
  kind,
  help,
  labels,
  value: () => undefined,
  ...(shown ? { shown } : {}),
})
const HOUR_MS = 3_600_000
const hoursUntil = (atMs: number, nowMs: number): number => Math.max(0, atMs - nowMs) / HOUR_MS

/** What is left of a budget, the limit, and the hours until it begins anew. */
export function budgetGauges(who: string, whose: string, labels: readonly Label[]): Record<string, Metric> {
  return {
    [`litellm_remaining_${who}_budget_metric`]: told('gauge', `US dollars left of the budget of ${whose}.`, labels),
    [`litellm_${who}_max_budget_metric`]: told('gauge', `The budget of ${whose} in US dollars.`, labels),
    [`litellm_${who}_budget_remaining_hours_metric`]: told(
      'gauge',
      `Hours until the budget of ${whose} begins anew.`,
      labels,
      hoursUntil,
    ),
  }
}

export const gauge = (help: string, labels: readonly Label[], value: Metric['value']): Metric => ({
  kind: 'gauge',
  help,
  labels,
  value,
})
export const histogram = (help: string, labels: readonly Label[], value: Metric['value']): Metric => ({
  kind: 'histogram',
  help,
  labels,
  value,
})

/** Every label that a metric may have, of one attempt. */
export function labelsOf(event: SpendEvent, { endUsers }: MetricOptions) {
  return {
    end_user: endUsers ? (event.end_user ?? '') : '',
    hashed_api_key: event.api_key,
    api_key_alias: event.key_alias ?? '',
    team: event.team_id ?? '',
    team_alias: event.team_alias ?? '',
    user: event.user ?? '',
    // What a caller made up must not make series; what was answered for it is known.
    requested_model: event.model_group,
    fallback_model: event.model_group,
    callback_name: '',
    model: event.model,
    model_id: event.model_id,
    model_group: event.model_group,
    litellm_model_name: event.model,
    api_base: event.api_base,
    api_provider: event.custom_llm_provider,
    org_id: event.organization_id ?? '',
    // What is told of organizations' budgets has it.
    org_alias: '',
    status_code: String(event.http_status),
    exception_status: String(event.http_status),
    exception_class: event.error_type ?? '',
  }
}
