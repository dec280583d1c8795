import { GatewayError } from '../errors.ts'
import type { Judgeable, PassedOver } from './eligible.ts'

/**
 * The refusal of a group of which nobody can be asked now, from why each was passed over. Where waiting helps it says how
 * long; where only the window is too small, it is `context_window_exceeded`, so that `context_window_fallbacks` apply.
 */
export function noneLeft(
  model: string,
  passedOver: readonly PassedOver[],
  candidates: readonly Judgeable[],
  nowMs: number,
): GatewayError {
  const reasons = passedOver.map(({ deployment, why }) => `${deployment.id}: ${why}`).join('; ')
  const has = (bar: PassedOver['bar']) => passedOver.some((one) => one.bar === bar)
  const waiting = passedOver.filter(({ bar }) => bar === 'cooldown' || bar === 'quota' || bar === 'parallel')
  if (waiting.length > 0) return later(model, waiting, candidates, nowMs, reasons)
  if (has('context_window')) return tooLarge(model, passedOver, reasons)
  if (has('tags')) {
    const message = `Not allowed to access model due to tags configuration. Nobody of ${model} is left for this request (${reasons}). Send a tag that a deployment has, or tag one 'default'.`
    return new GatewayError('auth_error', message, { param: 'tags', retry: false })
  }
  const message = `No deployment of ${model} can do what this request needs (${reasons}). Ask for another model.`
  return new GatewayError('invalid_request', message, { param: 'model', retry: false })
}

function later(
  model: string,
  waiting: readonly PassedOver[],
  candidates: readonly Judgeable[],
  nowMs: number,
  reasons: string,
): GatewayError {
  const waits = waiting.map((one) => waitOf(one, candidates, nowMs))
  const retryAfterMs = Math.max(1_000, Math.min(...waits))
  const cooling = waiting.filter(({ bar }) => bar === 'cooldown').map(({ deployment }) => deployment.id)
  return new GatewayError(
    'rate_limited',
    `No deployments available for selected model, Try again in ${Math.ceil(retryAfterMs / 1000)} seconds. Passed model=${model}. cooldown_list=[${cooling.join(', ')}]. ${reasons}.`,
    { param: 'model', retryAfterMs, facts: { cooldown_list: cooling } },
  )
}

/** The end of a cooldown is known; a probe, a full minute or a slot is worth a second look soon. */
function waitOf({ deployment, bar }: PassedOver, candidates: readonly Judgeable[], nowMs: number): number {
  if (bar === 'quota') return QUOTA_WAIT_MS
  if (bar === 'parallel') return 1_000
  const state = candidates.find((candidate) => candidate.deployment === deployment)?.state
  return state?.circuit === 'open' ? (state.openUntilMs ?? nowMs) - nowMs : 1_000
}

/** The minute slides, so some of it is free again before it is over. */
const QUOTA_WAIT_MS = 5_000

function tooLarge(model: string, passedOver: readonly PassedOver[], reasons: string): GatewayError {
  const windows = passedOver.map(({ deployment }) => deployment.maxInputTokens ?? 0)
  return new GatewayError(
    'context_window_exceeded',
    `This request is too long for every deployment of ${model}; the largest window is ${Math.max(...windows)} tokens. Shorten it, ask for a shorter answer, or ask for a model with a larger window (${reasons}).`,
    { param: 'messages', retry: false },
  )
}
