import type { Config, Deployment, StrategyName } from '../config/config.ts'
import { circuitBars } from './circuit-bars.ts'
import type { Needs } from './needs.ts'
import { lacks } from './pre-call.ts'
import { hasRoom } from './quota.ts'
import { regionBars } from './region.ts'
import type { DeploymentState } from './state.ts'
import { tagsBar } from './tags.ts'

export interface Judgeable {
  readonly deployment: Deployment
  readonly state: DeploymentState
}

export type Bar = 'cooldown' | 'parallel' | 'region' | 'context_window' | 'capability' | 'quota' | 'tags'

/** A candidate that is not asked now. `why` is a clause for people: "it cools down for 4 s after …". */
export interface PassedOver {
  readonly deployment: Deployment
  readonly bar: Bar
  readonly why: string
}

export interface Checks {
  /** Context window and capabilities. */
  readonly preCall: boolean
  /** The deployment's own rpm and tpm. */
  readonly quota: boolean
  readonly tags?: { readonly matchAny: boolean }
}

/**
 * Which checks a group has: LiteLLM's `enable_pre_call_checks` and `enable_tag_filtering`. Strategies that look at rpm
 * and tpm keep them always, as they do there. Cooldowns, `max_parallel_requests` and a required region hold in any case.
 */
export function checksOf({ router }: Config, strategy: StrategyName): Checks {
  return {
    preCall: router.preCallChecks === true,
    quota: router.preCallChecks === true || KEEPS_QUOTAS.has(strategy),
    ...(router.tagFiltering && { tags: router.tagFiltering }),
  }
}

const KEEPS_QUOTAS: ReadonlySet<StrategyName> = new Set([
  'latency-based-routing',
  'usage-based-routing-v2',
  'cost-based-routing',
])

export interface Eligible<T> {
  /** In the order in which they came; the given list itself where nobody is passed over. */
  readonly fit: readonly T[]
  readonly passedOver: readonly PassedOver[]
}

const nobody: readonly PassedOver[] = []

/** Who can be asked now, and why the others cannot. Tags are looked at last, among those that are left. */
export function eligible<T extends Judgeable>(
  candidates: readonly T[],
  needs: Needs,
  checks: Checks,
  nowMs: number,
): Eligible<T> {
  let passedOver: PassedOver[] | undefined
  const bars = candidates.map((candidate) => barOf(candidate, needs, checks, nowMs))
  let fit = candidates
  if (bars.some((bar) => bar !== undefined)) {
    fit = candidates.filter((_, at) => bars[at] === undefined)
    passedOver = bars.filter((bar) => bar !== undefined)
  }
  if (!checks.tags) return { fit, passedOver: passedOver ?? nobody }
  const tagged = tagsBar(fit, needs, checks.tags)
  if (tagged.barred.length === 0) return { fit, passedOver: passedOver ?? nobody }
  return { fit: tagged.fit, passedOver: [...(passedOver ?? nobody), ...tagged.barred] }
}

function barOf({ deployment, state }: Judgeable, needs: Needs, checks: Checks, nowMs: number): PassedOver | undefined {
  const cools = circuitBars(state, nowMs)
  if (cools !== undefined) return { deployment, bar: 'cooldown', why: cools }
  const { maxParallelRequests, rpm, tpm } = deployment
  if (maxParallelRequests !== undefined && state.inFlight >= maxParallelRequests)
    return {
      deployment,
      bar: 'parallel',
      why: `it answers ${state.inFlight} of at most ${maxParallelRequests} requests`,
    }
  const region = needs.region === undefined ? undefined : regionBars(deployment, needs.region)
  if (region !== undefined) return { deployment, bar: 'region', why: region }
  if (checks.preCall) {
    const lacking = lacks(deployment, needs)
    if (lacking) return { deployment, ...lacking }
  }
  if (!checks.quota || (rpm ?? tpm) === undefined) return undefined
  if (hasRoom({ state, ...(rpm !== undefined && { rpm }), ...(tpm !== undefined && { tpm }) }, needs.inputTokens))
    return undefined
  const limits = `${rpm === undefined ? '' : `, rpm ${rpm}`}${tpm === undefined ? '' : `, tpm ${tpm}`}`
  return {
    deployment,
    bar: 'quota',
    why: `its minute is used up: ${state.requests} requests, ${state.tokens} tokens${limits}`,
  }
}
