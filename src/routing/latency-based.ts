import { loadOf } from './burden.ts'
import { hasRoom } from './quota.ts'
import type { DeploymentState } from './state.ts'
import type { Strategy } from './strategy.ts'
import { twoChoices } from './two-choices.ts'

/** So many samples of the group's mean stand beside a deployment's own: one lucky answer is not a fast deployment. */
const PRIOR_SAMPLES = 3
/** So many requests do not look at times: whoever was slow once would never be asked again, and never be known better. */
const CURIOUS = 0.01

type Measure = 'firstTokenMs' | 'msPerToken' | 'latencyMs'

/**
 * LiteLLM's `latency-based-routing`: who answers sooner is asked more often. Streams are compared by their first token,
 * others by the time of an output token, and where no tokens are counted by the whole time. Whoever is within
 * `lowest_latency_buffer` of the fastest counts as equally fast; one that nobody has asked yet as an average one. The
 * time is multiplied by what is in flight, so a fast deployment gets more and never everything; who has used up its rpm
 * or tpm comes last, and now and then a slow one is tried.
 */
export const latencyBased: Strategy = (candidates, { random, stream, inputTokens }, { lowestLatencyBuffer }) => {
  if (candidates.length < 2) return candidates
  const times = expected(candidates, stream)
  const fastest = Math.min(...times)
  const asFast = random() < 1 - CURIOUS ? fastest * (1 + lowestLatencyBuffer) : Number.POSITIVE_INFINITY
  const burdens = candidates.map((candidate, at) => {
    if (!hasRoom(candidate, inputTokens)) return Number.POSITIVE_INFINITY
    const time = times[at] ?? fastest
    return (time <= asFast ? fastest : time) * loadOf(candidate.state)
  })
  return twoChoices(candidates, burdens, random)
}

interface Known {
  readonly state: DeploymentState
}

function expected(candidates: readonly Known[], stream: boolean): number[] {
  const measure = measureOf(candidates, stream)
  let sum = 0
  let known = 0
  for (const { state } of candidates) {
    const time = state[measure]
    if (time === undefined) continue
    sum += time
    known += 1
  }
  const mean = known === 0 ? 1 : Math.max(sum / known, Number.MIN_VALUE)
  return candidates.map(({ state }) => {
    const time = state[measure]
    if (time === undefined) return mean
    return (time * state.samples + mean * PRIOR_SAMPLES) / (state.samples + PRIOR_SAMPLES)
  })
}

/** The one by which all are compared: the best that anybody is known by. */
function measureOf(candidates: readonly Known[], stream: boolean): Measure {
  if (stream && candidates.some(({ state }) => state.firstTokenMs !== undefined)) return 'firstTokenMs'
  return candidates.some(({ state }) => state.msPerToken !== undefined) ? 'msPerToken' : 'latencyMs'
}
