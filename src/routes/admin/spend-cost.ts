import * as z from 'zod'
import { windowAt } from '../../budget/window.ts'
import type { Deployment, FileBudget } from '../../config/config.ts'
import { parseChat } from '../../dialects/openai.ts'
import { GatewayError } from '../../errors.ts'
import { chargeOf } from '../../gateway/charge.ts'
import { groupFor } from '../../gateway/groups.ts'
import { usdFromNano } from '../../money.ts'
import { estimateUsage } from '../../operations/chat.ts'
import { inputCostNano } from '../../prices/cost.ts'
import { noUsage } from '../../prices/usage.ts'
import { openaiUsage } from '../../providers/openai-usage.ts'
import type { Principal } from '../../tenants/principal.ts'
import { entityName, scopeName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'

/** A deployment of a group that the caller may use, with its price. Throws where there is none. */
function pricedFor(model: string, principal: Principal, deps: AppDeps): Deployment & { price: object } {
  const { candidates } = groupFor(model, principal, deps.gateway)
  for (const { deployment } of candidates) {
    const { price } = deployment
    if (price) return { ...deployment, price }
  }
  throw new GatewayError(
    'invalid_request',
    `Nobody knows what model=${model} costs. Set input_cost_per_token and output_cost_per_token in its litellm_params.`,
    { param: 'model' },
  )
}

const calculate = route({
  method: 'POST',
  paths: ['/spend/calculate'],
  access: 'key',
  tag: 'Spend',
  summary:
    "What a prompt (`messages`, estimated) or an answer (`completion_response`, by its usage) costs the caller's gateway.",
  body: z.strictObject({
    model: name.optional(),
    messages: z.array(z.looseObject({})).optional(),
    completion_response: z.looseObject({ model: name.optional() }).optional(),
  }),
  out: z.object({ cost: z.number() }),
  handle({ body: { model: named, messages, completion_response: answer }, principal, deps }) {
    const model = named ?? answer?.model
    if (model === undefined || (messages === undefined) === (answer === undefined)) {
      throw new GatewayError('invalid_request', 'Give model and messages, or completion_response.', {
        param: model === undefined ? 'model' : 'messages',
      })
    }
    const deployment = pricedFor(model, principal, deps)
    const usage = answer ? openaiUsage(answer) : estimateUsage(parseChat({ model, messages }), 0)
    if (usage === undefined) {
      throw new GatewayError('invalid_request', 'completion_response has no usage.', { param: 'completion_response' })
    }
    return { cost: usdFromNano(chargeOf(deployment, usage).costNano) }
  },
})

const tokens = z.int().min(0).max(1_000_000_000)
const requests = z.int().min(0).max(1_000_000_000).nullish()

const estimate = route({
  method: 'POST',
  paths: ['/cost/estimate'],
  access: 'key',
  tag: 'Spend',
  summary: 'What requests of a size cost, one by one, by day and by month.',
  body: z.strictObject({
    model: name,
    input_tokens: tokens,
    output_tokens: tokens,
    num_requests_per_day: requests,
    num_requests_per_month: requests,
  }),
  out: z.record(z.string(), z.unknown()),
  handle({ body, principal, deps }) {
    const { model, input_tokens: inputTokens, output_tokens: outputTokens } = body
    const deployment = pricedFor(model, principal, deps)
    const usage = { ...noUsage, inputTokens, outputTokens }
    const { costNano, terms } = chargeOf(deployment, usage)
    const originalNano = terms?.originalNano ?? costNano
    const inputNano = deployment.price === undefined ? 0n : inputCostNano(deployment.price, usage)
    const one = { cost: costNano, input: inputNano, output: originalNano - inputNano, margin: terms?.marginNano ?? 0n }
    const times = (count: number | null | undefined, nano: bigint) =>
      count == null ? null : usdFromNano(nano * BigInt(count))
    const { num_requests_per_day: perDay = null, num_requests_per_month: perMonth = null } = body
    return {
      ...body,
      num_requests_per_day: perDay,
      num_requests_per_month: perMonth,
      provider: deployment.provider,
      cost_per_request: usdFromNano(one.cost),
      input_cost_per_request: usdFromNano(one.input),
      output_cost_per_request: usdFromNano(one.output),
      margin_cost_per_request: usdFromNano(one.margin),
      discount_per_request: usdFromNano(terms?.discountNano ?? 0n),
      daily_cost: times(perDay, one.cost),
      daily_input_cost: times(perDay, one.input),
      daily_output_cost: times(perDay, one.output),
      daily_margin_cost: times(perDay, one.margin),
      monthly_cost: times(perMonth, one.cost),
      monthly_input_cost: times(perMonth, one.input),
      monthly_output_cost: times(perMonth, one.output),
      monthly_margin_cost: times(perMonth, one.margin),
    }
  },
})

const budgets = route({
  method: 'GET',
  paths: ['/provider/budgets'],
  access: 'viewer',
  tag: 'Spend',
  summary: 'What each vendor may be paid in its window (`provider_budget_config`), and what it was.',
  out: z.object({ providers: z.record(z.string(), z.record(z.string(), z.unknown())) }),
  async handle({ deps: { gateway, spendReport } }) {
    const { router, litellm } = gateway.config
    const nowMs = gateway.clock()
    const vendors = Object.entries(router.providerBudgets ?? {}).map(
      ([vendor, { limitUsd, duration }]: [string, FileBudget]) => ({
        vendor,
        limitUsd,
        duration,
        scope: scopeName(entityName('provider', vendor), duration),
        ...windowAt({ duration, timeZone: litellm.timeZone, anchorMs: 0 }, nowMs),
      }),
    )
    const spent = await spendReport.spentIn(vendors)
    return {
      providers: Object.fromEntries(
        vendors.map(({ vendor, limitUsd, duration, endMs }, n) => [
          vendor,
          {
            budget_limit: limitUsd,
            time_period: duration,
            spend: usdFromNano(spent[n] ?? 0n),
            budget_reset_at: Number.isFinite(endMs) ? new Date(endMs).toISOString() : null,
          },
        ]),
      ),
    }
  },
})

export const spendCostRoutes: readonly Route[] = [calculate, estimate, budgets]
