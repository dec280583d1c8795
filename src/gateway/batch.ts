import type { Opening, VendorObject, VendorObjects } from '../batches/port.ts'
import type { Deployment } from '../config/config.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { GatewayError } from '../errors.ts'
import type { Grant } from '../ledger/port.ts'
import { maxNano, minNano, type NanoUsd } from '../money.ts'
import type { BatchAsked, BatchUsed } from '../operations/batch-lines.ts'
import { modelNamed, shapeOf } from '../operations/pass-through-shape.ts'
import { batchPrice } from '../prices/batch.ts'
import { costNano } from '../prices/cost.ts'
import type { Price } from '../prices/price.ts'
import { completionTokens, noUsage, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'
import type { SpendEvent } from '../spend/event.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Principal } from '../tenants/principal.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import { toEvent } from './finish.ts'
import { attemptFor } from './pass-through.ts'
import type { PassThroughVendor } from './pass-through-account.ts'
import type { Destination } from './pass-through-destination.ts'
import { countsAs, mayUseAny, mustMayUse } from './pass-through-model.ts'
import { refused } from './refusal.ts'
import { sum } from './stitch.ts'

/** What charging a batch stands on. */
export interface BatchDeps {
  readonly objects: VendorObjects
  /** Returns when the row is where no fault can lose it. Safe to repeat. */
  readonly record: (event: SpendEvent) => Promise<void>
}

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
  readonly unbounded?: string
}

/**
 * Holds a batch's worst case: that of all its requests, at the prices of batches. The hold is a grant of its own that
 * nobody closes: when it expires, Postgres charges it as it was reserved, and the row of the batch melts that charge when
 * its results are known (slices.md rules 18 and 19). Throws where a request may not be asked by this caller.
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
  const { scopes } = appliesTo(principal, deployment, config)
  const grant = scopes.some(({ limited }) => limited)
    ? await held(estimate, { attempt: attempt.id, scopes, principal }, deps)
    : undefined
  const outcome = { status: 'success' as const, usage: noUsage, estimated: false, httpStatus: 200 }
  const event = toEvent(grant ? { ...attempt, grant } : attempt, outcome, 0n, deps)
  return {
    opening: { event, prices: estimate.prices, ...(grant && { holdNano: String(grant.amountNano) }) },
    model: estimate.model,
    ...(grant && { grant }),
  }
}

/** Its vendor did not begin it: nothing was spent. */
export function dropBatch({ grant, opening }: BegunBatch, principal: Principal, deps: GatewayDeps): void {
  if (!grant) return
  const close = { grantId: grant.id, attempt: opening.event.id, paidNano: 0n, tokens: 0 }
  deps.handOver.add({ ledger: principal.ledger, close }, deps.defer)
}

interface Held {
  readonly attempt: string
  readonly scopes: ReturnType<typeof appliesTo>['scopes']
  readonly principal: Principal
}

