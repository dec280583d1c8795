import * as z from 'zod'
import { parseChat } from '../dialects/openai.ts'
import { groupFor } from '../gateway/groups.ts'
import { firstOf } from '../gateway/plan.ts'
import { refused } from '../gateway/refusal.ts'
import { worstNeed } from '../gateway/take.ts'
import { newId } from '../ids.ts'
import { usdFromNano } from '../money.ts'
import { chat } from '../operations/chat-operation.ts'
import { callerOf } from './others.ts'
import { type Route, route } from './route.ts'

const window = z.object({
  scope: z.string(),
  window_start: z.string(),
  reset_at: z.string().nullable(),
  max_budget: z.number(),
  spend: z.number(),
  held: z.number(),
  remaining: z.number(),
})

const rate = z.object({
  entity: z.string(),
  limit_type: z.string(),
  limit: z.number(),
  remaining: z.number(),
  reset_at: z.string(),
})

const iso = (ms: number) => new Date(ms).toISOString()

const check = route({
  method: 'POST',
  paths: ['/budget/check'],
  access: 'key',
  tag: 'Budgets',
  summary: 'What a chat completion would meet if it were sent: what would be held where, and who would refuse.',
  body: z.looseObject({}).meta({
    description: "OpenAI's chat completion request. It is not sent, and nothing is taken.",
    properties: { model: { type: 'string' }, messages: { type: 'array', items: { type: 'object' } } },
    required: ['model', 'messages'],
  }),
  out: z.object({
    allowed: z.boolean(),
    ledger: z.string(),
    model_id: z.string(),
    worst_case_cost: z.number().nullable(),
    worst_case_tokens: z.number(),
    windows: z.array(window),
    limits: z.array(rate),
    refusal: z.record(z.string(), z.unknown()).nullable(),
  }),
  async handle({ body, principal, request: { headers }, deps, receivedAtMs: nowMs }) {
    const { gateway, tenants } = deps
    const caller = await callerOf(principal, { headers, body }, tenants, { nowMs, defer: gateway.defer })
    const request = parseChat(body)
    const call = { operation: chat, principal: caller, headers, body }
    const first = await firstOf(groupFor(request.model, caller, gateway), { call, request }, gateway)
    const { deployment } = first
    const { worst, needed } = worstNeed({ ...call, request }, first, gateway, newId(nowMs))
    const checked = await gateway.ledger.check(caller.ledger, needed)
    const unpriced = worst.costNano === undefined && checked.windows.length > 0
    const error = checked.refusal && refused(checked.refusal)
    return {
      allowed: !error && !unpriced,
      ledger: caller.ledger,
      model_id: deployment.id,
      worst_case_cost: worst.costNano === undefined ? null : usdFromNano(worst.costNano),
      worst_case_tokens: worst.tokens,
      windows: checked.windows.map(({ scope, windowStartMs, resetAtMs, limitNano, spentNano, heldNano }) => ({
        scope,
        window_start: iso(windowStartMs),
        reset_at: resetAtMs === undefined ? null : iso(resetAtMs),
        max_budget: usdFromNano(limitNano),
        spend: usdFromNano(spentNano),
        held: usdFromNano(heldNano),
        remaining: usdFromNano(limitNano - spentNano - heldNano),
      })),
      limits: checked.rates.map(({ entity, kind, limit, remaining, resetAtMs }) => ({
        entity,
        limit_type: kind,
        limit,
        remaining,
        reset_at: iso(resetAtMs),
      })),
      refusal: error
        ? { type: error.type, message: error.message, ...error.details.facts }
        : unpriced
          ? { type: 'model_without_price', message: worst.unbounded ?? 'Nobody knows what this model can cost.' }
          : null,
    }
  },
})

export const budgetCheckRoutes: readonly Route[] = [check]
