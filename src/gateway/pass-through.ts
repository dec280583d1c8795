import type { Deployment } from '../config/config.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { isFields } from '../dialects/loose-json.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Grant, RateState } from '../ledger/port.ts'
import type { WorstCase } from '../operations/chat.ts'
import { chat } from '../operations/chat-operation.ts'
import type { AnyRequest, Operation } from '../operations/operation.ts'
import { passedHeaders, passedQuery } from '../operations/pass-through-headers.ts'
import { isFree, type Shape } from '../operations/pass-through-shape.ts'
import { noUsage } from '../prices/usage.ts'
import { openai } from '../providers/openai.ts'
import type { Target } from '../providers/provider.ts'
import { vendorFor } from '../providers/registry.ts'
import { appliesTo } from '../tenants/applies.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import { tokensTaken } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import type { PassThroughVendor } from './pass-through-account.ts'
import type { Destination } from './pass-through-destination.ts'
import { countsAs, mayUseAny, mustMayUse } from './pass-through-model.ts'
import { relayedAsIs } from './pass-through-relay.ts'
import { sent } from './pass-through-send.ts'
import { ended, failedOutcome, type PassCall } from './passing.ts'
import { refused } from './refusal.ts'

/**
 * Forwards what a vendor has beyond the operations that are known here: authenticated, counted, held for at its worst
 * case and charged by the usage that its answer tells. Who has a budget is refused where nobody can say what it costs.
 */
export async function passThrough(call: PassCall, destination: Destination, deps: GatewayDeps): Promise<Response> {
  const { vendor } = destination
  if (vendor) mayAsk(call, vendor, deps)
  const deployment = pricedAs(call, destination, deps)
  const free = call.pricePico === undefined && vendor !== undefined && isFree(call.method, call.rest)
  const attempt = await taken(
    attemptFor({ ...call, callType: 'pass_through_endpoint' }, destination, deployment, deps),
    boundOf(call, deployment, free),
    deps,
  )
  const passing = { call, destination, attempt, free, addsUsage: addsUsage(call, vendor) }
  try {
    const query = passedQuery(call.query, call.key)
    const headers = passedHeaders(call.headers, call.key)
    const answer = await sent(passing, { query, headers }, deps)
    return await relayedAsIs(passing, answer, deps)
  } catch (thrown) {
    const error = toGatewayError(thrown)
    ended(passing, failedOutcome(passing, error, deps), deps)
    throw error
  }
}

/** A model that a request names must be one that its caller may use, by its own name or by a group's that serves it. */
function mayAsk(
  { principal, model, method, rest }: PassCall,
  vendor: PassThroughVendor,
  { config }: GatewayDeps,
): void {
  if (model === undefined) {
    if (isFree(method, rest) || mayUseAny(principal)) return
    throw new GatewayError(
      'forbidden',
      `This key may only use some models, and ${method} ${rest} names none. Name a model in the body, or use a key for all models.`,
      { retry: false },
    )
  }
  mustMayUse({ principal, vendor, model }, config)
}

/** As what a request counts: the deployment of its model that the caller may use, else what is publicly known of it. */
function pricedAs(
  { principal, model, pricePico }: PassCall,
  { vendor, id, name, timeouts }: Destination,
  { config }: GatewayDeps,
): Deployment {
  const provider = vendor?.providers[0] ?? name
  const { timeoutMs, streamTimeoutMs, timeouts: times } = timeouts
  const own = {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(streamTimeoutMs !== undefined && { streamTimeoutMs }),
    ...(times && { timeouts: times }),
    ...(pricePico !== undefined && { price: { input: 0, output: 0, request: pricePico } }),
  }
  if (vendor && model !== undefined) return { ...countsAs({ principal, vendor, model }, config), ...own }
  return { id, mode: 'chat', group: model ?? name, provider, model: model ?? name, params: {}, ...own }
}

