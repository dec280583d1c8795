import type { Config } from '../config/config.ts'
import { groupOf } from '../config/read.ts'
import type { ErrorKind, GatewayError } from '../errors.ts'
import { mayUse } from '../tenants/access.ts'
import type { Principal } from '../tenants/principal.ts'

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

/**
 * The groups to go on with when one has failed, in their order: `fallbacks` of the group, else of `*`; each once, only
 * those that the caller may use.
 */
export function fallbacksOf(model: string, principal: Principal, config: Config): readonly string[] {
  const { fallbacks = {} } = config.router
  const group = groupOf(config, model) ?? model
  const listed = fallbacks[model] ?? fallbacks[group] ?? fallbacks['*'] ?? []
  return [...new Set(listed)].filter((name) => name !== model && name !== group && isAllowed(name, principal, config))
}

function isAllowed(name: string, principal: Principal, config: Config): boolean {
  try {
    mayUse(principal, name, groupOf(config, name))
    return true
  } catch {
    return false
  }
}
