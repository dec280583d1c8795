import * as z from 'zod'
import { type AuditLog, type AuditRow, auditActions, auditKinds } from '../audit/port.ts'
import { GatewayError } from '../errors.ts'
import { page, pageOf, pageShape, sizeOf, sortOrder } from './admin/paging.ts'
import type { AppDeps } from './deps.ts'
import { type Route, route } from './route.ts'

type Kind = (typeof auditKinds)[number]

/** LiteLLM's names for what a change was of. */
const TABLES = {
  key: 'LiteLLM_VerificationToken',
  team: 'LiteLLM_TeamTable',
  user: 'LiteLLM_UserTable',
  member: 'LiteLLM_TeamMembership',
  organization_member: 'LiteLLM_OrganizationMembership',
  org: 'LiteLLM_OrganizationTable',
  customer: 'LiteLLM_EndUserTable',
  tag: 'LiteLLM_TagTable',
  budget: 'LiteLLM_BudgetTable',
  model: 'LiteLLM_ProxyModelTable',
  credential: 'LiteLLM_CredentialsTable',
  access_group: 'LiteLLM_AccessGroupTable',
  setting: 'LiteLLM_Config',
  price_list: 'LiteLLM_Config',
  price_schedule: 'LiteLLM_Config',
} as const satisfies Record<Kind, string>

const nullable = z.string().nullable()

const shape = z.object({
  id: z.string(),
  updated_at: z.string(),
  changed_by: z.string(),
  changed_by_api_key: z.string(),
  action: z.string(),
  table_name: z.string(),
  object_id: z.string(),
  before_value: z.record(z.string(), z.unknown()).nullable(),
  updated_values: z.record(z.string(), z.unknown()).nullable(),
  /** What LiteLLM's rows do not say. */
  object_key_hash: nullable,
  object_team_id: nullable,
  user_id: nullable,
  user_role: nullable,
  route: nullable,
  request_id: nullable,
  ip_address: nullable,
  user_agent: nullable,
})

function shown(row: AuditRow): z.output<typeof shape> {
  return {
    id: row.id,
    updated_at: new Date(row.atMs).toISOString(),
    changed_by: row.changedBy,
    changed_by_api_key: row.changedByKey ?? '',
    action: row.action,
    table_name: Object.hasOwn(TABLES, row.kind) ? TABLES[row.kind as Kind] : row.kind,
    object_id: row.objectId,
    before_value: row.before,
    updated_values: row.after,
    object_key_hash: row.token,
    object_team_id: row.teamId,
    user_id: row.userId,
    user_role: row.role,
    route: row.route,
    request_id: row.requestId,
    ip_address: row.ip,
    user_agent: row.userAgent,
  }
}

function logOf({ audit }: AppDeps): AuditLog {
  if (audit) return audit
  throw new GatewayError('not_implemented', 'This gateway keeps no log of changes.', { retry: false })
}

const SORTS = {
  updated_at: 'at',
  changed_by: 'changedBy',
  action: 'action',
  table_name: 'kind',
  object_id: 'objectId',
} as const

const text = z.string().min(1).max(512).optional()
const DAY_MS = 86_400_000

/** A date, or a moment with its zone; a date that ends a span means all of that day. */
const moment = (isEnd: boolean) =>
  z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date, or a moment such as 2026-11-22T12:00:00Z')
    .transform((text) => Date.parse(text) + (isEnd && text.length === 10 ? DAY_MS - 1 : 0))
    .optional()

const list = route({
  method: 'GET',
  paths: ['/audit'],
  access: 'viewer',
  tag: 'Audit',
  summary: 'What admins changed, the latest first: who, what, before, after, from where.',
  query: z.strictObject({
    page,
    page_size: sizeOf(10),
    after: text.describe('The id of the last row seen, instead of a page: what comes next, whatever was added since.'),
    changed_by: text,
    changed_by_api_key: text,
    action: z.enum(auditActions).optional(),
    table_name: z.enum([...Object.values(TABLES), ...auditKinds]).optional(),
    object_id: text,
    object_team_id: text,
    object_key_hash: text,
    start_date: moment(false),
    end_date: moment(true),
    sort_by: z.enum(Object.keys(SORTS) as [keyof typeof SORTS]).default('updated_at'),
    sort_order: sortOrder('desc'),
  }),
  out: z.object({ audit_logs: z.array(shape), ...pageShape }),
  async handle({ query, deps }) {
    const { found, total } = await logOf(deps).page({
      page: query.page,
      size: query.page_size,
      after: query.after,
      changedBy: query.changed_by,
      changedByKey: query.changed_by_api_key,
      action: query.action,
      kind: kindOf(query.table_name),
      objectId: query.object_id,
      teamId: query.object_team_id,
      token: query.object_key_hash,
      fromMs: query.start_date,
      toMs: query.end_date,
      sortBy: SORTS[query.sort_by],
      sortOrder: query.sort_order,
    })
    return { audit_logs: found.map(shown), ...pageOf(total, query) }
  },
})

function kindOf(table: string | undefined): string | undefined {
  return Object.entries(TABLES).find(([, name]) => name === table)?.[0] ?? table
}

const one = route({
  method: 'GET',
  paths: ['/audit/{id}'],
  access: 'viewer',
  tag: 'Audit',
  summary: 'One change.',
  out: shape,
  async handle({ params: { id = '' }, deps }) {
    const row = await logOf(deps).find(id)
    if (!row)
      throw new GatewayError('not_found', `Audit log with ID ${id.slice(0, 80)} not found. GET /audit lists them.`)
    return shown(row)
  },
})

export const auditRoutes: readonly Route[] = [list, one]
