import { budgetOf } from '../dialects/effort.ts'
import { type Fields, fields, isFields, number, text } from '../dialects/loose-json.ts'
import type { ClaudeTraits } from './anthropic-model.ts'
import { unsupported } from './unsupported.ts'

/** The smallest budget that the vendor takes; an answer must have room beside it. */
const LEAST_BUDGET = 1024

interface Wish {
  /** The canonical request's fields. */
  readonly asked: Fields
  readonly traits: ClaudeTraits
  readonly maxTokens: number
  /** An assistant's turn with calls still being answered does not begin with a thought. */
  readonly unthoughtCalls: boolean
  readonly target: { readonly dropParams?: boolean }
}

/** What goes into `thinking` and `output_config.effort`. */
export interface Thinking {
  readonly thinking?: Fields
  readonly effort?: string
}

/**
 * How a Claude is asked to think. Anthropic's own words, where the request has them, before OpenAI's effort. An effort
 * becomes a budget where the model knows budgets only, and `minimal`, which Claude does not know, is its `low`.
 */
export function thinkingOf(wish: Wish): Thinking {
  const { asked, traits, target } = wish
  const written = fields(asked.thinking)
  const named = text(fields(asked.output_config).effort)
  if (written.type !== undefined || named !== undefined) {
    const effort = named === undefined ? {} : effortOf(named, 'output_config.effort', traits, target)
    return { ...(written.type !== undefined && ownWords(written, named, wish)), ...effort }
  }
  const level = levelOf(asked.reasoning_effort)
  if (level === undefined || level === 'default') return {}
  if (level === 'none' || level === 'disable') return withoutThinking('reasoning_effort', traits, target)
  if (budgetOf(level) === undefined || traits.thinks === 'never') {
    unsupported(['reasoning_effort'], target)
    return {}
  }
  if (traits.thinks === 'budget') {
    const effort = traits.efforts.length === 0 ? {} : effortOf(level, 'reasoning_effort', traits, target)
    return { ...budgetFor(level, wish, 'reasoning_effort'), ...effort }
  }
  const thinking = { type: 'adaptive', ...(traits.hidesThoughts && { display: 'summarized' }) }
  return { thinking, ...effortOf(level, 'reasoning_effort', traits, target) }
}

/** `thinking` as Anthropic writes it, in the form that this model takes. */
function ownWords(written: Fields, effort: string | undefined, wish: Wish): Thinking {
  const { traits, target, unthoughtCalls } = wish
  if (written.type === 'disabled' || written.type === 'between_tools') {
    if (traits.unthinking === 'silence') return {}
    return withoutThinking('thinking', traits, target)
  }
  if (traits.thinks === 'never') {
    unsupported(['thinking'], target)
    return {}
  }
  if (written.type === 'adaptive' && traits.thinks === 'budget') return budgetFor(effort ?? 'high', wish, 'thinking')
  if (written.type === 'enabled' && traits.thinks === 'budget' && unthoughtCalls) return {}
  if (written.type !== 'enabled' || traits.thinks !== 'adaptive') return { thinking: written }
  unsupported(['thinking.budget_tokens'], target)
  const { budget_tokens: _, type: __, ...rest } = written
  return { thinking: { type: 'adaptive', ...rest } }
}

function withoutThinking(field: string, traits: ClaudeTraits, target: Wish['target']): Thinking {
  if (traits.unthinking === 'silence') return {}
  if (traits.unthinking !== 'impossible') return { thinking: { type: traits.unthinking } }
  unsupported([field], target)
  return {}
}

/**
 * The budget is ours to choose, so it leaves room for the answer. After calls that were made without a thought (clients
 * of OpenAI's shape lose them) a model with budgets refuses to think until the turn is over, so it is not asked to.
 */
function budgetFor(level: string, { maxTokens, unthoughtCalls, target }: Wish, field: string): Thinking {
  if (unthoughtCalls) return {}
  const budget = Math.min(budgetOf(level) ?? LEAST_BUDGET, maxTokens - 1)
  if (budget >= LEAST_BUDGET) return { thinking: { type: 'enabled', budget_tokens: budget } }
  unsupported([field], target)
  return {}
}

function effortOf(level: string, field: string, { efforts }: ClaudeTraits, target: Wish['target']): Thinking {
  const effort = level === 'minimal' ? 'low' : level
  if (efforts.includes(effort)) return { effort }
  unsupported([field], target)
  return {}
}

/** A word, or LiteLLM's `{ effort, summary }`. */
function levelOf(asked: unknown): string | undefined {
  return isFields(asked) ? text(asked.effort) : text(asked)
}

export function isThinking({ thinking }: Thinking): boolean {
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive' || number(thinking?.budget_tokens) !== undefined
}
