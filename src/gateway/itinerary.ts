import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { AnyRequest } from '../operations/operation.ts'
import type { Elsewhere } from './controls.ts'
import { depthOf, fallbacksFor, hasFallback, hasPolicyFallback, mayHelp } from './fallback.ts'
import { type Group, groupFor } from './groups.ts'
import type { Journey } from './journey.ts'
import { mocked } from './mock.ts'
import { plan, type Ready } from './plan.ts'
import { nobody, throughTier } from './tier.ts'

/** Whom to ask next, and what. */
export interface Step<R extends AnyRequest> {
  /** Its name in the file. */
  readonly group: string
  readonly candidate: Ready
  readonly request: R
  /** The request is not what the caller sent any more. */
  readonly retold: boolean
  /** Somebody else is left to be asked when this one fails. */
  readonly elsewhere: boolean
  /** An answer that a filter stopped counts as failed: somebody is named to do better. */
  readonly filterFails: boolean
  /** Who is asked beside it where it is slow to begin. */
  readonly hedge?: Hedge
}

export interface Hedge {
  readonly candidate: Ready
  readonly afterMs: number
  /** Whether the group may send one more request by now. */
  readonly spend: () => boolean
}

/** Why a step led to no answer. One that was not asked (its own budget is used up) cost no time and counts as no retry. */
export interface Failed {
  readonly error: GatewayError
  readonly asked: boolean
  /** It broke off in the middle of its answer, which somebody else is to complete. */
  readonly brokeOff?: boolean
  /** Asked beside it, in vain too. */
  readonly hedge?: Ready
}

/** One group on the way: the first, or a fallback. */
export interface Leg<R extends AnyRequest> {
  readonly group: Group
  /** By what its fallbacks are listed: as it was asked for, and what that stands for. */
  readonly names: readonly string[]
  readonly request: R
  readonly retold: boolean
  readonly depth: number
}

/** Yields whom to ask, is told why that one failed, and ends with the last failure when nobody is left. */
export type Way<R extends AnyRequest> = AsyncGenerator<Step<R>, Failed, Failed>

/**
 * Whom a request goes to, one after the other, until one answers. A group's tiers come in their `order`, each with its
 * own retries, then the group's fallbacks, each with theirs. Throws when the model asked for does not exist, or not for
 * this caller.
 */
export async function* itinerary<R extends AnyRequest>(journey: Journey<R>): Way<R> {
  const { request, call, deps } = journey
  const group = groupFor(request.model, call.principal, deps)
  const leg = { group, names: namesOf(request.model, group), request, retold: false, depth: 0 }
  return yield* throughGroups(leg, journey, new Set([group.name]))
}

const namesOf = (model: string, { name }: Group) => (name === model ? [name] : [model, name])

async function* throughGroups<R extends AnyRequest>(leg: Leg<R>, journey: Journey<R>, visited: Set<string>): Way<R> {
  const { call, controls, deps, trail } = journey
  const mock = mocked(leg, controls)
  if (mock) trail?.passedOver(leg.group.name, undefined, mock.error.message)
  let failed = mock ?? (yield* throughTiers(leg, journey, visited))
  if (call.signal.aborted || !goesOn(failed) || leg.depth >= depthOf(controls, deps.config)) return failed
  for (const target of fallbacksFor(failed.error.kind, leg.names, controls, deps.config.router)) {
    const next = legTo(target, leg, journey, visited)
    if (!next) continue
    visited.add(next.group.name)
    journey.fallbacks += 1
    failed = yield* throughGroups(next, journey, visited)
    if (call.signal.aborted || failed.error.kind === 'client_closed') return failed
  }
  return failed
}

/** Whether somebody else may do better. */
function goesOn({ error, asked }: Failed): boolean {
  return mayHelp(error) || (!asked && error.kind !== 'invalid_request')
}

function leadsOn<R extends AnyRequest>(
  { kind }: GatewayError,
  { names }: Leg<R>,
  { call, controls, deps }: Journey<R>,
  visited: ReadonlySet<string>,
): boolean {
  return fallbacksFor(kind, names, controls, deps.config.router).some(({ model }) => {
    try {
      return !visited.has(groupFor(model, call.principal, deps).name)
    } catch {
      return false
    }
  })
}

/** A fallback that does not exist, that the caller may not use, or that was asked already leads nowhere. */
function legTo<R extends AnyRequest>(
  { model, overrides }: Elsewhere,
  from: Leg<R>,
  { call, request, deps, trail }: Journey<R>,
  visited: ReadonlySet<string>,
): Leg<R> | undefined {
  try {
    const group = groupFor(model, call.principal, deps)
    if (visited.has(group.name)) return undefined
    const named = { ...request, ...overrides, model }
    const retold = overrides !== undefined
    const asked = retold ? call.operation.parse(named, {}, openaiChat) : named
    return { group, names: namesOf(model, group), request: asked, retold, depth: from.depth + 1 }
  } catch (error) {
    trail?.passedOver(model, undefined, toGatewayError(error).message)
    return undefined
  }
}

async function* throughTiers<R extends AnyRequest>(
  leg: Leg<R>,
  journey: Journey<R>,
  visited: ReadonlySet<string>,
): Way<R> {
  const { controls, deps } = journey
  const { config } = deps
  const goesDeeper = leg.depth < depthOf(controls, config)
  const mayFallBack = goesDeeper && hasFallback(leg.names, controls, config.router)
  const filterFails = goesDeeper && hasPolicyFallback(leg.names, controls, config.router)
  const planned = await patiently(leg, journey, mayFallBack ? 0 : (config.router.cooldownWaitMs ?? 0))
  if (planned instanceof GatewayError) return { error: planned, asked: false }
  let failed: Failed | undefined
  for (const [at, tier] of planned.entries()) {
    const isLastTier = at === planned.length - 1
    const isLast = !mayFallBack && isLastTier
    const goesElsewhere = (error: GatewayError) =>
      mayHelp(error) && (!isLastTier || (goesDeeper && leadsOn(error, leg, journey, visited)))
    failed = yield* throughTier({ leg, candidates: tier, isLast, goesOn: goesElsewhere, filterFails }, journey)
    if (!goesOn(failed)) return failed
  }
  return failed ?? nobody()
}

/** Where everybody cools down, waits for the first to be back, if that is soon enough. */
async function patiently<R extends AnyRequest>(
  { group, request }: Leg<R>,
  { call, controls, trail, deps }: Journey<R>,
  waitMs: number,
): Promise<readonly (readonly Ready[])[] | GatewayError> {
  const untilMs = deps.clock() + waitMs
  for (;;) {
    try {
      return await plan(group, { call, request, region: controls.region, trail }, deps)
    } catch (thrown) {
      const error = toGatewayError(thrown)
      const { retryAfterMs } = error.details
      if (retryAfterMs === undefined || deps.clock() + retryAfterMs > untilMs) return error
      await deps.sleep(retryAfterMs, call.signal)
    }
  }
}
