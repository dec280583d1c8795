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
 * among the cheapest of equal price the less busy. Those without a price come after those with one; then who has more in
 * flight than its rpm lets it answer, these by what they have to do; then who fails more often than not, or has used up
 * its rpm or tpm.
 */
export const costBased: Strategy = (candidates, { random, inputTokens }) => {
  if (candidates.length < 2) return candidates
  const costs = candidates.map((candidate) => costOf(candidate, inputTokens) * setBack(candidate, inputTokens))
  const { order, ranks } = ascending(candidates, costs, random)
  const least = ranks[0] ?? 0
  const dearer = ranks.findIndex((cost) => cost !== least && !(least >= FULL && cost < SET_BACK))
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
/** Factors above that: who is set back keeps its place among those who are. */
const FULL = 2 ** 100
const SET_BACK = 2 ** 200

function setBack(candidate: Routable, inputTokens: number): number {
  const { state } = candidate
  const fails = loadOf(state) / (1 + state.inFlight) >= FAILING
  if (fails || !hasRoom(candidate, inputTokens)) return SET_BACK
  return isFull(candidate) ? FULL : 1
}

/** By Little's law: at its rpm, with answers as long as its own, it would have so many in flight. */
function isFull({ rpm, state: { inFlight, latencyMs } }: Routable): boolean {
  return rpm !== undefined && latencyMs !== undefined && inFlight >= Math.max(1, (rpm * latencyMs) / 60_000)
}
