import { GatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { keptTogether } from '../routing/affinity.ts'
import { type Checks, checksOf, eligible } from '../routing/eligible.ts'
import type { Needs } from '../routing/needs.ts'
import { noneLeft } from '../routing/none-left.ts'
import { type DeploymentState, unknownState } from '../routing/state.ts'
import { strategies, strategyOf, strategySettings } from '../routing/strategies.ts'
import { tiers } from '../routing/tiers.ts'
import type { Call } from './call.ts'
import type { Candidate } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'
import type { Group } from './groups.ts'
import type { Trail } from './trail.ts'

/** A candidate as it stands at this moment. */
export interface Ready extends Candidate {
  readonly state: DeploymentState
}

export interface Planned<R extends AnyRequest> {
  readonly call: Pick<Call<R>, 'operation' | 'principal' | 'headers' | 'body'>
  readonly request: R
  /** Where the caller wants the answer to come from. What its customer is bound to holds before it. */
  readonly region?: string | undefined
  readonly trail?: Trail | undefined
}

/**
 * Whom of a group to ask, best first, by tiers of their `order`: never empty. Throws why nobody can be asked: not at all
 * (`not_implemented`), not for this request, or not now (`rate_limited`, with the time).
 */
export async function plan<R extends AnyRequest>(
  group: Group,
  asked: Planned<R>,
  deps: GatewayDeps,
): Promise<readonly (readonly Ready[])[]> {
  const { clock, config, random } = deps
  const { call, request, trail } = asked
  const nowMs = clock()
  const able = ableOf(group, call.operation)
  const states = deps.health.state(group.name, nowMs, deps.defer)
  const known = states instanceof Promise ? await states : states
  const ready = able.map((candidate) => ({ ...candidate, state: known.get(candidate.id) ?? unknownState }))

  const name = strategyOf(config, group.name)
  const checks = checksOf(config, name)
  const needs = looksAtRequest(checks, name) ? needsOf(asked) : boundTo(regionOf(asked))
  const { fit, passedOver } = eligible(ready, needs, checks, nowMs)
  if (trail) for (const { deployment, why } of passedOver) trail.passedOver(group.name, deployment.id, why)
  if (fit.length === 0) throw noneLeft(group.name, passedOver, ready, nowMs)
  if (fit.length === 1) return [fit]

  const moment = { nowMs, random, stream: call.operation.streams(request), inputTokens: needs.inputTokens }
  const inOrder = tiers(strategies[name](fit, moment, strategySettings(config)))
  const key = affinityOf(asked, deps)
  return key === undefined ? inOrder : inOrder.map((tier) => keptTogether(tier, key))
}

/** Those that can be asked for this kind of work at all. */
function ableOf<R extends AnyRequest>(
  { name, candidates, reasons }: Group,
  operation: Call<R>['operation'],
): readonly Candidate[] {
  const able = candidates.filter(({ provider, deployment }) => operation.unfit(provider, deployment.mode) === undefined)
  if (able.length > 0) return able
  const unfit = candidates.map(({ id, provider, deployment }) => `${id}: ${operation.unfit(provider, deployment.mode)}`)
  throw new GatewayError(
    'not_implemented',
    `No deployment of ${name} can serve it: ${[...reasons, ...unfit].join('; ')}.`,
    { param: 'model' },
  )
}

const NOTHING_KNOWN: Needs = { inputTokens: 0, capabilities: [] }

const boundTo = (region: string | undefined): Needs =>
  region === undefined ? NOTHING_KNOWN : { ...NOTHING_KNOWN, region }

function regionOf<R extends AnyRequest>({ call, region }: Planned<R>): string | undefined {
  return call.principal.region ?? region
}

/** Reading the whole request costs time, so it is read only where something depends on it. */
function looksAtRequest({ preCall, quota, tags }: Checks, strategy: string): boolean {
  return preCall || quota || tags !== undefined || strategy === 'usage-based-routing-v2'
}

function needsOf<R extends AnyRequest>(asked: Planned<R>): Needs {
  const { operation, principal, headers } = asked.call
  const region = regionOf(asked)
  const userAgent = headers.get('user-agent')
  return {
    ...operation.needs(asked.request),
    ...(region !== undefined && { region }),
    ...(principal.tags && { tags: principal.tags }),
    ...(userAgent !== null && { userAgent }),
  }
}

/** What should stay with one deployment: a session of the caller's, or a long beginning that it has cached. */
function affinityOf<R extends AnyRequest>({ call, request }: Planned<R>, { config }: GatewayDeps): string | undefined {
  const { stickySessions, promptCacheAffinity } = config.router
  const session = stickySessions
    ? (call.headers.get('x-litellm-session-id') ?? call.body.litellm_session_id)
    : undefined
  if (typeof session === 'string' && session !== '') return `session:${session}`
  return promptCacheAffinity ? call.operation.prefixKey?.(request) : undefined
}

/** Who would be asked first, and with what. */
export async function firstOf<R extends AnyRequest>(
  group: Group,
  asked: Planned<R>,
  deps: GatewayDeps,
): Promise<Ready> {
  const [[first] = []] = await plan(group, asked, deps)
  if (first) return first
  throw new GatewayError('internal', 'A plan names nobody.')
}
