import { type BudgetFacts, levelOf } from './alert.ts'
import type { Letter } from './port.ts'

/** The same facts as JSON: of a budget with LiteLLM's fields of a webhook event, in dollars, beside ours. */
export function webhookBody({ id, type, facts }: Letter, message: string, nowMs: number): Record<string, unknown> {
  const ours = { id, alert_type: type, level: levelOf(facts), sent_at: new Date(nowMs).toISOString(), facts }
  if (facts.kind !== 'budget') return { event: facts.kind, event_message: message, ...ours }
  return { ...budgetFields(facts), event_message: message, ...ours }
}

/** LiteLLM's `event_group`, as its documentation lists them. */
const GROUPS: Readonly<Record<string, string>> = {
  key: 'key',
  user: 'internal_user',
  team: 'team',
  member: 'team_member',
  org: 'organization',
  customer: 'customer',
  tag: 'tag',
}

function budgetFields(facts: BudgetFacts): Record<string, unknown> {
  const { event, entityKind, entityId, alias, spentNano, limitNano, exhaustedMs } = facts
  const usd = (nano: string) => Number(nano) / 1e9
  const isSoft = event === 'soft_budget_crossed'
  const when = (kind: string, value: string | null) => (entityKind === kind ? value : null)
  return {
    event,
    event_group: GROUPS[entityKind] ?? 'proxy',
    spend: usd(spentNano),
    max_budget: isSoft ? null : usd(limitNano),
    soft_budget: isSoft ? usd(limitNano) : null,
    key_alias: when('key', alias),
    user_id: when('user', entityId),
    team_id: when('team', entityId),
    team_alias: when('team', alias),
    organization_id: when('org', entityId),
    customer_id: when('customer', entityId),
    projected_exceeded_date: exhaustedMs === undefined ? null : new Date(exhaustedMs).toISOString().slice(0, 10),
  }
}
