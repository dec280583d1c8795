import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { nanoFromUsd } from '../../money.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import { entityName, scopeName } from '../../tenants/scope.ts'
import { route } from '../route.ts'
import { authorOf } from './author.ts'
import { openWindow } from './budget.ts'
import { usd } from './fields.ts'
import { notFound } from './key-shape.ts'
import { shownKey } from './shown.ts'

export const resetSpend = route({
  method: 'POST',
  paths: ['/key/{key}/reset_spend'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Set what a key has spent in its open window: to less than it has, as one row of the log.',
  area: 'admin.key',
  body: z.strictObject({ reset_to: usd }),
  out: z.object({
    key_hash: z.string(),
    spend: z.number(),
    previous_spend: z.number(),
    max_budget: z.number().nullable(),
    budget_reset_at: z.string().nullable(),
  }),
  async handle(asked) {
    const { body, params, deps, receivedAtMs: nowMs } = asked
    const named = params.key ?? ''
    const key = await deps.tenantStore.findKey({ token: await tokenOf(named) })
    if (!key) throw notFound(named)
    const entity = entityName('key', key.id)
    const before = shownKey(key, nowMs)
    if (body.reset_to > before.spend) {
      throw new GatewayError(
        'invalid_request',
        `reset_to may not be above what the key has spent, which is ${before.spend}.`,
        { param: 'reset_to' },
      )
    }
    const main = key.budgets.find(({ part }) => part === 'main')
    const scope = main?.scope ?? scopeName(entity, 'life')
    const { startMs } = openWindow(scope, main, key, nowMs)
    const reset = { operation: newId(nowMs), scope, startMs, targetNano: nanoFromUsd(body.reset_to) }
    await deps.tenantStore.resetSpend([reset], authorOf(asked))
    return {
      key_hash: key.token,
      spend: body.reset_to,
      previous_spend: before.spend,
      max_budget: before.max_budget,
      budget_reset_at: before.budget_reset_at,
    }
  },
})
