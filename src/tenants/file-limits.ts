import { nanoFromUsd } from '../money.ts'
import { entityName, type Scope, scopeName } from './scope.ts'

/** What `config.yaml` limits beside what admins do. */
export interface FileLimits {
  /** `max_budget` and `budget_duration`: all keys together. */
  readonly everyone?: { readonly limitUsd: number; readonly duration: string }
  /** `max_end_user_budget`: every customer that has no budget of its own. */
  readonly customerUsd?: number
  /** `max_end_user_budget_id`: the same by the name of a budget. */
  readonly customerBudgetId?: string
  readonly timeZone: string
}

export const EVERYONE = entityName('global', 'proxy')

/** The budget's name that `max_end_user_budget` goes by. */
export const CUSTOMER_BUDGET_ID = 'max_end_user_budget'

/** The scopes that every key's spend counts in. Their windows are counted from the epoch, wherever they are computed. */
export function everyonesScopes({ everyone, timeZone }: FileLimits): readonly Scope[] {
  if (!everyone) return []
  const { duration } = everyone
  return [{ name: scopeName(EVERYONE, duration), duration, timeZone, anchorMs: 0, limited: true }]
}

export function everyonesLimitNano({ everyone }: FileLimits): bigint | undefined {
  return everyone && nanoFromUsd(everyone.limitUsd)
}

/** The budget that customers without one are given. */
export function customerBudgetId({ customerUsd, customerBudgetId: named }: FileLimits): string | undefined {
  return named ?? (customerUsd === undefined ? undefined : CUSTOMER_BUDGET_ID)
}
