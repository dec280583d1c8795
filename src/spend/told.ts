import { usdFromNano } from '../money.ts'
import { type SpendEvent, spendEvent } from './event.ts'

/** What a row keeps of an event beside its columns, in the event's own names (migrations/0056). */
const spendTold = spendEvent
  .pick({
    original_cost_nano: true,
    discount_nano: true,
    margin_nano: true,
    reported_cost_nano: true,
    list_cost_nano: true,
    cost_source: true,
    unpriced: true,
    session_id: true,
    spend_logs_metadata: true,
  })
  .partial()

/** As `record_spend` keeps it; null where there is nothing of it. */
export function toldBy(event: SpendEvent): Readonly<Record<string, unknown>> | null {
  const told = spendTold.parse(event)
  return Object.keys(told).length === 0 ? null : told
}

/** A row's, with money in dollars by LiteLLM's names; what LiteLLM has no name for stands beside them. */
export function shownTold(kept: unknown) {
  const { data: told = {} } = spendTold.safeParse(kept ?? {})
  const usd = (nano: string | undefined) => (nano === undefined ? undefined : usdFromNano(BigInt(nano)))
  const breakdown = {
    original_cost: usd(told.original_cost_nano),
    discount_amount: usd(told.discount_nano),
    margin_total_amount: usd(told.margin_nano),
    reported_cost: usd(told.reported_cost_nano),
    list_cost: usd(told.list_cost_nano),
    cost_source: told.cost_source,
    unpriced: told.unpriced,
  }
  const known = Object.entries(breakdown).filter(([, value]) => value !== undefined)
  return {
    sessionId: told.session_id ?? null,
    logsMetadata: told.spend_logs_metadata ?? null,
    costBreakdown: known.length === 0 ? null : (Object.fromEntries(known) as Partial<typeof breakdown>),
  }
}
