import type { Config } from '../config/config.ts'
import type { ErrorKind, GatewayError } from '../errors.ts'
import type { AskedFallbacks, Controls, Elsewhere } from './controls.ts'

/** Failures that another group may not share. A request that is wrong is wrong everywhere. */
const ELSEWHERE: ReadonlySet<ErrorKind> = new Set([
  'upstream_failed',
  'timeout',
  'rate_limited',
  'auth_error',
  'forbidden',
  'not_found',
  'model_not_found',
  'context_window_exceeded',
  'content_policy_violation',
])

export function mayHelp({ kind }: GatewayError): boolean {
  return ELSEWHERE.has(kind)
}

/** LiteLLM's `max_fallbacks`. */
const DEPTH = 5

/** How deep fallbacks of fallbacks go. */
export function depthOf(controls: Controls, { router }: Config): number {
  return controls.disableFallbacks ? 0 : (controls.maxFallbacks ?? router.maxFallbacks ?? DEPTH)
}

type Router = Config['router']

/**
 * The groups to go on with when one has failed, in their order: the caller's own, then what the file says of this kind
 * of failure, then `fallbacks` of the group or of `*`, then `default_fallbacks`. The first list that has an entry holds;
 * a failure of context or policy without an entry of its own goes the way of every other. `names` are the group's names:
 * as it was asked for, and what that stands for.
 */
export function fallbacksFor(
  kind: ErrorKind,
  names: readonly string[],
  controls: Controls,
  router: Router,
): readonly Elsewhere[] {
  const { fallbacks, contextWindowFallbacks, contentPolicyFallbacks, defaultFallbacks } = router
  const special =
    kind === 'context_window_exceeded'
      ? [controls.contextWindowFallbacks, contextWindowFallbacks]
      : kind === 'content_policy_violation'
        ? [controls.contentPolicyFallbacks, contentPolicyFallbacks]
        : []
  const lists = [special[0], controls.fallbacks, special[1], fallbacks]
  for (const list of lists) {
    const found = list && listedIn(list, names)
    if (found) return found
  }
  return (defaultFallbacks ?? []).map((model) => ({ model }))
}

/** An answer that the vendor's filter stopped counts as a failure only where somebody is named to do better. */
export function hasPolicyFallback(names: readonly string[], controls: Controls, router: Router): boolean {
  return [controls.contentPolicyFallbacks, router.contentPolicyFallbacks].some(
    (list) => list !== undefined && (listedIn(list, names) ?? []).length > 0,
  )
}

function listedIn(list: AskedFallbacks, names: readonly string[]): readonly Elsewhere[] | undefined {
  if (isList(list)) return list
  const found = [...names, '*'].find((name) => Object.hasOwn(list, name))
  return found === undefined ? undefined : (list[found] ?? []).map((model) => ({ model }))
}

const isList = (list: AskedFallbacks): list is readonly Elsewhere[] => Array.isArray(list)

/** Whether anyone is named to go on where a group fails, whatever its failure. */
export function hasFallback(names: readonly string[], controls: Controls, router: Router): boolean {
  return fallbacksFor('upstream_failed', names, controls, router).length > 0
}
