import type { Clock } from '../clock.ts'
import { cache } from './cache.ts'
import { generations } from './generations.ts'
import type { Copies, PrincipalSource, SharedGeneration, Tenants } from './port.ts'
import type { Principal } from './principal.ts'
import { joined } from './principal-of.ts'
import { entityName } from './scope.ts'
import type { Standing } from './standing.ts'

/** What isolates share, in Redis. */
export interface Shared {
  readonly principals: Copies<Principal>
  readonly standings: Copies<Standing>
  readonly generation: SharedGeneration
}

export interface CachedOptions {
  readonly clock: Clock
  /** `allow_requests_on_db_unavailable`: with Postgres away the last copy decides, however old. */
  readonly allowStale: boolean
  readonly maxEntries?: number
  /** How long a reading may take, and how long a request waits for one that another request began. */
  readonly waitMs?: number
}

/** Principals, customers and tags as one isolate knows them. One per isolate. */
export function cachedTenants(source: PrincipalSource, shared: Shared | undefined, options: CachedOptions): Tenants {
  const { clock, allowStale, maxEntries = 5_000, waitMs = 3_000 } = options
  const known = generations(source, shared?.generation, { clock, waitMs })
  const rules = { generations: known, clock, allowStale, maxEntries, waitMs }
  const principals = cache({ ...rules, source: source.principalOf, shared: shared?.principals })
  const customers = cache({ ...rules, source: reader('customer'), shared: shared?.standings })
  const tags = cache({ ...rules, source: reader('tag'), shared: shared?.standings })

  /** By the name of the entity, so that customers and tags do not meet in Redis. */
  function reader(kind: 'customer' | 'tag') {
    const prefix = entityName(kind, '').length
    return (name: string, nowMs: number) => source.standingOf(kind, name.slice(prefix), nowMs)
  }

  return {
    principalOf: (keyHash, moment) => principals.get(keyHash, moment),
    async withOthers(principal, others, moment) {
      const { customerId, tags: named = [] } = others
      if (customerId === undefined && named.length === 0) return principal
      const standings = await Promise.all([
        ...(customerId === undefined ? [] : [customers.get(`customer:${customerId}`, moment)]),
        ...named.map((tag) => tags.get(`tag:${tag}`, moment)),
      ])
      return joined(
        principal,
        others,
        standings.filter((standing) => standing !== undefined),
      )
    },
    knows: (keyHash) => principals.has(keyHash),
    async changed() {
      principals.forgetUnknown()
      await known.announce()
    },
  }
}
