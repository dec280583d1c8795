import { seeded } from '../bench/figures.ts'

export interface StormOptions {
  readonly seed: number
  readonly requests: number
  readonly concurrency: number
  readonly isolates: number
  readonly organizations: number
  readonly teams: number
  readonly keys: number
  /** Customers and users, each shared by keys of several organizations. */
  readonly shared: number
}

/** What the scripted provider does with a request. Shares are of what the request allows, so a bill is within its bound. */
export type VendorPart =
  | { readonly kind: 'answer'; readonly outputShare: number; readonly firstMs: number; readonly restMs: number }
  /** A stream that breaks off in the middle; a whole answer that never comes. */
  | { readonly kind: 'cut'; readonly outputShare: number; readonly firstMs: number; readonly restMs: number }
  | { readonly kind: 'refuse'; readonly status: 429 | 500 | 503 }
  /** Hangs up before it answers. */
  | { readonly kind: 'drop' }
  /** Says nothing for longer than a call may last. */
  | { readonly kind: 'hang' }

export interface PlannedRequest {
  readonly n: number
  readonly key: number
  readonly isolate: number
  readonly stream: boolean
  readonly prompt: string
  readonly maxTokens: number
  readonly vendor: VendorPart
  /** The client hangs up so long after it asked. */
  readonly leavesAfterMs?: number
  readonly customer: number
  /** Some requests bear one. */
  readonly tag?: number
  readonly dear: boolean
}

/** Whose limits are moved while they are spent. */
export type LimitedKind = 'key' | 'team' | 'organization' | 'user' | 'customer' | 'tag' | 'member'

export type ChaosKind =
  | { readonly kind: 'evict' }
  | { readonly kind: 'kill' }
  | { readonly kind: 'database'; readonly downMs: number }
  /** PostgreSQL's answers get lost, and some statements arrive after their asker has given up. */
  | { readonly kind: 'replies'; readonly forMs: number }
  | { readonly kind: 'queue'; readonly delayMs: number; readonly duplicate: number; readonly reorder: boolean }
  | { readonly kind: 'refuse'; readonly forMs: number }
  | {
      readonly kind: 'limit'
      readonly of: LimitedKind
      readonly index: number
      readonly factor: number
    }
  /** More for a key, for a while. */
  | { readonly kind: 'increase'; readonly key: number; readonly factor: number; readonly forMs: number }
  /** What a key has spent in its window becomes nothing. */
  | { readonly kind: 'reset'; readonly key: number }
  | { readonly kind: 'block'; readonly key: number; readonly forMs: number }

/** Happens when so many requests have been sent. */
export type Chaos = ChaosKind & { readonly atRequest: number }

export interface Limit {
  readonly limitNano?: bigint
  readonly duration?: string
}

/** How much of everything, beside money: sliding minutes, and requests at the same time. */
export interface Rates {
  readonly rpm?: number
  readonly tpm?: number
  readonly parallel?: number
}

export interface PlannedKey extends Limit {
  readonly team?: number
  readonly user: number
  readonly rates?: Rates
  /** What it may spend on the cheap model. */
  readonly model?: Limit
}

export interface Plan {
  readonly options: StormOptions
  readonly organizations: readonly Limit[]
  /** `organization` is absent where the team stands alone. */
  readonly teams: readonly (Limit & { readonly organization?: number; readonly rates?: Rates })[]
  readonly keys: readonly PlannedKey[]
  readonly users: readonly (Limit & { readonly rates?: Rates })[]
  readonly customers: readonly Limit[]
  readonly tags: readonly Limit[]
  /** Each user of a team's keys, in that team; some have no limit there. */
  readonly members: readonly (Limit & { readonly team: number; readonly user: number })[]
  /** The file's own: all that the vendor may cost, and the dear deployment. */
  readonly provider: Limit
  readonly dear: Limit
  readonly requests: readonly PlannedRequest[]
  readonly chaos: readonly Chaos[]
}

/** A few requests of the largest kind that the cheap model is asked. */
const SMALLEST_LIMIT_NANO = 2_500_000

/** So many of the requests bear a tag. */
const TAGGED = 0.3

/** Of the storm's two models, in whole nano-USD a token: the config that the storm writes says the same. */
export const PRICES = {
  cheap: { inputNano: 1_000, outputNano: 4_000 },
  dear: { inputNano: 4_000, outputNano: 16_000 },
} as const

/** Four bytes a token, and never more tokens than bytes: a bill within the rules. */
export const promptTokensOf = (prompt: string): number => Math.ceil(prompt.length / 4)
export const outputTokensOf = (maxTokens: number, share: number): number => Math.max(1, Math.floor(maxTokens * share))
/** Where a request's number stands in its prompt. */
export const numberIn = (text: string): number => Number(/Request (\d+)\./.exec(text)?.[1] ?? -1)