function boundOf(call: PassCall, deployment: Deployment, free: boolean): WorstCase {
  const { shape, said, method, rest } = call
  const nothing = { tokens: 0, outputTokens: 0, maxOutputTokens: undefined }
  if (free) return { ...nothing, costNano: 0n }
  const worst = shape?.worstCase(said, deployment)
  if (call.pricePico !== undefined) {
    const costNano = (BigInt(call.pricePico) + 999n) / 1000n
    return { ...nothing, ...worst, costNano }
  }
  return (
    worst ?? {
      ...nothing,
      costNano: undefined,
      unbounded: `Nobody knows what ${method} ${rest.slice(0, 200)} costs. The operator can set its cost_per_request in general_settings.pass_through_endpoints.`,
    }
  )
}

/** What an attempt on something that is not known here as an operation is made from. */
type Attempted = Pick<PassCall, 'requestId' | 'principal' | 'headers' | 'signal' | 'receivedAtMs'> &
  Partial<Pick<PassCall, 'said' | 'shape'>> & {
    readonly dialect?: Dialect
    /** LiteLLM's word for it in spend rows. */
    readonly callType: string
  }

export function attemptFor(
  call: Attempted,
  { provider, target, name }: Destination,
  deployment: Deployment,
  deps: GatewayDeps,
): Attempt<AnyRequest> {
  const startedAtMs = deps.clock()
  const { shape, said = {}, principal, requestId, headers, signal, receivedAtMs, callType } = call
  const model = deployment.model
  const request: AnyRequest = { ...said, model, stream: shape?.streams ?? false }
  return {
    id: newId(startedAtMs),
    call: {
      ...{ requestId, principal, headers, signal, receivedAtMs, body: said },
      operation: operationOf(shape, callType),
      dialect: call.dialect ?? shape?.dialect ?? openaiChat,
      path: shape?.path ?? {},
    } satisfies Call<AnyRequest>,
    ...{ request, startedAtMs, deployment, group: name },
    provider: (provider === undefined ? undefined : vendorFor({ provider, model, mode: 'chat' })) ?? openai,
    target: { ...target, model } satisfies Target,
    ...{ rates: [], fallbacks: 0, retries: 0, maxRetries: 0 },
  }
}

/** A chat in all that nobody asks it; what it is asked is the shape's. */
function operationOf(shape: Shape | undefined, callType: string): Operation<AnyRequest> {
  return {
    ...(chat as unknown as Operation<AnyRequest>),
    callType,
    streams: () => shape?.streams ?? false,
    estimateUsage: (request, chars, most) => shape?.estimateUsage(request, chars, most) ?? noUsage,
  }
}

async function taken(
  attempt: Attempt<AnyRequest>,
  worst: WorstCase,
  deps: GatewayDeps,
): Promise<Attempt<AnyRequest> & { readonly grant?: Grant; readonly rates: readonly RateState[] }> {
  const { principal } = attempt.call
  const { scopes, limits } = appliesTo(principal, attempt.deployment, deps.config)
  const budgeted = scopes.some(({ limited }) => limited)
  if (!budgeted && limits.length === 0) return attempt
  if (budgeted && worst.costNano === undefined)
    throw new GatewayError(
      'model_without_price',
      `A caller with a budget cannot send this: ${worst.unbounded ?? 'nobody knows what it can cost.'}`,
      { retry: false },
    )
  const { general } = deps.config
  const answer = await deps.ledger.take(principal.ledger, {
    attempt: attempt.id,
    scopes,
    limits,
    amountNano: budgeted ? (worst.costNano ?? 0n) : 0n,
    tokens: tokensTaken(worst, general),
    callMs: general.totalTimeoutMs,
  })
  if (!answer.granted) throw refused(answer.refusal, general)
  return { ...attempt, grant: answer.grant, rates: answer.rates }
}

/** OpenAI's chat streams tell no usage unless they are asked to, and then a limit would count nothing. */
function addsUsage({ shape, said, rest }: PassCall, vendor: PassThroughVendor | undefined): boolean {
  if (vendor?.asksForUsage !== true || !shape?.streams || !/completions\/?$/.test(rest)) return false
  const { stream_options: options } = said
  if (options === undefined || options === null) return true
  // What is no object is its vendor's to refuse.
  return isFields(options) && options.include_usage !== true
}
