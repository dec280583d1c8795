import type { Config, Deployment, FailureName, FailurePolicy } from '../config/config.ts'
import type { ErrorKind } from '../errors.ts'
import type { Circuit } from '../routing/state.ts'
import { BUCKET_MS, type Tally } from './window.ts'

/**
 * A circuit as one number and one flag, so that isolates agree in whatever order they hear of each other: of two, the
 * one that opens longer is right, and of two alike the closed one. An opening is closed under its own number only, after
 * its time, so nothing ever shortens it.
 */
export interface CircuitState {
  /** 0 before the first opening. */
  readonly openUntilMs: number
  /** A request went well since. */
  readonly closed: boolean
  readonly because?: string
  /** How many requests in a row tried it in vain; absent for none. */
  readonly triedInVain?: number
}

export const neverOpened: CircuitState = { openUntilMs: 0, closed: true }

export function joined(one: CircuitState, other: CircuitState): CircuitState {
  if (one.openUntilMs !== other.openUntilMs) return one.openUntilMs > other.openUntilMs ? one : other
  return one.closed ? one : other
}

export function circuitAt({ openUntilMs, closed }: CircuitState, nowMs: number): Circuit {
  if (closed) return 'closed'
  return nowMs < openUntilMs ? 'open' : 'half_open'
}

/** What decides over one deployment's circuit. */
export interface CircuitSettings {
  /** It never opens: `disable_cooldowns`, or a cooldown of nothing. */
  readonly never: boolean
  /** The only deployment of its group: opening it helps nobody. */
  readonly alone: boolean
  /** It serves many models under one name, so a model that is not there says nothing about the others. */
  readonly wildcard: boolean
  /** The deployment's own `cooldown_time`, which holds over the vendor's wish. */
  readonly cooldownMs?: number
  readonly routerCooldownMs: number
  readonly allowedFails?: number
  readonly allowedFailsPolicy?: FailurePolicy
}

/** LiteLLM's `cooldown_time`. */
const COOLDOWN_MS = 5_000
/** A vendor may ask for more, but one request an hour that tries it costs nothing. */
const LONGEST_WISH_MS = 3_600_000

export function circuitSettings(deployment: Deployment, router: Config['router'], alone: boolean): CircuitSettings {
  const { cooldownTimeMs: cooldownMs, wildcard = false } = deployment
  const routerCooldownMs = router.cooldownTimeMs ?? COOLDOWN_MS
  const allowedFails = deployment.allowedFails ?? router.allowedFails
  const allowedFailsPolicy = deployment.allowedFailsPolicy ?? router.allowedFailsPolicy
  return {
    never: router.disableCooldowns === true || (cooldownMs ?? routerCooldownMs) <= 0,
    alone,
    wildcard,
    ...(cooldownMs === undefined ? {} : { cooldownMs }),
    routerCooldownMs,
    ...(allowedFails === undefined ? {} : { allowedFails }),
    ...(allowedFailsPolicy === undefined ? {} : { allowedFailsPolicy }),
  }
}

export interface Failed {
  readonly kind: ErrorKind
  readonly status: number
  readonly retryAfterMs?: number
}

/** Refusals of our own: nobody asked the vendor, or what it said is not known. */
const OURS: ReadonlySet<ErrorKind> = new Set([
  'client_closed',
  'internal',
  'not_implemented',
  'budget_exceeded',
  'budget_held',
  'ledger_unavailable',
  'database_unavailable',
])

/**
 * What an attempt's end says about its deployment: `bad` counts against it; `alive` is a vendor that refuses this very
 * request and would serve another; `nothing` is a client that left, or an end of our own making.
 */
export function verdictOn({ kind, status }: Failed, settings: CircuitSettings): 'bad' | 'alive' | 'nothing' {
  if (OURS.has(kind)) return 'nothing'
  const counts = status === 429 || status === 401 || status === 408 || status >= 500
  if (counts || (status === 404 && !settings.wildcard)) return 'bad'
  return settings.allowedFailsPolicy?.[failureName({ kind, status })] === undefined ? 'alive' : 'bad'
}

/** LiteLLM's names, by which `allowed_fails_policy` may differ. */
export function failureName({ kind, status }: Failed): FailureName {
  if (kind === 'content_policy_violation') return 'ContentPolicyViolationError'
  if (kind === 'timeout' || status === 408 || status === 504) return 'TimeoutError'
  if (status === 429) return 'RateLimitError'
  if (status === 401 || status === 403) return 'AuthenticationError'
  return status >= 500 ? 'InternalServerError' : 'BadRequestError'
}

