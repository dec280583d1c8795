import { loadOf } from './burden.ts'
import type { Strategy } from './strategy.ts'
import { twoChoices } from './two-choices.ts'

/** LiteLLM's `least-busy`: the fewer requests are being answered, the earlier, counted over all isolates. */
export const leastBusy: Strategy = (candidates, { random }) => {
  if (candidates.length < 2) return candidates
  return twoChoices(
    candidates,
    candidates.map(({ state }) => loadOf(state)),
    random,
  )
}
