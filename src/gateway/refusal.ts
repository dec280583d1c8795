import type { Config } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { RateState, Refusal } from '../ledger/port.ts'
import { usdFromNano } from '../money.ts'

/** A ledger's refusal, in words and facts for the caller: which entity, which limit, how much is left, when it resets. */
export function refused(
  refusal: Refusal,
  { legacyBudgetStatus: status }: Pick<Config['general'], 'legacyBudgetStatus'> = {},
): GatewayError {
  switch (refusal.kind) {
    case 'ledger_unavailable':
      return new GatewayError('ledger_unavailable', 'The budget ledger cannot be reached. Ask again in a moment.', {
        retryAfterMs: refusal.retryAfterMs,
      })
    case 'rate_limited':
      return rateLimited(refusal.state, refusal.retryAfterMs)
    case 'budget_exceeded':
    case 'budget_held':
      return overBudget(refusal, status)
  }
}

function overBudget(
  refusal: Extract<Refusal, { kind: 'budget_exceeded' | 'budget_held' }>,
  status: 400 | undefined,
): GatewayError {
  const waiting = refusal.kind === 'budget_held'
  const usd = (nano: bigint) => usdFromNano(nano)
  const reset = refusal.resetAtMs === undefined ? undefined : new Date(refusal.resetAtMs).toISOString()
  const message =
    `Budget has been exceeded! ${refusal.scope}: Current cost: ${usd(refusal.spentNano)}, Max budget: ${usd(refusal.limitNano)}. ` +
    (waiting
      ? `${usd(refusal.heldNano)} is held by requests that are still running; this one needs ${usd(refusal.neededNano)}. Ask again shortly.`
      : `This request could cost up to ${usd(refusal.neededNano)}. ${reset ? `The budget resets at ${reset}.` : 'The budget does not reset by itself.'}`)
  return new GatewayError(refusal.kind, message, {
    retry: waiting,
    ...(status === undefined ? {} : { status }),
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
    facts: {
      scope: refusal.scope,
      window_start: new Date(refusal.windowStartMs).toISOString(),
      max_budget: usd(refusal.limitNano),
      spend: usd(refusal.spentNano),
      held: usd(refusal.heldNano),
      needed: usd(refusal.neededNano),
      reset_at: reset ?? null,
    },
  })
}

function rateLimited(state: RateState, retryAfterMs: number | undefined): GatewayError {
  // When a running request will end is nobody's to say.
  const reset = state.kind === 'max_parallel_requests' ? undefined : new Date(state.resetAtMs).toISOString()
  const frees = state.limit > 0 ? 'It frees as soon as one of the running requests ends.' : 'It lets nothing through.'
  return new GatewayError(
    'rate_limited',
    `Rate limit exceeded for ${state.entity}. Limit type: ${state.kind}. Current limit: ${state.limit}, Remaining: ${state.remaining}. ${reset ? `Limit resets at: ${reset}` : frees}`,
    {
      ...(retryAfterMs === undefined ? { retry: false } : { retryAfterMs }),
      facts: {
        entity: state.entity,
        limit_type: state.kind,
        limit: state.limit,
        remaining: state.remaining,
        reset_at: reset ?? null,
      },
      headers: { rate_limit_type: state.kind, ...(reset ? { reset_at: reset } : {}), ...rateHeaders([state]) },
    },
  )
}

const MODEL = ':model='

/** OpenAI's `x-ratelimit-*`: the tightest limit of each kind; a limit per entity, and a key's per model, in LiteLLM's form. */
export function rateHeaders(states: readonly RateState[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { entity, kind, limit, remaining } of states) {
    const name = descriptor(entity)
    headers[`x-ratelimit-${name}-limit-${kind}`] = String(limit)
    headers[`x-ratelimit-${name}-remaining-${kind}`] = String(remaining)
    if (name !== 'model_per_key' || kind === 'max_parallel_requests') continue
    const model = entity.slice(entity.indexOf(MODEL) + MODEL.length).replaceAll(/[^\w.-]/g, '-')
    headers[`x-litellm-key-remaining-${kind}-${model}`] = String(remaining)
  }
  for (const kind of ['requests', 'tokens'] as const) {
    const ofKind = states.filter((state) => state.kind === kind)
    const tightest = ofKind.reduce<RateState | undefined>(
      (a, b) => (a && a.remaining <= b.remaining ? a : b),
      undefined,
    )
    if (!tightest) continue
    headers[`x-ratelimit-limit-${kind}`] = String(tightest.limit)
    headers[`x-ratelimit-remaining-${kind}`] = String(tightest.remaining)
  }
  return headers
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  key: 'api_key',
  org: 'organization',
  member: 'team_member',
  customer: 'end_user',
}

/** LiteLLM's word for whose limit it is. */
function descriptor(entity: string): string {
  const kind = entity.slice(0, entity.indexOf(':'))
  if (entity.includes(MODEL)) return `model_per_${kind === 'org' ? 'organization' : kind}`
  return DESCRIPTORS[kind] ?? kind
}
