/** Counts uses of a name and says whether one more is allowed. A rough fence against floods, never a customer's limit. */
export interface Guard {
  readonly periodMs: number
  allows(name: string, nowMs: number): Promise<boolean>
}

/** As Cloudflare's Rate Limiting binding looks from here. */
export interface RateLimitBinding {
  limit(options: { key: string }): Promise<{ success: boolean }>
}

export interface GuardLimit {
  readonly limit: number
  readonly periodMs: number
}

/** Against key guessing: 100 a minute for each address, counted only for keys that were not found. */
export const GUESS: GuardLimit = { limit: 100, periodMs: 60_000 }
/** Against floods: 60,000 a minute for each key. */
export const FLOOD: GuardLimit = { limit: 60_000, periodMs: 60_000 }

/** The binding where there is one, whose own limit then holds; a counter in this isolate elsewhere. */
export function guardOf(binding: RateLimitBinding | undefined, limit: GuardLimit): Guard {
  return binding ? bindingGuard(binding, limit) : isolateGuard(limit)
}

function bindingGuard(binding: RateLimitBinding, { periodMs }: GuardLimit): Guard {
  return {
    periodMs,
    async allows(name) {
      try {
        return (await binding.limit({ key: name })).success
      } catch {
        return true // A fence that is down keeps nobody out.
      }
    },
  }
}

/** Fixed minutes, at most `maxNames` of them: when full, all counts begin again. */
export function isolateGuard({ limit, periodMs }: GuardLimit, maxNames = 10_000): Guard {
  const counts = new Map<string, number>()
  let periodStartMs = 0
  return {
    periodMs,
    allows(name, nowMs) {
      const startMs = nowMs - (nowMs % periodMs)
      if (startMs !== periodStartMs || counts.size >= maxNames) {
        counts.clear()
        periodStartMs = startMs
      }
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return Promise.resolve(count <= limit)
    },
  }
}

/** Addresses that are barred from presenting new keys for a while. Bounded: the oldest bar is lifted first. */
export interface Bars {
  has(name: string, nowMs: number): boolean
  add(name: string, untilMs: number): void
}

export function bars(maxNames = 10_000): Bars {
  const untilByName = new Map<string, number>()
  return {
    has: (name, nowMs) => (untilByName.get(name) ?? 0) > nowMs,
    add(name, untilMs) {
      untilByName.delete(name)
      untilByName.set(name, untilMs)
      if (untilByName.size <= maxNames) return
      for (const oldest of untilByName.keys()) {
        untilByName.delete(oldest)
        break
      }
    },
  }
}

/** Whom guesses are counted for: the address, or the /64 network of an IPv6 address, which is one customer's. */
export function addressOf(headers: Headers): string {
  const address = headers.get('cf-connecting-ip')?.trim().toLowerCase()
  if (!address) return 'unknown'
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}