async function held(
  { costNano: amountNano, unbounded }: Estimate,
  { attempt, scopes, principal }: Held,
  deps: GatewayDeps,
): Promise<Grant> {
  if (amountNano === undefined)
    throw new GatewayError(
      'model_without_price',
      `A caller with a budget cannot begin this batch: ${unbounded ?? 'nobody knows what it can cost.'}`,
      { retry: false },
    )
  const { general } = deps.config
  const taken = await deps.ledger.take(principal.ledger, {
    ...{ attempt, scopes, amountNano, limits: [], tokens: 0, callMs: general.totalTimeoutMs },
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
  let unbounded: string | undefined
  const isLimited = !mayUseAny(principal) || principal.scopes.some((scope) => scope.limited)
  const limited = (deployment: Deployment) =>
    appliesTo(principal, deployment, config)
      .scopes.filter((scope) => scope.limited)
      .map(({ name }) => name)
      .sort()
      .join()
  for await (const asked of requests) {
    const model = asked && modelNamed(asked.rest, asked.body, new URLSearchParams())
    if (!asked || model === undefined)
      throw new GatewayError(
        'invalid_request',
        'A request of this batch names no model, url or body. Say all of them in every line.',
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
        `One hold pays for the whole batch, but ${model} has other budgets than ${first}. Begin a batch for each model.`,
        { retry: false },
      )
    const readsAll = isLimited || theirs !== '' || vendor.name === 'anthropic'
    if (price) prices[model] ??= batchPrice(price)
    const half = prices[model]
    if (!readsAll) break
    const worst = shapeOf(asked)?.worstCase(asked.body, half ? { ...deployment, price: half } : deployment)
    if (worst?.costNano === undefined) {
      costNano = undefined
      unbounded ??= worst?.unbounded ?? `Nobody knows what ${asked.rest.slice(0, 200)} costs in a batch.`
    } else if (costNano !== undefined) costNano += worst.costNano
  }
  if (first === undefined) throw new GatewayError('invalid_request', 'This batch has no requests.')
  return { model: first, prices, costNano, ...(unbounded !== undefined && { unbounded }) }
}

/**
 * Charges a batch that is over, by what its results say was used: once, whoever does it and however often, because its
 * row has had its id since it was begun. Log first, then the hold's end, if it has not expired before.
 */
export async function chargeBatch(
  batch: VendorObject,
  results: AsyncIterable<BatchUsed | undefined> | undefined,
  { objects, record }: BatchDeps,
  deps: GatewayDeps,
): Promise<void> {
  const { opening, vendor, id } = batch
  if (!opening || batch.chargedAtMs !== undefined) return
  const nowMs = deps.clock()
  const { usage, cost } =
    results === undefined ? { usage: noUsage, cost: BigInt(opening.holdNano ?? 0) } : await usedBy(results, opening)
  // Of batches nobody tells what the prompt alone costs.
  const { input_cost_nano: _, ...event } = opening.event
  const hold = BigInt(opening.holdNano ?? 0)
  await record({
    ...event,
    usage: tokensIn(usage),
    prompt_tokens: promptTokens(usage),
    completion_tokens: completionTokens(usage),
    total_tokens: totalTokens(usage),
    usage_estimated: results === undefined,
    cost_nano: String(cost),
    hold_nano: String(cost > 0n ? hold : 0n),
    overrun: event.covered.includes(true) && cost > hold,
    end_ms: nowMs,
  })
  if (event.grant_id !== null && event.ledger !== null) {
    const close = { grantId: event.grant_id, attempt: event.id, paidNano: minNano(cost, hold), tokens: 0 }
    deps.handOver.add({ ledger: event.ledger, close }, deps.defer)
  }
  await objects.charged(vendor, id, nowMs)
}

async function usedBy(
  results: AsyncIterable<BatchUsed | undefined>,
  { prices }: Opening,
): Promise<{ readonly usage: Usage; readonly cost: NanoUsd }> {
  let usage: Usage = noUsage
  let cost = 0n
  for await (const used of results) {
    if (!used) continue
    usage = sum(usage, used.usage)
    const price = priceOf(used.model, prices)
    if (price) cost += maxNano(costNano(price, used.usage), 0n)
  }
  return { usage, cost }
}

/** A vendor may answer under a longer name than it was asked by; where several could be meant, the dearest is. */
function priceOf(model: string | undefined, prices: Opening['prices']): Price | undefined {
  if (model !== undefined && prices[model]) return prices[model]
  const names = Object.keys(prices)
  const alike = names.filter((name) => model?.startsWith(name)).sort((a, b) => b.length - a.length)[0]
  if (alike !== undefined) return prices[alike]
  return Object.values(prices).sort((a, b) => b.output - a.output)[0]
}

/** A row's usage has the classes of tokens alone. */
function tokensIn({ webSearches: _, ...tokens }: Usage): SpendEvent['usage'] {
  return tokens
}
