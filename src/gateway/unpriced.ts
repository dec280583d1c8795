import type { Clock } from '../clock.ts'
import type { Deployment } from '../config/config.ts'

const HOUR_MS = 3_600_000
/** Names come from callers where a wildcard serves them. */
const MOST_MODELS = 1_000

/** Hears of answers that nobody knows a price of, and tells the operator: once an hour for each model. */
export type Unpriced = (deployment: Pick<Deployment, 'provider' | 'model' | 'group' | 'id'>) => void

export function unpricedTo(
  warn: (message: string, facts: Readonly<Record<string, unknown>>) => void,
  clock: Clock,
): Unpriced {
  const toldAtMs = new Map<string, number>()
  return ({ provider, model, group, id }) => {
    const name = `${provider}/${model}`
    const nowMs = clock()
    const before = toldAtMs.get(name)
    if (before !== undefined && nowMs - before < HOUR_MS) return
    if (before === undefined && toldAtMs.size >= MOST_MODELS) toldAtMs.clear()
    toldAtMs.set(name, nowMs)
    warn('nobody knows a price: what this model answers is recorded at nothing', {
      ...{ model: name, group, deployment: id },
      next: 'set input_cost_per_token and output_cost_per_token for it (0 is a price), or model_info.base_model',
    })
  }
}
