import { type EntityId, entities } from './entities.ts'
import type { Author } from './port.ts'
import type { EntityKind, EntityRecord, TemplateRecord } from './record.ts'

const blankRates = { rpmLimit: null, tpmLimit: null, maxParallelRequests: null, softBudgetNano: null }

/** An entity as it is before anything is said of it. */
export function blank(kind: EntityKind, id: EntityId, by: string, nowMs: number): EntityRecord {
  const { columns, id: names } = entities[kind]
  const lists = { key: { allowedRoutes: [] }, team: { memberPermissions: [] } }[String(kind)]
  const own = { ...Object.fromEntries(Object.keys(columns).map((field) => [field, null])), ...lists }
  const defaults = kind === 'user' ? { userRole: 'internal_user' } : kind === 'member' ? { role: 'user' } : {}
  return {
    ...own,
    ...defaults,
    ...Object.fromEntries(names.map((field, n) => [field, id[n]])),
    ...blankRates,
    models: [],
    metadata: {},
    modelRpmLimit: null,
    modelTpmLimit: null,
    rpmLimitType: null,
    tpmLimitType: null,
    budgetId: null,
    blocked: false,
    template: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    createdBy: by,
    updatedBy: by,
    budgets: [],
    windows: [],
  }
}

export const blankTemplate = (budgetId: string, { by, nowMs }: Author): TemplateRecord => ({
  ...blankRates,
  budgetId,
  maxBudgetNano: null,
  budgetDuration: null,
  timeZone: 'UTC',
  anchorMs: nowMs,
  modelMaxBudget: null,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  createdBy: by,
  updatedBy: by,
})
