import * as z from 'zod'
import { parseDuration } from '../../budget/duration.ts'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { modelsOf } from './budget.ts'
import { type TemplateFields, templateLimits } from './fields.ts'
import { recallTemplateAfter } from './recall.ts'
import { changedTemplate, shownTemplate, templateBudgets, templateChanges } from './template.ts'

const shown = z.object({
  budget_id: z.string(),
  max_budget: z.number().nullable(),
  soft_budget: z.number().nullable(),
  budget_duration: z.string().nullable(),
  model_max_budget: z.record(z.string(), z.unknown()),
  rpm_limit: z.number().nullable(),
  tpm_limit: z.number().nullable(),
  max_parallel_requests: z.number().nullable(),
  created_at: z.string(),
  created_by: z.string().nullable(),
  updated_at: z.string(),
  updated_by: z.string().nullable(),
})

const notFound = (budgetId: string) =>
  new GatewayError('not_found', `Budget not found, budget_id = ${budgetId}. POST /budget/new makes one.`, {
    param: 'budget_id',
  })

/** Refuses what could not be a budget before anything is written. */
function mustBeBudget(body: TemplateFields): void {
  if (body.budget_duration != null) parseDuration(body.budget_duration)
  modelsOf(body.model_max_budget)
  if (body.soft_budget != null && body.max_budget != null && body.soft_budget >= body.max_budget) {
    throw new GatewayError('invalid_request', 'soft_budget must be below max_budget.', { param: 'soft_budget' })
  }
}

const create = route({
  method: 'POST',
  paths: ['/budget/new'],
  access: 'admin',
  tag: 'Budgets',
  summary: 'Limits by name. Whoever is given this `budget_id` has them, each with money of its own.',
  area: 'admin.budget',
  body: z.strictObject({ budget_id: name.nullish(), ...templateLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    mustBeBudget(body)
    const timeZone = deps.gateway.config.litellm.timeZone
    const template = await deps.tenantStore.createTemplate(
      body.budget_id ?? newId(nowMs),
      { ...templateChanges(body), timeZone, anchorMs: nowMs },
      authorOf(asked),
    )
    return shownTemplate(template)
  },
})

const update = route({
  method: 'POST',
  paths: ['/budget/update'],
  access: 'admin',
  tag: 'Budgets',
  summary: 'Change a budget, and with it the limits of everyone who has it.',
  area: 'admin.budget',
  body: z.strictObject({ budget_id: name, ...templateLimits }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    mustBeBudget(body)
    const before = await deps.tenantStore.findTemplate(body.budget_id)
    if (!before) throw notFound(body.budget_id)
    const changes = templateChanges(body)
    const budgets = templateBudgets(changedTemplate(before, changes), { entity: '', nowMs })
    const template = await deps.tenantStore.updateTemplate(body.budget_id, changes, budgets, authorOf(asked))
    if (!template) throw notFound(body.budget_id)
    recallTemplateAfter(before, budgets, { deps, nowMs })
    return shownTemplate(template)
  },
})

const info = route({
  method: 'POST',
  paths: ['/budget/info'],
  access: 'admin',
  tag: 'Budgets',
  summary: 'Budgets by their names.',
  area: 'admin.budget',
  body: z.strictObject({ budgets: z.array(name).min(1).max(100) }),
  out: z.array(shown),
  async handle({ body, deps }) {
    const found = await Promise.all(body.budgets.map((budgetId) => deps.tenantStore.findTemplate(budgetId)))
    return found.filter((template) => template !== undefined).map(shownTemplate)
  },
})

const list = route({
  method: 'GET',
  paths: ['/budget/list'],
  access: 'viewer',
  tag: 'Budgets',
  summary: 'All budgets that have a name.',
  out: z.array(shown),
  handle: async ({ deps }) => (await deps.tenantStore.listTemplates()).map(shownTemplate),
})

const TYPES = {
  max_budget: 'Float',
  soft_budget: 'Float',
  budget_duration: 'String',
  model_max_budget: 'Object',
  rpm_limit: 'Integer',
  tpm_limit: 'Integer',
  max_parallel_requests: 'Integer',
} as const

const settings = route({
  method: 'GET',
  paths: ['/budget/settings'],
  access: 'viewer',
  tag: 'Budgets',
  summary: 'The fields of a budget, with the values of one.',
  query: z.strictObject({ budget_id: name }),
  out: z.array(z.record(z.string(), z.unknown())),
  async handle({ query, deps }) {
    const template = await deps.tenantStore.findTemplate(query.budget_id)
    if (!template) throw notFound(query.budget_id)
    const values = shownTemplate(template)
    return Object.entries(TYPES).map(([field_name, field_type]) => ({
      field_name,
      field_type,
      field_value: values[field_name as keyof typeof TYPES],
      stored_in_db: true,
      field_default_value: null,
    }))
  },
})

const deletion = route({
  method: 'POST',
  paths: ['/budget/delete'],
  access: 'admin',
  tag: 'Budgets',
  summary: 'Delete a budget that nobody has any more.',
  area: 'admin.budget',
  body: z.strictObject({ id: name }),
  out: shown,
  async handle(asked) {
    const { body, deps } = asked
    const template = await deps.tenantStore.findTemplate(body.id)
    if (!template || !(await deps.tenantStore.removeTemplate(body.id, authorOf(asked)))) throw notFound(body.id)
    return shownTemplate(template)
  },
})

export const budgetRoutes: readonly Route[] = [create, update, info, list, settings, deletion]
