import type { SpendLogRecord } from './logs-row.ts'
import { type MemorySpend, matching, newestFirst, recordOf } from './memory.ts'
import {
  type DaysQuery,
  type Dimension,
  dimensions,
  type KeyName,
  type SpendDays,
  type SpendGroup,
  type SpendLog,
} from './report.ts'
import { nothing, plus } from './report-sums.ts'

/** What keys and other entities are called: the database's part that is no spend. */
export interface KnownNames {
  readonly keys?: ReadonlyMap<string, KeyName>
  readonly aliases?: (kind: DaysQuery['kind'], id: string) => string | undefined
}

/** Reports over what a memory spend has recorded. */
export function memoryReport(spend: MemorySpend, { keys, aliases }: KnownNames = {}): SpendDays & SpendLog {
  const records = () => [...spend.events.values()].map(recordOf)
  const within = ({ from, to }: { readonly from: string; readonly to: string }) =>
    records().filter(({ day }) => day >= from && day <= to)
  return {
    days(query, sets) {
      const cells = cellsOf(within(query).filter(ofKey(query, keys)), query)
      return Promise.resolve(sets.map((set) => paged(groupsOf(cells, set), query)))
    },
    keyNames: (ids) => Promise.resolve(new Map([...(keys ?? [])].filter(([id]) => ids.includes(id)))),
    spentIn: (windows) =>
      Promise.resolve(
        windows.map(({ scope, startMs }) =>
          records()
            .filter((row) => row.scopes.some((one, n) => one === scope && row.windows[n]?.getTime() === startMs))
            .reduce((sum, { cost_nano }) => sum + cost_nano, 0n),
        ),
      ),
    aliases: (kind, ids) =>
      Promise.resolve(
        new Map(
          ids.flatMap((id) => {
            const alias = aliases?.(kind, id)
            return alias === undefined ? [] : [[id, alias] as const]
          }),
        ),
      ),
    logs: (query) => Promise.resolve(spend.logs(query)),
    rows: (filter, after, most) =>
      Promise.resolve(
        records()
          .filter(matching(filter))
          .sort(newestFirst)
          .filter((row) => after === undefined || newestFirst(after, row) < 0)
          .slice(0, most),
      ),
    rateLimited({ modelGroup, ...days }) {
      const refused = within(days).filter(
        ({ http_status, model_group }) =>
          http_status === 429 && (modelGroup === undefined || model_group === modelGroup),
      )
      const groups = tally(refused, ({ day, api_base }) => [day, api_base ?? ''])
      return Promise.resolve(
        groups.map(([[day = '', apiBase = ''], rows]) => ({ day, apiBase, requests: rows.length })),
      )
    },
    cachedAnswers(days) {
      const hits = within(days).filter(({ cache_hit }) => cache_hit)
      const groups = tally(hits, ({ key_id, call_type, model }) => [key_id ?? '', call_type, model ?? ''])
      return Promise.resolve(
        groups.map(([[keyId = '', callType = '', model = ''], rows]) => ({
          keyId,
          callType,
          model,
          requests: rows.length,
          completionTokens: rows.reduce((sum, row) => sum + row.completion_tokens, 0),
        })),
      )
    },
  }
}

/** Rows with the same words, in the order of these. */
function tally(rows: readonly SpendLogRecord[], wordsOf: (row: SpendLogRecord) => readonly string[]) {
  return [...Map.groupBy(rows, (row) => JSON.stringify(wordsOf(row)))]
    .map(([words, same]) => [JSON.parse(words) as readonly string[], same] as const)
    .toSorted(([a], [b]) => inOrder(a, b))
}

function inOrder(a: readonly string[], b: readonly string[]): number {
  const n = a.findIndex((word, i) => word !== b[i])
  return n < 0 ? 0 : (a[n] ?? '') < (b[n] ?? '') ? -1 : 1
}

function ofKey({ apiKey, keyIds }: DaysQuery, keys: KnownNames['keys']): (row: SpendLogRecord) => boolean {
  const meant = ({ key_id, api_key }: SpendLogRecord) =>
    [key_id, api_key, keys?.get(key_id ?? '')?.token].includes(apiKey)
  return (row) => (apiKey === undefined || meant(row)) && (keyIds === undefined || keyIds.includes(row.key_id ?? ''))
}

/** Sums as the table of days has them: one for each entity, day, key, model, group and vendor. */
function cellsOf(rows: readonly SpendLogRecord[], { kind, entities, model }: DaysQuery): readonly SpendGroup[] {
  const cells = new Map<string, SpendGroup>()
  for (const row of rows) {
    if (model !== undefined && row.model !== model && row.model_group !== model) continue
    for (const entity of ownersOf(row, kind)) {
      if (entities !== undefined && !entities.includes(entity)) continue
      const { day } = row
      const named = {
        entity,
        day,
        key_id: row.key_id ?? '',
        model: row.model ?? '',
        model_group: row.model_group ?? '',
      }
      const cell = { ...named, provider: row.custom_llm_provider ?? '' }
      const name = JSON.stringify(cell)
      const sums = plus(cells.get(name) ?? nothing, sumsOf(row))
      cells.set(name, { ...cell, ...sums, rows: 1 })
    }
  }
  return [...cells.values()]
}

function ownersOf(row: SpendLogRecord, kind: DaysQuery['kind']): readonly string[] {
  switch (kind) {
    case 'all':
      return ['']
    case 'user':
      return row.user ? [row.user] : []
    case 'team':
      return row.team_id ? [row.team_id] : []
    case 'organization':
      return row.organization_id ? [row.organization_id] : []
    case 'customer':
      return row.end_user ? [row.end_user] : []
    case 'tag':
      return [...new Set(row.request_tags)]
  }
}

function sumsOf(row: SpendLogRecord) {
  const { cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0 } = row.usage ?? {}
  return {
    costNano: row.cost_nano,
    savedNano: row.saved_nano,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    cacheReadTokens: Number(cacheReadTokens),
    cacheWriteTokens: Number(cacheWriteTokens) + Number(cacheWrite1hTokens),
    totalTokens: row.total_tokens,
    requests: 1,
    successes: row.status === 'success' ? 1 : 0,
    failures: row.status === 'failure' ? 1 : 0,
    cacheHits: row.cache_hit ? 1 : 0,
    rows: 1,
  }
}

function groupsOf(cells: readonly SpendGroup[], set: readonly Dimension[]): readonly SpendGroup[] {
  const groups = new Map<string, SpendGroup>()
  for (const cell of cells) {
    const named = { entity: '', day: '', key_id: '', model: '', model_group: '', provider: '' }
    for (const one of set) named[one] = cell[one]
    const name = JSON.stringify(named)
    groups.set(name, { ...named, ...plus(groups.get(name) ?? nothing, cell) })
  }
  return [...groups.values()].toSorted((a, b) =>
    a.costNano === b.costNano ? byName(a, b) : a.costNano > b.costNano ? -1 : 1,
  )
}

type Named = Readonly<Record<Dimension, string>>

const byName = (a: Named, b: Named) =>
  inOrder(
    dimensions.map((one) => a[one]),
    dimensions.map((one) => b[one]),
  )

function paged(groups: readonly SpendGroup[], { page, part }: DaysQuery): readonly SpendGroup[] {
  if (part) {
    const { after, size } = part
    return groups
      .filter((group) => after === undefined || byName(group, after) > 0)
      .toSorted(byName)
      .slice(0, size)
  }
  return page === undefined ? groups : groups.slice((page.number - 1) * page.size, page.number * page.size)
}
