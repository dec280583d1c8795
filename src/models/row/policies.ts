import type { FailureName, FailurePolicy, FileBudget, Timeouts } from '../../config/config.ts'
import { given } from './given.ts'

const names: readonly FailureName[] = [
  'BadRequestError',
  'AuthenticationError',
  'TimeoutError',
  'RateLimitError',
  'ContentPolicyViolationError',
  'InternalServerError',
]

type Given = Readonly<Record<string, number | undefined>>

/**
 * `BadRequestErrorRetries` and its like by the failure's name. What LiteLLM tells apart beneath the errors of a server
 * counts as one of those, the largest number of them; `Default…` stands for those that are not named.
 */
export function policyOf(policy: Given | undefined, suffix: 'Retries' | 'AllowedFails'): FailurePolicy | undefined {
  if (policy === undefined) return undefined
  const own = (name: string) => policy[`${name}${suffix}`]
  const servers = ['InternalServerError', 'ServiceUnavailableError', 'BadGatewayError'].flatMap(
    (name) => own(name) ?? [],
  )
  const found = names.flatMap((name) => {
    const number = name === 'InternalServerError' ? largest(servers) : own(name)
    const counted = number ?? own('Default')
    return counted === undefined ? [] : [[name, counted] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

function largest(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}

interface TimeoutKeys {
  readonly connect_timeout?: number | undefined
  readonly ttft_timeout?: number | undefined
  readonly stream_idle_timeout?: number | undefined
  readonly total_timeout?: number | undefined
}

export function timeoutsOf(own: TimeoutKeys): Timeouts | undefined {
  const found: Timeouts = {
    ...given('connectMs', ms(own.connect_timeout)),
    ...given('ttftMs', ms(own.ttft_timeout)),
    ...given('streamIdleMs', ms(own.stream_idle_timeout)),
    ...given('totalMs', ms(own.total_timeout)),
  }
  return Object.keys(found).length === 0 ? undefined : found
}

/** Seconds of the file as whole milliseconds. */
export function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}

export interface BudgetKeys {
  readonly max_budget?: number | undefined
  readonly budget_limit?: number | undefined
  readonly budget_duration?: string | undefined
  readonly time_period?: string | undefined
}

/** A budget without a duration never begins again. */
export function budgetOf(own: BudgetKeys): FileBudget | undefined {
  const limitUsd = own.budget_limit ?? own.max_budget
  return limitUsd === undefined ? undefined : { limitUsd, duration: own.time_period ?? own.budget_duration ?? 'life' }
}
