import type { Clock } from '../clock.ts'
import { cache } from './cache.ts'
import { type Generations, generations } from './generations.ts'
import type { Copies, Others, PrincipalSource, SharedGeneration, Tenants } from './port.ts'
import type { Principal } from './principal.ts'
import { joined } from './principal-of.ts'
import { entityName } from './scope.ts'
import type { Standing } from './standing.ts'
import { bearerName, bearerNamed } from './without-key.ts'

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
  /** The generation as others in this isolate know it too; its own where nobody does. */
  readonly generations?: Generations
}

interface Joined {
  readonly standings: readonly Standing[]
  readonly principal: Principal
}

/** Of one key, so many customers are remembered. */
const MOST_JOINED = 100

/** Principals, customers and tags as one isolate knows them. One per isolate. */
export function cachedTenants(source: PrincipalSource, shared: Shared | undefined, options: CachedOptions): Tenants {
  const { clock, allowStale, maxEntries = 5_000, waitMs = 3_000 } = options
  const known = options.generations ?? generations(source, shared?.generation, { clock, waitMs })
  const rules = { generations: known, clock, allowStale, maxEntries, waitMs }
  const principals = cache({ ...rules, source: source.principalOf, shared: shared?.principals })
  const bearers = cache({
    ...rules,
    source: (name: string, nowMs: number) => source.withoutKey(bearerNamed(name), nowMs),
    shared: shared?.principals,
  })
  const customers = cache({ ...rules, source: reader('customer'), shared: shared?.standings })
  const joins = new WeakMap<Principal, Map<string, Joined>>()
  const tags = cache({ ...rules, source: reader('tag'), shared: shared?.standings })

  /** By the name of the entity, so that customers and tags do not meet in Redis. */
  function reader(kind: 'customer' | 'tag') {
    const prefix = entityName(kind, '').length
    return (name: string, nowMs: number) => source.standingOf(kind, name.slice(prefix), nowMs)
  }

  /** The same caller for the same customer and tags is the same object, by which others remember what they made of it. */
  function remembered(principal: Principal, others: Others, standings: readonly Standing[]): Principal {
    const ofCaller = joins.get(principal) ?? new Map<string, Joined>()
    joins.set(principal, ofCaller)
    const name = JSON.stringify([others.customerId, others.tags])
    const before = ofCaller.get(name)
    const holds = before?.standings.length === standings.length && before.standings.every((s, n) => s === standings[n])
    if (before && holds) return before.principal
    if (ofCaller.size >= MOST_JOINED) ofCaller.clear()
    const made = joined(principal, others, standings)
    ofCaller.set(name, { standings, principal: made })
    return made
  }

  return {
    principalOf: (keyHash, moment) => principals.get(keyHash, moment),
    withoutKey: (bearer, moment) => bearers.get(bearerName(bearer), moment),
    async withOthers(principal, others, moment) {
      const { customerId, tags: named = [] } = others
      if (customerId === undefined && named.length === 0) return principal
      const standings = await Promise.all([
        ...(customerId === undefined ? [] : [customers.get(`customer:${customerId}`, moment)]),
        ...named.map((tag) => tags.get(`tag:${tag}`, moment)),
      ])
      return remembered(
        principal,
        others,
        standings.filter((standing) => standing !== undefined),
      )
    },
    knows: (keyHash) => principals.has(keyHash),
    async changed() {
      principals.forgetUnknown()
      bearers.forgetUnknown()
      await known.announce()
    },
  }
}
