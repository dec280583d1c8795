import { type GatewayError, toGatewayError } from '../errors.ts'
import type { Ended } from '../health/port.ts'
import type { Settlement } from '../ledger/port.ts'
import { minNano, type NanoUsd } from '../money.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { type BilledUsage, billedUsage } from '../prices/service-tier.ts'
import { completionTokens, noUsage, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'
import type { SpendEvent } from '../spend/event.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Attempt } from './attempt.ts'
import { type Charge, chargeOf, toldOfCharge } from './charge.ts'
import { tokensUsed } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import { bringsOwnAccess } from './own-access.ts'
import { toldOf } from './told.ts'
import type { VendorLeft } from './vendor-left.ts'

/** How an attempt ended, as far as the money and the record care. */
export interface Outcome {
  readonly status: SpendEvent['status']
  readonly usage: Usage
  /** Counted by the gateway because the provider did not say. */
  readonly estimated: boolean
  readonly httpStatus: number
  readonly firstTokenMs?: number
  readonly error?: GatewayError
  /** What the vendor says is left of its limits. */
  readonly left?: VendorLeft
}

const NOTHING: Charge = { costNano: 0n }

/** What an outcome is charged: priced in full, whatever was held for it. What its vendor refused costs nothing, no fee either. */
export function chargeFor(attempt: Attempt<AnyRequest>, { status, usage, estimated }: Outcome): Charge {
  const isRefused = status === 'failure' && !estimated && usage === noUsage
  return isRefused ? NOTHING : chargeOf(attempt.deployment, billedOf(attempt, usage))
}

function billedOf({ request, deployment }: Attempt<AnyRequest>, usage: Usage): BilledUsage {
  return billedUsage(usage, request, deployment.params)
}

/** What a usage of an attempt costs; nothing where it has no price. */
export function costIn(attempt: Attempt<AnyRequest>, usage: Usage): NanoUsd {
  return chargeOf(attempt.deployment, billedOf(attempt, usage)).costNano
}

/**
 * The end of every attempt, good or bad: its row and the close of its hold, handed over after the answer. An attempt
 * that cost nothing closes at nothing, and its row has no hold (slices.md rule 14). Answers what it was charged.
 */
export function finish(attempt: Attempt<AnyRequest>, outcome: Outcome, deps: GatewayDeps): Charge {
  const charge = chargeFor(attempt, outcome)
  record(attempt, outcome, { charge, close: closeOf(attempt, outcome, charge, deps) }, deps)
  return charge
}

function closeOf(
  { grant, id }: Attempt<AnyRequest>,
  outcome: Outcome,
  { costNano }: Charge,
  deps: GatewayDeps,
): Settlement | undefined {
  return (
    grant && {
      grantId: grant.id,
      attempt: id,
      paidNano: minNano(costNano, grant.amountNano),
      tokens: tokensUsed(outcome.usage, deps.config.general),
      ...(grant.also ? { also: grant.also } : {}),
    }
  )
}

function record(
  attempt: Attempt<AnyRequest>,
  outcome: Outcome,
  { charge, close }: { readonly charge: Charge; readonly close: Settlement | undefined },
  deps: GatewayDeps,
): void {
  if (charge.unpriced) deps.unpriced?.(attempt.deployment)
  const event = ended(attempt, outcome, charge, deps)
  deps.handOver.add({ ledger: attempt.call.principal.ledger, event, ...(close ? { close } : {}) }, deps.defer)
}

/** Told to routing; its row. */
function ended(attempt: Attempt<AnyRequest>, outcome: Outcome, charge: Charge, deps: GatewayDeps): SpendEvent {
  deps.health.ended(toEnded(attempt, outcome, deps.clock()), deps.defer)
  return { ...toEvent(attempt, outcome, charge.costNano, deps), ...toldOfCharge(charge) }
}

function toEnded({ group, deployment, startedAtMs, call }: Attempt<AnyRequest>, outcome: Outcome, atMs: number): Ended {
  const { status, usage, error, firstTokenMs } = outcome
  const says = status !== 'cancelled' && !bringsOwnAccess(call.body)
  const retryAfterMs = error?.details.retryAfterMs
  return {
    group,
    deployment: deployment.id,
    ok: says && status === 'success',
    ...(says ? {} : { error: { kind: 'client_closed', status: 499 } }),
    ...(error && says
      ? { error: { kind: error.kind, status: error.status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } }
      : {}),
    durationMs: atMs - startedAtMs,
    ...(firstTokenMs === undefined ? {} : { firstTokenMs: firstTokenMs - startedAtMs }),
    outputTokens: completionTokens(usage),
    totalTokens: totalTokens(usage),
    atMs,
  }
}

/** The row of an attempt. */
export function toEvent(attempt: Attempt<AnyRequest>, outcome: Outcome, cost: NanoUsd, deps: GatewayDeps): SpendEvent {
  const { call, deployment, target, request, grant } = attempt
  const { principal } = call
  const { error } = outcome
  const usage = billedOf(attempt, outcome.usage)
  const hold = grant && cost > 0n ? grant.amountNano : 0n
  const windows =
    grant?.windows ??
    appliesTo(principal, deployment, deps.config).scopes.map(({ name }) => ({ scope: name, startMs: 0 }))
  return {
    v: 1,
    id: attempt.id,
    request_id: call.requestId,
    call_type: call.operation.callType,
    status: outcome.status,
    ledger: grant?.ledger ?? null,
    grant_id: grant?.id ?? null,
    single: grant?.single ?? true,
    hold_nano: String(hold),
    cost_nano: String(cost),
    scopes: windows.map(({ scope }) => scope),
    windows: windows.map(({ startMs }) => startMs),
    covered: windows.map((_, i) => grant?.covered[i] ?? false),
    overrun: grant?.covered.includes(true) === true && cost > grant.amountNano,
    key_id: principal.keyId,
    api_key: principal.keyHash,
    key_alias: principal.keyAlias ?? null,
    user: principal.userId ?? null,
    team_id: principal.teamId ?? null,
    organization_id: principal.organizationId ?? null,
    end_user: principal.customerId ?? (typeof request.user === 'string' ? request.user : null),
    model: target.model,
    model_group: deployment.group,
    model_id: deployment.id,
    custom_llm_provider: deployment.provider,
    api_base: withoutQuery(target.apiBase ?? ''),
    dialect: call.dialect.name,
    stream: call.operation.streams(request),
    usage,
    prompt_tokens: promptTokens(usage),
    completion_tokens: completionTokens(usage),
    total_tokens: totalTokens(usage),
    usage_estimated: outcome.estimated,
    price_version: deps.config.priceVersion,
    start_ms: attempt.startedAtMs,
    first_token_ms: outcome.firstTokenMs ?? null,
    end_ms: deps.clock(),
    cache_hit: false,
    http_status: outcome.httpStatus,
    error_type: error?.type ?? null,
    error_message: error?.message.slice(0, 500) ?? null,
    request_tags: [...(principal.tags ?? [])],
    ...toldOf(attempt, outcome),
  }
}

function withoutQuery(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

/** Faster than models are known to write: what an answer nobody waited for is reckoned at, up to what was held for it. */
const CHARS_PER_SECOND = 1_000

/** The end of an attempt that gave no answer, and of its request. Returns the error for the client. */
export function fail(attempt: Attempt<AnyRequest>, thrown: unknown, deps: GatewayDeps): GatewayError {
  const error = toGatewayError(thrown)
  finish(attempt, failureOf(attempt, error, deps), deps)
  return error
}

/**
 * The end of an attempt after which another is asked: its hold is returned, which the next take closes in one transaction.
 * What may be billed has its row with it, so that it is logged in that transaction or before it; the row of what cost
 * nothing goes its own way.
 */
export function giveWay(attempt: Attempt<AnyRequest>, outcome: Outcome, deps: GatewayDeps): Settlement | undefined {
  const charge = chargeFor(attempt, outcome)
  const close = closeOf(attempt, outcome, charge, deps)
  if (close === undefined || charge.costNano === 0n) {
    record(attempt, outcome, { charge, close: undefined }, deps)
    return close
  }
  return { ...close, event: ended(attempt, outcome, charge, deps) }
}

/**
 * A vendor's refusal costs nothing; a call that was ended from our side, or broke off, may be billed all the same and is
 * charged for its input and for what could have been written meanwhile.
 */
export function failureOf(attempt: Attempt<AnyRequest>, error: GatewayError, deps: GatewayDeps): Outcome {
  const billed = error.kind === 'client_closed' || error.kind === 'timeout' || error.details.billed === true
  const { maxOutputTokens } = attempt.deployment
  const seconds = (deps.clock() - attempt.startedAtMs) / 1000
  return {
    status: error.kind === 'client_closed' ? 'cancelled' : 'failure',
    usage: billed
      ? attempt.call.operation.estimateUsage(attempt.request, Math.ceil(seconds * CHARS_PER_SECOND), maxOutputTokens)
      : noUsage,
    estimated: billed,
    httpStatus: error.status,
    error,
  }
}
