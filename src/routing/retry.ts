import type { Config, Deployment, FailureName, FailurePolicy } from '../config/config.ts'
import type { ErrorKind, GatewayError } from '../errors.ts'

/** LiteLLM's `num_retries` where nobody says. */
const RETRIES = 2
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8_000

const FAILURES: Partial<Readonly<Record<ErrorKind, FailureName>>> = {
  invalid_request: 'BadRequestError',
  context_window_exceeded: 'BadRequestError',
  content_policy_violation: 'ContentPolicyViolationError',
  auth_error: 'AuthenticationError',
  timeout: 'TimeoutError',
  rate_limited: 'RateLimitError',
  upstream_failed: 'InternalServerError',
}

/** By its name in `retry_policy`; undefined for failures that LiteLLM has no name for there. */
export function retriesByPolicy(kind: ErrorKind, group: string, router: Config['router']): number | undefined {
  const { groupRetryPolicies, retryPolicy } = router
  const own = groupRetryPolicies && Object.hasOwn(groupRetryPolicies, group) ? groupRetryPolicies[group] : undefined
  const policy: FailurePolicy | undefined = own ?? retryPolicy
  const name = FAILURES[kind]
  return policy && name && policy[name]
}

/** How many times a tier of a group is asked again: by failure, request, deployment, router, else twice. */
export function retriesFor(
  kind: ErrorKind,
  { group, numRetries }: Pick<Deployment, 'group' | 'numRetries'>,
  asked: number | undefined,
  router: Config['router'],
): number {
  return retriesByPolicy(kind, group, router) ?? retriesAsked({ numRetries }, asked, router)
}

/** The same before anything has failed. */
export function retriesAsked(
  { numRetries }: { readonly numRetries?: number | undefined },
  asked: number | undefined,
  router: Config['router'],
): number {
  return asked ?? numRetries ?? router.numRetries ?? RETRIES
}

/** Who may be asked again after a failure: anyone, anyone else, or nobody. */
export type Again = 'anyone' | 'others' | 'nobody'

/**
 * A refusal that the same deployment would repeat, and a silence, are for others; a request that is wrong is wrong
 * everywhere, unless `retry_policy` counts on others that read it differently.
 */
export function againAfter(
  { kind, status }: Pick<GatewayError, 'kind' | 'status'>,
  byPolicy: number | undefined,
): Again {
  switch (kind) {
    case 'rate_limited':
      return 'anyone'
    case 'upstream_failed':
      return status >= 500 || status === 408 || status === 409 || status === 425 ? 'anyone' : 'others'
    case 'timeout':
    case 'auth_error':
    case 'forbidden':
    case 'not_found':
    case 'model_not_found':
      return 'others'
    default:
      return byPolicy ? 'others' : 'nobody'
  }
}

/** Exponential with full jitter, `retry_after` at the least. `before` counts the pauses before this one. */
export function pauseMs(before: number, leastMs: number, random: () => number): number {
  return Math.max(leastMs, random() * Math.min(FIRST_PAUSE_MS * 2 ** before, LONGEST_PAUSE_MS))
}

/** Every request pays in so much of a retry. */
const SHARE = 0.2
/** So many may come at once, after a quiet time. */
const MOST = 10
const PER_MS = 1 / 1000

/**
 * What keeps a group that fails from being asked several times as often as when it is well: of a deployment that has
 * just failed, requests ask again for a fifth of their number, beside one a second. Asking another one is free.
 */
export class RetryBudget {
  #left = MOST
  #atMs = 0

  earn(nowMs: number): void {
    this.#left = Math.min(MOST, this.#left + SHARE + Math.max(0, nowMs - this.#atMs) * PER_MS)
    this.#atMs = nowMs
  }

  spend(): boolean {
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
