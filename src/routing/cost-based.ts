import { ascending } from './ascending.ts'
import { loadOf } from './burden.ts'
import { hasRoom } from './quota.ts'
import type { Routable, Strategy } from './strategy.ts'
import { twoChoices } from './two-choices.ts'

/** What an answer is taken to have, to weigh the price of input against that of output. */
const ANSWER_TOKENS = 500
/** Half of what it is asked fails, or more: the cheapest answer is none. */
const FAILING = 2

/**
 * LiteLLM's `cost-based-routing`: the cheapest first, by what this request would cost with an answer of usual length;
 * among the cheapest of equal price the less busy. Those without a price come after those with one; then who fails more
 * often than not, or has used up its rpm or tpm.
 */
export const costBased: Strategy = (candidates, { random, inputTokens }) => {
  if (candidates.length < 2) return candidates
  const costs = candidates.map((candidate) => costOf(candidate, inputTokens) * setBack(candidate, inputTokens))
  const { order, ranks } = ascending(candidates, costs, random)
  const dearer = ranks.findIndex((cost) => cost !== ranks[0])
  const cheapest = dearer < 0 ? order : order.slice(0, dearer)
  if (cheapest.length < 2) return order
  const loads = cheapest.map(({ state }) => loadOf(state))
  return [...twoChoices(cheapest, loads, random), ...order.slice(cheapest.length)]
}

function costOf({ inputPico, outputPico }: Routable, inputTokens: number): number {
  if (inputPico === undefined || outputPico === undefined) return UNKNOWN
  return 1 + inputPico * inputTokens + outputPico * ANSWER_TOKENS
}

/** Above the price of any request. */
const UNKNOWN = 2 ** 80
/** A factor above that: who is set back keeps its place among those who are. */
const SET_BACK = 2 ** 100

function setBack(candidate: Routable, inputTokens: number): number {
  const { state } = candidate
  const fails = loadOf(state) / (1 + state.inFlight) >= FAILING
  return fails || !hasRoom(candidate, inputTokens) ? SET_BACK : 1
}
