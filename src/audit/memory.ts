import type { AuditLog, AuditQuery, AuditRow } from './port.ts'

/** The twin: reads the rows that it is given, as they are at that moment. */
export function memoryAudit(rows: readonly AuditRow[]): AuditLog {
  return {
    page(query) {
      const all = rows.filter((row) => isAsked(row, query)).sort(ordered(query))
      const from = query.after === undefined ? undefined : rows.find(({ id }) => id === query.after)
      const rest = query.after === undefined ? all : from ? all.filter((row) => ordered(query)(row, from) > 0) : []
      const start = query.after === undefined ? (query.page - 1) * query.size : 0
      return Promise.resolve({ found: rest.slice(start, start + query.size), total: all.length })
    },
    find: (id) => Promise.resolve(rows.find((row) => row.id === id)),
  }
}

function isAsked(row: AuditRow, query: AuditQuery): boolean {
  const { objectId, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = query
  return (
    same(row.changedBy, query.changedBy) &&
    same(row.changedByKey, query.changedByKey) &&
    same(row.action, query.action) &&
    same(row.kind, query.kind) &&
    same(row.teamId, query.teamId) &&
    same(row.token, query.token) &&
    (same(row.objectId, objectId) || same(row.token, objectId)) &&
    row.atMs >= fromMs &&
    row.atMs <= toMs
  )
}

const same = (value: string | null, wanted: string | undefined) => wanted === undefined || value === wanted

function ordered({ sortBy, sortOrder }: AuditQuery): (one: AuditRow, other: AuditRow) => number {
  const sign = sortOrder === 'asc' ? 1 : -1
  const by = (row: AuditRow) => (sortBy === 'at' ? row.atMs : row[sortBy])
  return (one, other) => {
    const [first, second] = [by(one), by(other)]
    if (first !== second) return first < second ? -sign : sign
    return one.id < other.id ? -sign : one.id > other.id ? sign : 0
  }
}
