import type { Opening } from '../batches/port.ts'
import type { Deployment } from '../config/config.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Grant } from '../ledger/port.ts'
import type { NanoUsd } from '../money.ts'
import type { BatchAsked } from '../operations/batch-lines.ts'
import { modelNamed, shapeOf } from '../operations/pass-through-shape.ts'
import { batchPrice } from '../prices/batch.ts'
import type { Price } from '../prices/price.ts'
import { noUsage } from '../prices/usage.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Principal, RateLimit } from '../tenants/principal.ts'
import type { Call } from './call.ts'
import { tokensTaken } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import { toEvent } from './finish.ts'
import { attemptFor } from './pass-through.ts'
import type { PassThroughVendor } from './pass-through-account.ts'
import type { Destination } from './pass-through-destination.ts'
import { countsAs, mayUseAny, mustMayUse } from './pass-through-model.ts'
import { refused } from './refusal.ts'

/** Who begins a batch, where. */
export interface Beginning {
  readonly call: Pick<Call, 'requestId' | 'principal' | 'headers' | 'signal' | 'receivedAtMs'> & {
    readonly dialect: Dialect
  }
  readonly vendor: PassThroughVendor
  readonly destination: Destination
}

/** A batch for which everything was taken that it can cost. */
export interface BegunBatch {
  readonly opening: Opening
  readonly model: string
  readonly grant?: Grant
}

interface Estimate {
  readonly model: string
  readonly prices: Readonly<Record<string, Price>>
  readonly costNano: NanoUsd | undefined
  /** Of the first request. */
  readonly eachNano: NanoUsd | undefined
  readonly tokens: number
  readonly unbounded?: string
}

/**
 * Holds a batch's worst case: that of all its requests, at the prices of batches. The hold is a grant of its own that
 * nobody closes: when it expires, Postgres charges it as it was reserved, and the row of the batch melts that charge when
 * its results are known (slices.md rules 18 and 19). Limits of tokens count its tokens as it begins, at the most a whole
 * minute's. Throws where a request may not be asked by this caller.
 */
export async function beginBatch(
  { call, vendor, destination }: Beginning,
  requests: AsyncIterable<BatchAsked | undefined> | Iterable<BatchAsked | undefined>,
  deps: GatewayDeps,
): Promise<BegunBatch> {
  const { principal } = call
  const { config } = deps
  const estimate = await estimated(requests, { principal, vendor }, deps)
  const deployment = countsAs({ principal, vendor, model: estimate.model }, config)
  const attempt = attemptFor({ ...call, callType: 'acreate_batch' }, destination, deployment, deps)
  const { scopes, limits } = appliesTo(principal, deployment, config)
  const needed = { attempt: attempt.id, scopes, limits: ofTokens(limits), principal }
  const budgeted = scopes.some(({ limited }) => limited)
  const taken = budgeted || needed.limits.length > 0 ? await held(estimate, needed, deps) : undefined
  // Without money nothing is left to be held: its tokens are counted.
  if (taken && !budgeted) closed(taken, { attempt: attempt.id, tokens: estimate.tokens }, principal, deps)
  const grant = budgeted ? taken : undefined
  const { eachNano } = estimate
  const outcome = { status: 'success' as const, usage: noUsage, estimated: false, httpStatus: 200 }
  const event = toEvent(grant ? { ...attempt, grant } : attempt, outcome, 0n, deps)
  return {
    opening: {
      ...{ event, prices: estimate.prices },
      ...(grant ? { holdNano: String(grant.amountNano) } : eachNano !== undefined && { eachNano: String(eachNano) }),
    },
    model: estimate.model,
    ...(grant && { grant }),
  }
}

/** Its vendor did not begin it: nothing was spent. */
export function dropBatch({ grant, opening }: BegunBatch, principal: Principal, deps: GatewayDeps): void {
  if (grant) closed(grant, { attempt: opening.event.id, tokens: 0 }, principal, deps)
}

function closed(
  grant: Grant,
  { attempt, tokens }: { readonly attempt: string; readonly tokens: number },
  principal: Principal,
  deps: GatewayDeps,
): void {
  const close = { grantId: grant.id, attempt, paidNano: 0n, tokens, ...(grant.also && { also: grant.also }) }
  deps.handOver.add({ ledger: principal.ledger, close }, deps.defer)
}

