import type { ExecutionContext } from 'hono'
import { buildConfig } from '../../../scripts/config/build.ts'
import { createApp } from '../../../src/app.ts'
import * as books from '../../../src/budget/books.ts'
import { newBooks } from '../../../src/budget/books.ts'
import type { AccessSettings } from '../../../src/config/access.ts'
import type { NewEntityRules } from '../../../src/config/new-entities.ts'
import { HandOver } from '../../../src/gateway/hand-over.ts'
import { memoryHealth } from '../../../src/health/memory.ts'
import { MemoryLedger, memorySource } from '../../../src/ledger/memory.ts'
import { bars, FLOOD, GUESS, guardOf } from '../../../src/middleware/guard.ts'
import type { AppDeps } from '../../../src/routes/deps.ts'
import { readinessOf } from '../../../src/routes/readiness.ts'
import type { SpendLogsQuery } from '../../../src/spend/logs-query.ts'
import { memorySpend } from '../../../src/spend/memory.ts'
import { memoryReport } from '../../../src/spend/report-memory.ts'
import { announced } from '../../../src/tenants/announced.ts'
import { cachedTenants } from '../../../src/tenants/cached.ts'
import { memoryTenants } from '../../../src/tenants/memory.ts'
import { memoryOrganizationMembers } from '../../../src/tenants/organization-members-memory.ts'
import type { PrincipalSource, TenantStore } from '../../../src/tenants/port.ts'
import type { WindowRecord } from '../../../src/tenants/record.ts'

const CONFIG = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: sk-vendor, api_base: 'https://vendor.test/v1' }
  - model_name: team/large
    litellm_params: { model: openai/gpt-4o, api_key: sk-vendor, api_base: 'https://vendor.test/v1' }
  - model_name: keyless
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/NOT_SET_ANYWHERE }
router_settings: { model_group_alias: { tiny: small, old-name: { model: small, hidden: true } }, fallbacks: [{ small: [team/large, keyless] }], context_window_fallbacks: [{ small: [team/large] }, { team/large: [small] }] }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

export const MASTER = 'sk-master'

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
}

export interface Said {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly json: any
}

/** The whole front door over memory twins; `now` is virtual. */
export function world(
  over: {
    maxRequestBytes?: number
    access?: AccessSettings
    newEntities?: NewEntityRules
    keyHeaderName?: string
    databaseDown?: () => boolean
    /** Ledgers that have money on lease. */
    holders?: () => readonly string[]
    /** Postgres instead of its twin. */
    tenants?: TenantStore & PrincipalSource
  } = {},
) {
  let now = Date.UTC(2026, 10, 22, 12)
  const clock = () => now
  const spends = new Map<string, WindowRecord>()
  const store =
    over.tenants ??
    memoryTenants({
      spend: (scope) => spends.get(scope),
      reset: (window) => spends.set(window.scope, window),
      ...(over.holders ? { holders: over.holders } : {}),
    })
  const account = newBooks()
  const ledger = new MemoryLedger({ source: memorySource(account), clock })
  const spend = memorySpend((events) => books.record(account, events))
  const deferred: Promise<unknown>[] = []
  const logged: string[] = []
  const asked: SpendLogsQuery[] = []
  const upstream: string[] = []
  const built = buildConfig(CONFIG, { fileName: 'test.yaml', target: 'dev' }).config
  const { maxRequestBytes = built.general.maxRequestBytes, keyHeaderName, databaseDown = () => false } = over
  const config = {
    ...built,
    litellm: { ...built.litellm, ...(over.newEntities ? { newEntities: over.newEntities } : {}) },
    general: {
      ...built.general,
      maxRequestBytes,
      ...(over.access ? { access: over.access } : {}),
      ...(keyHeaderName ? { keyHeaderName } : {}),
    },
  }
  const asking = <R>(answer: () => Promise<R>) =>
    databaseDown() ? Promise.reject(new Error('connection refused')) : answer()
  const source: PrincipalSource = {
    principalOf: (hash, nowMs) => asking(() => store.principalOf(hash, nowMs)),
    withoutKey: (bearer, nowMs) => asking(() => store.withoutKey(bearer, nowMs)),
    standingOf: (kind, id, nowMs) => asking(() => store.standingOf(kind, id, nowMs)),
    generation: (nowMs) => asking(() => store.generation(nowMs)),
  }
  const tenants = cachedTenants(source, undefined, { clock, allowStale: false })
  const recalled: { ledgers: readonly string[]; scopes: readonly string[] }[] = []
  const deps: AppDeps = {
    tenantStore: announced(store, tenants.changed),
    organizationMembers: memoryOrganizationMembers(store),
    tenants,
    ledgerAdmin: {
      recall: (ledgers, scopes) => {
        recalled.push({ ledgers, scopes })
        return Promise.resolve()
      },
    },
    spendReport: {
      ...memoryReport(spend),
      logs: (query) => {
        asked.push(query)
        return Promise.resolve({ data: [], total: 0, page: query.page, page_size: query.page_size, total_pages: 0 })
      },
    },
    guards: { guess: guardOf(undefined, GUESS), flood: guardOf(undefined, FLOOD), bars: bars() },
    readiness: readinessOf(
      { db: () => (databaseDown() ? Promise.reject(new Error('down')) : Promise.resolve()) },
      clock,
    ),
    randomBytes: (bytes) => crypto.getRandomValues(bytes),
    log: (line) => void logged.push(line),
    gateway: {
      config,
      env: { LITELLM_MASTER_KEY: MASTER },
      version: 'test',
      sleep: () => Promise.resolve(),
      clock,
      random: () => 0,
      fetch: ((url: string) => {
        upstream.push(url)
        return Promise.resolve(Response.json(completion))
      }) as typeof fetch,
      ledger,
      health: memoryHealth({ config, clock }),
      handOver: new HandOver({ spend, ledger, sleep: () => Promise.resolve(), clock, warn: () => {} }),
      defer: (_, work) => void deferred.push(work.catch(() => {})),
    },
  }
  const app = createApp(() => deps)
  const ctx = { waitUntil() {}, passThroughOnException() {}, props: {} } as unknown as ExecutionContext

  async function fetched(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await app.fetch(new Request(`http://gateway.test${path}`, init), {}, ctx)
    await rest()
    return response
  }

  async function rest(): Promise<void> {
    while (deferred.length > 0) await Promise.allSettled(deferred.splice(0))
  }

  async function said(path: string, init: RequestInit = {}): Promise<Said> {
    const response = await fetched(path, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) }
  }

  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  return {
    deps,
    store,
    /** What was asked back from ledgers. */
    recalled,
    logged,
    /** What the spend report was asked. */
    asked,
    /** The URLs that providers were asked at. */
    upstream,
    fetched,
    said,
    pass: (ms: number) => {
      now += ms
    },
    now: clock,
    spent: (window: WindowRecord) => spends.set(window.scope, window),
    get: (path: string, key = MASTER, headers: Record<string, string> = {}) =>
      said(path, { headers: { ...bearer(key), ...headers } }),
    post: (path: string, body: unknown, key = MASTER, headers: Record<string, string> = {}) =>
      said(path, {
        method: 'POST',
        headers: { ...bearer(key), 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    /** A fresh key with these fields. */
    async key(fields: Record<string, unknown> = {}): Promise<string> {
      const { status, json } = await this.post('/key/generate', fields)
      if (status !== 200) throw new Error(JSON.stringify(json))
      return json.key
    },
  }
}

export const chat = { model: 'small', messages: [{ role: 'user', content: 'hi' }] }
