import type { Alerts } from '../alerts/alerts.ts'
import type { AuditLog } from '../audit/port.ts'
import type { CacheAdmin } from '../cache/exact.ts'
import type { Config } from '../config/config.ts'
import type { BatchDeps } from '../gateway/batch-charge.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { CheckLog } from '../health/checks.ts'
import type { IdempotencyStore } from '../idempotency/port.ts'
import type { Identity } from '../identity/identity.ts'
import type { Log } from '../middleware/error-door.ts'
import type { Bars, Guard } from '../middleware/guard.ts'
import type { ModelStore } from '../models/port.ts'
import type { PriceLists } from '../models/price-lists.ts'
import type { DebugKeys } from '../observe/debug.ts'
import type { Format } from '../observe/exposition.ts'
import type { ResponseStore } from '../responses/port.ts'
import type { KeyRing } from '../seal.ts'
import type { SpendDays, SpendLog } from '../spend/report.ts'
import type { OrganizationMembers } from '../tenants/organization-members.ts'
import type { TenantStore, Tenants } from '../tenants/port.ts'
import type { Readiness } from './readiness.ts'

/**
 * What an admin's change asks of ledgers: to give back what they hold free in these scopes. Advisory: what is lent stays
 * good until it is settled or ends, and a ledger that cannot be reached gives it back when it is idle.
 */
export interface LedgerAdmin {
  recall(ledgers: readonly string[], scopes: readonly string[]): Promise<void>
}

/** Everything the front door needs from outside. All but `gateway.defer` is built once per isolate. */
export interface AppDeps {
  readonly gateway: GatewayDeps
  readonly tenants: Tenants
  /** Every write through it is told to `tenants`. */
  readonly tenantStore: TenantStore
  /** What people are in organizations; absent where there is no Postgres. */
  readonly organizationMembers?: OrganizationMembers
  /** Absent where ledgers cannot be asked: they give back by themselves. */
  readonly ledgerAdmin?: LedgerAdmin
  /** The spend log, and its days. */
  readonly spendReport: SpendDays & SpendLog
  /** What admins changed; absent where there is no Postgres. */
  readonly audit?: AuditLog
  /** Who serves a request that says an `Idempotency-Key`; absent where there is no Postgres. */
  readonly idempotency?: IdempotencyStore
  /** Whose files and batches at vendors are; absent where there is no Postgres. */
  readonly batches?: BatchDeps
  /** Absent where the operator keeps no responses. */
  readonly responses?: ResponseStore
  /** Absent where the file names nobody to tell. */
  readonly alerts?: Alerts
  /** What deployments answered beside their traffic; absent where there is no Postgres. */
  readonly healthChecks?: CheckLog
  /** Tokens of identity providers in the place of keys, and people who sign in. */
  readonly identity?: Identity
  /** Absent where answers are not cached. */
  readonly cache?: CacheAdmin
  /** Models that admins made; every write is told to other isolates. Absent where none are kept (`store_model_in_db`). */
  readonly models?: ModelStore
  /** Price lists that are read while the gateway runs; absent where no models are kept. */
  readonly priceLists?: PriceLists
  /** The config as it was built, without what admins laid over it. */
  readonly builtConfig?: Config
  /** What Prometheus scrapes; absent where nothing is counted. */
  readonly metrics?: (format: Format) => Promise<string>
  /** Seals what sinks of teams and keys need; absent where there is no salt key. */
  readonly callbackSeals?: () => KeyRing
  /** Tells a sink of the operator's of a test, at once. Rejects with why it did not take it. */
  readonly testSink?: (sink: string) => Promise<void>
  /** Whose attempts the operator's log tells of; absent where there is no Postgres. */
  readonly debugKeys?: DebugKeys
  /** Puts dead deliveries on their queue again; answers how many. */
  readonly replayDeliveries?: () => Promise<number>
  readonly guards: { readonly guess: Guard; readonly flood: Guard; readonly bars: Bars }
  readonly readiness: Readiness
  /** Fills bytes with randomness: what new keys are made of. */
  readonly randomBytes: (bytes: Uint8Array) => Uint8Array
  readonly log: Log
}
