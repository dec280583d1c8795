import type { GatewayDeps } from '../gateway/deps.ts'
import type { Log } from '../middleware/error-door.ts'
import type { Bars, Guard } from '../middleware/guard.ts'
import type { SpendLogsQuery } from '../spend/logs-query.ts'
import type { SpendLogsPage } from '../spend/logs-row.ts'
import type { TenantStore, Tenants } from '../tenants/port.ts'
import type { Readiness } from './readiness.ts'

/** Everything the front door needs from outside. All but `gateway.defer` is built once per isolate. */
export interface AppDeps {
  readonly gateway: GatewayDeps
  readonly tenants: Tenants
  readonly tenantStore: TenantStore
  /** Pages of the spend log, from Postgres. */
  readonly spendReport: { readonly logs: (query: SpendLogsQuery) => Promise<SpendLogsPage> }
  readonly guards: { readonly guess: Guard; readonly flood: Guard; readonly bars: Bars }
  readonly readiness: Readiness
  /** Fills bytes with randomness: what new keys are made of. */
  readonly randomBytes: (bytes: Uint8Array) => Uint8Array
  readonly log: Log
}
