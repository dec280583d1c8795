import type { Config, FileBudget, Notice } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { given } from '../../src/models/row/given.ts'
import { type BudgetKeys, budgetOf } from '../../src/models/row/policies.ts'
import { shownKey } from '../../src/models/row/secrets.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void

/** The budgets that the file itself sets. A budget of 0 for the proxy is LiteLLM's way to say none. */
export function litellmBudgets({ litellm_settings: litellm = {} }: ConfigFile, note: Note): Partial<Config['litellm']> {
  const { max_budget: all, max_internal_user_budget: user, tag_budget_config: tags } = litellm
  return {
    ...given('budget', all ? { limitUsd: all, duration: litellm.budget_duration ?? 'life' } : undefined),
    ...given('customerUsd', litellm.max_end_user_budget),
    ...given('customerBudgetId', litellm.max_end_user_budget_id),
    ...given(
      'newUserBudget',
      user === undefined ? undefined : { limitUsd: user, ...given('duration', litellm.internal_user_budget_duration) },
    ),
    ...given('tagBudgets', budgetsIn(tags, ['litellm_settings', 'tag_budget_config'], note)),
  }
}

/** `provider_budget_config`. A vendor that no deployment uses is a slip of the pen. */
export function providerBudgets(
  { router_settings: router = {} }: ConfigFile,
  used: readonly string[],
  note: Note,
): Readonly<Record<string, FileBudget>> | undefined {
  const path = ['router_settings', 'provider_budget_config']
  for (const name of Object.keys(router.provider_budget_config ?? {})) {
    if (used.includes(name)) continue
    const near = nearestName(name, used)
    note(
      'warning',
      [...path, name],
      `names the vendor '${shownKey(name)}', which no deployment uses${near ? `; did you mean '${near}'?` : ''}`,
    )
  }
  return budgetsIn(router.provider_budget_config, path, note)
}

function budgetsIn(
  budgets: Readonly<Record<string, BudgetKeys>> | undefined,
  path: readonly string[],
  note: Note,
): Readonly<Record<string, FileBudget>> | undefined {
  const found = Object.entries(budgets ?? {}).flatMap(([name, own]) => {
    const budget = budgetOf(own)
    if (budget) return [[name, budget] as const]
    note('error', [...path, name], 'found no amount, expected max_budget or budget_limit in USD')
    return []
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
