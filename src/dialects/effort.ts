import { fields, number } from './loose-json.ts'

/** The smallest budget that Claude takes. */
const LEAST_BUDGET = 1024

/**
 * Budgets of thoughts for OpenAI's words, and words for budgets, both as LiteLLM has them, so that a change of gateways
 * changes no bill (its defaults for Claude, and its adapter of Anthropic's messages). They are no inverse of each other: an
 * effort bounds what is thought, and a budget is seldom thought up. The smallest budget is `low`, not LiteLLM's `minimal`,
 * which most models that think do not know.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: LEAST_BUDGET,
  low: LEAST_BUDGET,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
}
const EFFORTS = [
  { from: 10_000, effort: 'high' },
  { from: 5_000, effort: 'medium' },
  { from: 0, effort: 'low' },
] as const

/** Undefined for a word that says nothing about how much. */
export function budgetOf(effort: string): number | undefined {
  return Object.hasOwn(BUDGETS, effort) ? BUDGETS[effort] : undefined
}

/** Anthropic's `thinking` for vendors that know effort only; undefined where it does not think, or as much as it likes. */
export function effortOfBudget(thinking: unknown): string | undefined {
  const { type, budget_tokens } = fields(thinking)
  const budget = type === 'enabled' ? number(budget_tokens) : undefined
  if (budget === undefined) return undefined
  return EFFORTS.find(({ from }) => budget >= from)?.effort
}
