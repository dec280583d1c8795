import { loadOf } from './burden.ts'
import { hasRoom } from './quota.ts'
import type { Routable, Strategy } from './strategy.ts'
import { twoChoices } from './two-choices.ts'

/**
 * LiteLLM's `usage-based-routing-v2`: the less of its tpm and rpm a deployment has used in the last sixty seconds, the
 * earlier. It looks at shares, so that a quota of any size is used evenly; where nobody has a limit, at the tokens
 * themselves. One without a limit counts as having the average of the others. What is in flight counts along: tokens are
 * known when an answer ends, and one that lags behind must not get everything. Who would go over its limit comes last.
 */
export const usageBased: Strategy = (candidates, { random, inputTokens }) => {
  if (candidates.length < 2) return candidates
  const tpm = limitFor(candidates, 'tpm')
  const rpm = limitFor(candidates, 'rpm')
  const most = candidates.reduce((sum, { state }) => Math.max(sum, state.tokens), 0)
  const burdens = candidates.map((candidate) => {
    if (!hasRoom(candidate, inputTokens)) return Number.POSITIVE_INFINITY
    const { state } = candidate
    const tokens = tpm(candidate)
    const requests = rpm(candidate)
    const ofTokens = (state.tokens + inputTokens) / (tokens ?? 2 * (most + inputTokens) + 1)
    const ofRequests = requests === undefined ? 0 : (state.requests + 1) / requests
    const left = 1 - Math.max(ofTokens, ofRequests)
    return loadOf(state) / (Math.max(left, 1e-6) * (tokens ?? requests ?? 1))
  })
  return twoChoices(candidates, burdens, random)
}

function limitFor(candidates: readonly Routable[], field: 'rpm' | 'tpm'): (candidate: Routable) => number | undefined {
  let sum = 0
  let given = 0
  for (const candidate of candidates) {
    const limit = candidate[field]
    if (limit === undefined) continue
    sum += limit
    given += 1
  }
  const average = given === 0 ? undefined : sum / given
  return (candidate) => candidate[field] ?? average
}
