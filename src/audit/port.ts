/** What a change was of: `org`, `budget` and so on, as they are called in scopes and tables. */
export const auditKinds = [
  'key',
  'team',
  'user',
  'member',
  'organization_member',
  'org',
  'customer',
  'tag',
  'budget',
  'model',
  'credential',
  'access_group',
  'setting',
  'price_list',
  'price_schedule',
] as const

export const auditActions = ['created', 'updated', 'deleted', 'blocked', 'unblocked', 'rotated'] as const

/** One change of one entity. */
export interface AuditRow {
  readonly id: string
  readonly atMs: number
  readonly action: string
  readonly kind: string
  readonly objectId: string
  /** A key's hash. */
  readonly token: string | null
  readonly teamId: string | null
  /** What was different before; null for what is new. Secrets are never in it. */
  readonly before: Readonly<Record<string, unknown>> | null
  /** What is different now; null for what is gone. */
  readonly after: Readonly<Record<string, unknown>> | null
  readonly changedBy: string
  /** The hash of the key that asked; `master` for the master key, null for what no request did. */
  readonly changedByKey: string | null
  readonly userId: string | null
  readonly role: string | null
  readonly route: string | null
  readonly requestId: string | null
  readonly ip: string | null
  readonly userAgent: string | null
}

export const auditSorts = ['at', 'changedBy', 'action', 'kind', 'objectId'] as const

export interface AuditQuery {
  readonly page: number
  readonly size: number
  /** Only what comes after the row of this id, in the order asked for by time: a page that stays where it is. */
  readonly after?: string | undefined
  readonly changedBy?: string | undefined
  readonly changedByKey?: string | undefined
  readonly action?: string | undefined
  readonly kind?: string | undefined
  /** An entity's id, or a key's hash. */
  readonly objectId?: string | undefined
  readonly teamId?: string | undefined
  readonly token?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly sortBy: (typeof auditSorts)[number]
  readonly sortOrder: 'asc' | 'desc'
}

/**
 * What admins changed, who, when and from where. Rows come to be in the transactions of the changes themselves, so there
 * is none without the other; here they are only read.
 */
export interface AuditLog {
  /** A page, and how many there are in all. */
  page(query: AuditQuery): Promise<{ readonly found: readonly AuditRow[]; readonly total: number }>
  find(id: string): Promise<AuditRow | undefined>
}