/** Everything that happens, from the seed alone. Only what the machine makes of it differs between two runs. */
export function planOf(options: StormOptions): Plan {
  const random = seeded(options.seed)
  const upTo = (most: number) => Math.floor(random() * most)
  const one = <T>(of: readonly T[]): T => of[upTo(of.length)] as T
  const { requests: count, organizations, teams, keys } = options

  const requests = plannedRequests(options, random)
  // A demand that no limit held back would cost about this much.
  const demandNano = requests.reduce((sum, { prompt, maxTokens }) => sum + prompt.length * 300 + maxTokens * 1_700, 0)
  const limitOf = (shareOfDemand: number, factors: readonly (number | undefined)[]): Limit => {
    const factor = one(factors)
    if (factor === undefined) return {}
    return { limitNano: BigInt(Math.round(Math.max(SMALLEST_LIMIT_NANO, demandNano * shareOfDemand * factor))) }
  }
  const within = (limit: Limit, durations: readonly (string | undefined)[]): Limit => {
    const duration = limit.limitNano === undefined ? undefined : one(durations)
    if (duration === undefined) return limit
    // Several of the short windows pass during a storm; each is to run out by itself.
    const share = duration === '30s' ? 2n : 1n
    return { limitNano: (limit.limitNano ?? 0n) / share, duration }
  }
  const some = <T>(length: number, make: (at: number) => T): T[] => Array.from({ length }, (_, at) => make(at))

  const made = some(
    keys,
    (at): PlannedKey => ({
      ...within(limitOf(1 / keys, [0.3, 0.6, 1, 2, undefined]), [undefined, undefined, '30s', '1d']),
      ...(at < keys * 0.95 ? { team: at % teams } : {}),
      user: upTo(options.shared),
    }),
  )
  const asked = (of: (request: PlannedRequest) => boolean): Rates => {
    const all = requests.filter(of)
    return {
      rpm: Math.ceil(all.length * 0.6),
      tpm: Math.max(2_000, Math.ceil(all.reduce((sum, { maxTokens }) => sum + maxTokens, 0) * 0.6)),
      parallel: Math.max(2, Math.ceil((all.length / count) * options.concurrency * 0.8)),
    }
  }
  const { rpm, tpm, parallel } = { rpm: 'rpm', tpm: 'tpm', parallel: 'parallel' } as const
  const rates = (kind: keyof Rates | undefined, of: (request: PlannedRequest) => boolean): { rates?: Rates } =>
    kind === undefined ? {} : { rates: { [kind]: asked(of)[kind] } as Rates }
  const teamOf = ({ key }: PlannedRequest) => made[key]?.team
  const userOf = ({ key }: PlannedRequest) => made[key]?.user
  const pairs = new Map(
    made.flatMap(({ team, user }) => (team === undefined ? [] : [[`${team}/${user}`, { team, user }]])),
  )

  return {
    options,
    requests,
    organizations: some(organizations, (at) =>
      within(limitOf(1 / organizations, at % 2 === 0 ? [0.5, 0.7] : [3]), [undefined, '30s']),
    ),
    teams: some(teams, (at) => ({
      ...within(limitOf(1 / teams, [0.4, 0.8, 1.5, undefined]), [undefined, undefined, '30s', '1m']),
      ...(at < teams * 0.9 ? { organization: at % organizations } : {}),
      ...rates([undefined, rpm, undefined, tpm, parallel, undefined][at % 6], (one) => teamOf(one) === at),
    })),
    keys: made.map((key, at) => ({
      ...key,
      ...rates([undefined, rpm, undefined, tpm, undefined, parallel, undefined][at % 7], (one) => one.key === at),
      ...(at % 9 === 4 ? { model: within(limitOf(1 / keys, [0.3, 0.7]), [undefined, '30s']) } : {}),
    })),
    users: some(options.shared, (at) => ({
      ...within(limitOf(1 / options.shared, [0.5, 1.2]), [undefined, '1m']),
      ...rates([rpm, undefined, undefined, tpm, parallel][at % 5], (one) => userOf(one) === at),
    })),
    customers: some(options.shared, () => within(limitOf(1 / options.shared, [0.6, 1.2]), [undefined, '30s'])),
    tags: some(options.shared, () => within(limitOf(TAGGED / options.shared, [0.4, 0.8, 1.5]), [undefined, '30s'])),
    members: [...pairs.values()].map((pair) => ({
      ...pair,
      ...within(limitOf(1 / pairs.size, [0.5, 1.2, undefined]), [undefined, '30s']),
    })),
    provider: within(limitOf(1, [0.6]), ['30s']),
    dear: within(limitOf(1, [0.15]), ['30s']),
    chaos: chaosOf(count, { keys, teams, organizations, shared: options.shared, members: pairs.size }, random),
  }
}