/** A request that asks vendors what became of batches counts as one, and holds nothing. Throws where there is no room. */
export async function countLook(principal: Principal, deps: GatewayDeps): Promise<void> {
  const limits = principal.limits.flatMap(({ tpm: _, maxParallel: __, ...rest }) =>
    rest.rpm === undefined || rest.model !== undefined || rest.dynamic !== undefined ? [] : [rest],
  )
  if (limits.length === 0) return
  const { general } = deps.config
  const attempt = newId(deps.clock())
  const take = { attempt, scopes: [], limits, amountNano: 0n, tokens: 0, callMs: general.totalTimeoutMs }
  const taken = await deps.ledger.take(principal.ledger, take)
  if (!taken.granted) throw refused(taken.refusal, general)
  closed(taken.grant, { attempt, tokens: 0 }, principal, deps)
}

interface Held {
  readonly attempt: string
  readonly scopes: ReturnType<typeof appliesTo>['scopes']
  readonly limits: readonly RateLimit[]
  readonly principal: Principal
}

/** The request that gives the vendor the batch is one request, with a slot of its own; what runs there has its own pace. */
function ofTokens(limits: readonly RateLimit[]): readonly RateLimit[] {
  return limits.flatMap(({ rpm: _, maxParallel: __, ...rest }) => (rest.tpm === undefined ? [] : [rest]))
}

async function held(
  { costNano, unbounded, tokens }: Estimate,
  { attempt, scopes, limits, principal }: Held,
  deps: GatewayDeps,
): Promise<Grant> {
  const amountNano = scopes.some(({ limited }) => limited) ? costNano : 0n
  if (amountNano === undefined)
    throw new GatewayError(
      'model_without_price',
      `A caller with a budget cannot begin this batch: ${unbounded ?? 'nobody knows what it can cost.'}`,
      { retry: false },
    )
  const { general } = deps.config
  const taken = await deps.ledger.take(principal.ledger, {
    ...{ attempt, scopes, amountNano, limits, tokens, callMs: general.totalTimeoutMs },
    alone: true,
  })
  if (!taken.granted) throw refused(taken.refusal, general)
  return taken.grant
}

/** Every request is read where something depends on it; else the first says whom they ask. */
async function estimated(
  requests: AsyncIterable<BatchAsked | undefined> | Iterable<BatchAsked | undefined>,
  { principal, vendor }: { readonly principal: Principal; readonly vendor: PassThroughVendor },
  deps: GatewayDeps,
): Promise<Estimate> {
  const { config } = deps
  // Without a prototype: callers choose the names.
  const prices: Record<string, Price> = Object.create(null)
  let first: string | undefined
  let budgets = ''
  let costNano: NanoUsd | undefined = 0n
  let eachNano: NanoUsd | undefined
  let tokens = 0
  let unbounded: string | undefined
  const { scopes, limits } = principal
  const isLimited =
    !mayUseAny(principal) || scopes.some(({ limited }) => limited) || limits.some(({ tpm }) => tpm !== undefined)
  const limited = (deployment: Deployment) => {
    const applies = appliesTo(principal, deployment, config)
    const names = applies.scopes.filter((scope) => scope.limited).map(({ name }) => name)
    return [...names, ...ofTokens(applies.limits).map(({ entity }) => entity)].sort().join()
  }
  for await (const asked of requests) {
    const model = asked && modelNamed(asked.rest, asked.body, new URLSearchParams())
    if (!asked || model === undefined)
      throw new GatewayError(
        'invalid_request',
        'A request of this batch names no model, url or body. Say each of them once in every line.',
      )
    first ??= model
    const named = { principal, vendor, model }
    mustMayUse(named, config)
    const counted = countsAs(named, config)
    const { price, ...deployment } = counted
    const theirs = limited(counted)
    if (model === first) budgets = theirs
    else if (theirs !== budgets)
      throw new GatewayError(
        'invalid_request',
        `One hold pays for the whole batch, but ${model} has other budgets or limits than ${first}. Begin a batch for each model.`,
        { retry: false },
      )
    const readsAll = isLimited || theirs !== '' || vendor.name === 'anthropic'
    if (price) prices[model] ??= batchPrice(price)
    const half = prices[model]
    const worst = shapeOf(asked)?.worstCase(asked.body, half ? { ...deployment, price: half } : deployment)
    eachNano ??= worst?.costNano
    if (!readsAll) break
    if (worst) tokens += tokensTaken(worst, config.general)
    if (worst?.costNano === undefined) {
      costNano = undefined
      unbounded ??= worst?.unbounded ?? `Nobody knows what ${asked.rest.slice(0, 200)} costs in a batch.`
    } else if (costNano !== undefined) costNano += worst.costNano
  }
  if (first === undefined) throw new GatewayError('invalid_request', 'This batch has no requests.')
  return { model: first, prices, costNano, eachNano, tokens, ...(unbounded !== undefined && { unbounded }) }
}
