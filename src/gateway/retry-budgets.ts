import type { Config } from '../config/config.ts'
import { RetryBudget } from '../routing/retry.ts'

/** Of an isolate, for the life of a configuration. */
const budgets = new WeakMap<Config, Map<string, RetryBudget>>()

/** What a group may be asked beyond what its callers ask: again, or beside one that is slow. */
export function retryBudgetOf(group: string, config: Config): RetryBudget {
  const byGroup = budgets.get(config) ?? new Map<string, RetryBudget>()
  budgets.set(config, byGroup)
  const budget = byGroup.get(group) ?? new RetryBudget()
  byGroup.set(group, budget)
  return budget
}
