import { GatewayError } from '../errors.ts'
import type { Principal, PrincipalLevel, RateLimit } from './principal.ts'
import type { Scope } from './scope.ts'

/** What an entity adds to whoever acts under it. */
export interface Standing {
  readonly scopes: readonly Scope[]
  readonly limits: readonly RateLimit[]
  readonly models: Principal['models']
  readonly blocked?: PrincipalLevel
  /** A customer's `allowed_model_region`. */
  readonly region?: string
}

const BLOCKED = {
  key: 'Authentication Error, Key is blocked. Update via `/key/unblock` if you are admin.',
  team: 'Authentication Error, the team of this key is blocked. Ask the admin to unblock it.',
  org: 'Authentication Error, the organization of this key is blocked. Ask the admin to unblock it.',
  user: 'Authentication Error, the user of this key is blocked. Ask the admin to unblock it.',
  customer: 'Authentication Error, the customer of this request is blocked. Ask the admin to unblock it.',
} as const

/** Throws when the key, its team or its organization is blocked, or the key has expired. */
export function mustBeActive(principal: Principal, nowMs: number): void {
  if (principal.blocked) throw new GatewayError('auth_error', BLOCKED[principal.blocked], { retry: false })
  const { expiresAtMs } = principal
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    const iso = (ms: number) => new Date(ms).toISOString()
    throw new GatewayError(
      'expired_key',
      `Authentication Error - Expired Key. Key Expiry time ${iso(expiresAtMs)} and current time ${iso(nowMs)}. Ask the admin for a new key.`,
      { retry: false },
    )
  }
}