/** Whoever stays dead is tried less and less often: up to four times the cooldown. */
const DOUBLINGS = 2
const RATE_OF = 5
const RATE = 0.5
const ALL_OF = 1_000

/** After a failure that counts; `tally` has it already. `startedAtMs` is when the attempt began. */
export function afterFailure(
  circuit: CircuitState,
  failed: Failed & { readonly startedAtMs: number },
  { tally, settings, nowMs }: { tally: Tally; settings: CircuitSettings; nowMs: number },
): CircuitState {
  if (settings.never) return circuit
  const cooldownMs = cooldownOf(failed, settings)
  if (circuitAt(circuit, nowMs) === 'half_open') {
    // What began before the opening tells nothing new.
    if (failed.startedAtMs < circuit.openUntilMs) return circuit
    const because = `the request that tried it failed with ${failed.status}`
    const { triedInVain = 0 } = circuit
    const longer = failed.retryAfterMs === undefined ? 2 ** Math.min(triedInVain, DOUBLINGS) : 1
    return { ...opened(circuit, nowMs + cooldownMs * longer, because), triedInVain: triedInVain + 1 }
  }
  const reason = immediately(failed, settings) ?? reasonIn(tally, settings, failureName(failed))
  return reason === undefined ? circuit : opened(circuit, nowMs + cooldownMs, reason)
}

/** The same by numbers alone: when others' reports add up to what no isolate saw by itself. */
export function afterTally(
  circuit: CircuitState,
  tally: Tally,
  settings: CircuitSettings,
  nowMs: number,
): CircuitState {
  if (settings.never || tally.failures === 0 || circuitAt(circuit, nowMs) !== 'closed') return circuit
  for (const name in tally.fails) {
    const reason = reasonIn(tally, settings, name as FailureName)
    if (reason !== undefined) {
      return opened(circuit, nowMs + (settings.cooldownMs ?? settings.routerCooldownMs), reason)
    }
  }
  return circuit
}

/** After an attempt that the vendor answered. Only one that began when the circuit was half-open closes it. */
export function afterAnswer(circuit: CircuitState, startedAtMs: number): CircuitState {
  if (circuit.closed || startedAtMs < circuit.openUntilMs) return circuit
  return { openUntilMs: circuit.openUntilMs, closed: true }
}

/** What failed before the last opening is paid for: a closed circuit counts from there. */
export function countsFromMs({ openUntilMs, closed }: CircuitState): number {
  return closed ? openUntilMs - BUCKET_MS : 0
}

function opened(circuit: CircuitState, untilMs: number, because: string): CircuitState {
  return joined(circuit, { openUntilMs: untilMs, closed: false, because })
}

function cooldownOf({ retryAfterMs }: Failed, { cooldownMs, routerCooldownMs }: CircuitSettings): number {
  if (cooldownMs !== undefined) return cooldownMs
  return retryAfterMs !== undefined && retryAfterMs > 0 ? Math.min(retryAfterMs, LONGEST_WISH_MS) : routerCooldownMs
}

/** `allowed_fails` for this failure, where the operator said it; then it replaces LiteLLM's defaults. */
function allowedOf(name: FailureName, { allowedFails, allowedFailsPolicy }: CircuitSettings): number | undefined {
  return allowedFailsPolicy?.[name] ?? allowedFails
}

/** Failures that will not get better by asking: LiteLLM's 429, 401 and 404. */
function immediately(failed: Failed, settings: CircuitSettings): string | undefined {
  const { status, retryAfterMs } = failed
  if (allowedOf(failureName(failed), settings) !== undefined) return undefined
  if (status === 401 || status === 404) return `the vendor answered ${status}`
  if (status !== 429 || settings.alone) return undefined
  return `the vendor answered 429${retryAfterMs ? ` and asked for ${Math.ceil(retryAfterMs / 1000)} s` : ''}`
}

function reasonIn(tally: Tally, settings: CircuitSettings, name: FailureName): string | undefined {
  const allowed = allowedOf(name, settings)
  if (allowed !== undefined) {
    const counted = settings.allowedFailsPolicy?.[name] === undefined ? tally.failures : (tally.fails[name] ?? 0)
    return counted > allowed ? `${counted} failures within a minute, ${allowed} allowed (${name})` : undefined
  }
  const all = tally.good + tally.failures
  const tooMany = !settings.alone && all >= RATE_OF && tally.failures > all * RATE
  if (!tooMany && !(tally.good === 0 && all >= ALL_OF)) return undefined
  return `${tally.failures} of ${all} requests failed within a minute (${name})`
}