function plannedRequests({ requests, keys, isolates, shared }: StormOptions, random: () => number): PlannedRequest[] {
  const upTo = (most: number) => Math.floor(random() * most)
  /** Per key, what a hold is made of: no two alike, so that a hold names its request. */
  const sizes = new Map<number, Set<number>>()
  return Array.from({ length: requests }, (_, n) => {
    // A tenth of the keys ask for a third of everything.
    const key = random() < 0.33 ? upTo(Math.max(1, Math.floor(keys / 10))) : upTo(keys)
    const taken = sizes.get(key) ?? new Set<number>()
    sizes.set(key, taken)
    const maxTokens = 20 + upTo(160)
    let prompt = `Request ${n}. ${'Tell me more. '.repeat(1 + upTo(14))}`
    while (taken.has(prompt.length + 4 * maxTokens)) prompt += '.'
    taken.add(prompt.length + 4 * maxTokens)
    const stream = random() < 0.4
    return {
      n,
      key,
      isolate: upTo(isolates),
      stream,
      prompt,
      maxTokens,
      vendor: vendorPart(random),
      customer: upTo(shared),
      ...(random() < TAGGED ? { tag: upTo(shared) } : {}),
      dear: random() < 0.1,
      ...(random() < 0.05 ? { leavesAfterMs: 5 + upTo(400) } : {}),
    }
  })
}

function vendorPart(random: () => number): VendorPart {
  const outputShare = random() ** 2
  const times = { firstMs: Math.floor(random() * 60), restMs: Math.floor(random() * 250) }
  const dice = random()
  if (dice < 0.02) return { kind: 'refuse', status: dice < 0.008 ? 429 : dice < 0.014 ? 500 : 503 }
  if (dice < 0.03) return { kind: 'drop' }
  if (dice < 0.035) return { kind: 'hang' }
  if (dice < 0.05) return { kind: 'cut', outputShare, ...times }
  if (dice < 0.07) return { kind: 'answer', outputShare, ...times, restMs: 800 + Math.floor(random() * 1_000) }
  return { kind: 'answer', outputShare, ...times }
}

function chaosOf(
  count: number,
  among: { keys: number; teams: number; organizations: number; shared: number; members: number },
  random: () => number,
): Chaos[] {
  const upTo = (most: number) => Math.floor(random() * most)
  const at = (share: number): number => Math.floor(count * (share + 0.02 * random()))
  const shares = (from: number, every: number): number[] => {
    const found: number[] = []
    for (let share = from; share < 0.97; share += every) found.push(share)
    return found
  }
  const { keys: key, teams: team, organizations: organization, shared, members: member } = among
  const limited: Readonly<Record<LimitedKind, number>> = {
    ...{ key, team, organization, member },
    ...{ user: shared, customer: shared, tag: shared },
  }
  const kinds = ['key', 'key', 'team', 'organization', 'user', 'customer', 'tag', 'member'] as const
  const rare = count >= 5_000
  const events: Chaos[] = [
    ...shares(0.12, rare ? 0.15 : 0.4).map((share) => ({ kind: 'evict' as const, atRequest: at(share) })),
    ...(rare ? [0.22, 0.5, 0.75] : [0.4]).map((share) => ({ kind: 'kill' as const, atRequest: at(share) })),
    ...(rare ? [0.33, 0.64] : [0.65]).map((share) => ({
      kind: 'database' as const,
      atRequest: at(share),
      downMs: 1_000 + upTo(1_500),
    })),
    ...(rare ? [0.17, 0.42, 0.7, 0.9] : [0.5, 0.85]).map((share) => ({
      kind: 'replies' as const,
      atRequest: at(share),
      forMs: 1_000 + upTo(1_000),
    })),
    ...shares(0.02, 0.1).map((share) => ({
      kind: 'queue' as const,
      atRequest: at(share),
      delayMs: upTo(4) * 500,
      duplicate: random() * 0.4,
      reorder: random() < 0.7,
    })),
    ...(rare ? [0.3, 0.58, 0.85] : [0.25]).map((share) => ({
      kind: 'refuse' as const,
      atRequest: at(share),
      forMs: 700 + upTo(800),
    })),
    ...shares(0.05, rare ? 0.005 : 0.03).map((share) => {
      const of = kinds[upTo(kinds.length)] ?? 'key'
      return {
        kind: 'limit' as const,
        atRequest: at(share),
        of,
        index: upTo(limited[of]),
        factor: 0.3 + random() * 1.4,
      }
    }),
    ...shares(0.1, rare ? 0.02 : 0.1).map((share) => ({
      kind: 'increase' as const,
      atRequest: at(share),
      key: upTo(among.keys),
      factor: 0.5 + random(),
      forMs: 2_000 + upTo(6_000),
    })),
    ...shares(0.15, rare ? 0.02 : 0.1).map((share) => ({
      kind: 'reset' as const,
      atRequest: at(share),
      key: upTo(among.keys),
    })),
    ...shares(0.07, rare ? 0.03 : 0.4).map((share) => ({
      kind: 'block' as const,
      atRequest: at(share),
      key: upTo(Math.max(1, Math.floor(among.keys / 5))),
      forMs: 7_000 + upTo(4_000),
    })),
  ]
  return events.sort((a, b) => a.atRequest - b.atRequest)
}
