import { GatewayError } from '../../errors.ts'
import type { EntityRecord } from '../../tenants/record.ts'

export const GUARANTEED = 'guaranteed_throughput'
const KINDS = [
  ['rpm', 'rpm_limit', 'rpmLimit', 'rpmLimitType'],
  ['tpm', 'tpm_limit', 'tpmLimit', 'tpmLimitType'],
] as const

type Rates = Pick<EntityRecord, 'rpmLimit' | 'tpmLimit' | 'rpmLimitType' | 'tpmLimitType'>

/**
 * What is guaranteed to several must be there for all of them at once: throws when the guaranteed limits of an owner's
 * keys or teams, this one among them, come to more than the owner has.
 */
export function mustBeGuaranteed(
  asked: { readonly [F in keyof Rates]?: Rates[F] | undefined },
  siblings: readonly Rates[],
  owner: Pick<Rates, 'rpmLimit' | 'tpmLimit'> & { readonly name: string },
): void {
  for (const [what, field, limit, type] of KINDS) {
    const most = owner[limit]
    const mine = asked[limit]
    if (asked[type] !== GUARANTEED || most === null || mine === null || mine === undefined) continue
    const taken = siblings.reduce((sum, one) => sum + (one[type] === GUARANTEED ? (one[limit] ?? 0) : 0), 0)
    if (taken + mine <= most) continue
    throw new GatewayError(
      'invalid_request',
      `${field} = ${mine} cannot be guaranteed: ${owner.name} has ${most} ${what}, of which ${taken} are guaranteed to others. Ask for at most ${Math.max(0, most - taken)}, or for best_effort_throughput.`,
      { param: field },
    )
  }
}
