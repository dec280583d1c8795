import { type Fields, fields, number, present } from '../dialects/loose-json.ts'

/** From the third generation on, thought is asked for in levels; before it, in tokens. `latest` is at least the third. */
export function generation(model: string): number {
  const written = /gemini-(\d+)/.exec(model)?.[1]
  return written === undefined ? (/gemini-[\w-]*latest/.test(model) ? 3 : 0) : Number(written)
}

/** Models that never think know no budget, not even of nothing. */
function neverThinks(model: string): boolean {
  return /gemini-(1|2\.0)|gemma/.test(model)
}

/** Budgets that Google documents for OpenAI's words. */
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1024, low: 1024, medium: 8192, high: 24_576 }

/**
 * How much the model shall think, from Anthropic's `thinking` or OpenAI's `reasoning_effort`. A budget says more than a
 * word, so it goes first; whether a model can do without thoughts is for the vendor to say. Undefined when nothing was
 * asked; `false` when Google has no word for it.
 */
export function thinkingConfig(
  model: string,
  { thinking, reasoning_effort, reasoning }: Fields,
): Fields | undefined | false {
  const { type, budget_tokens } = fields(thinking)
  const effort = reasoning_effort ?? fields(reasoning).effort
  const budget = number(budget_tokens)
  if (type === 'disabled' || (type === undefined && effort === 'none'))
    return neverThinks(model) ? undefined : { thinkingBudget: 0 }
  if (type === 'enabled' && budget !== undefined) return { thinkingBudget: budget, includeThoughts: true }
  const words = fields(effort).effort ?? effort
  if (words !== undefined && words !== null) {
    const known = typeof words === 'string' ? BUDGETS[words] : undefined
    if (known === undefined) return false
    if (generation(model) < 3) return { thinkingBudget: known, includeThoughts: true }
    return { thinkingLevel: String(words).toUpperCase(), includeThoughts: true }
  }
  if (type === undefined) return undefined
  return { ...present({ thinkingBudget: generation(model) < 3 ? -1 : undefined }), includeThoughts: true }
}
