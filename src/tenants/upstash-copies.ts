import { Redis } from '@upstash/redis/cloudflare'
import type { Clock } from '../clock.ts'
import type { Copies } from './port.ts'
import { principalFromJson, principalToJson } from './principal-json.ts'

export interface UpstashOptions {
  readonly url: string
  readonly token: string
  readonly clock: Clock
  /** A look-up that takes longer is a miss. */
  readonly timeoutMs?: number
  /** One line for the operator; never the command, which Upstash's messages carry. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** After a fault Redis is left alone this long, so that an outage costs one deadline a second and not one a request. */
const PAUSE_MS = 1_000

const nameOf = (keyHash: string) => `tollgate:principal:1:${keyHash}`

/** The client as the gateway uses it: one try, a deadline for each call, strings as they are. */
export function redisClient({
  url,
  token,
  timeoutMs = 250,
}: Pick<UpstashOptions, 'url' | 'token' | 'timeoutMs'>): Redis {
  return new Redis({
    url,
    token,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(timeoutMs),
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
  })
}

export function upstashCopies(options: UpstashOptions): Copies {
  const { clock, warn } = options
  const redis = redisClient(options)
  let pausedUntilMs = 0

  async function attempt<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    if (clock() < pausedUntilMs) return undefined
    try {
      return await call()
    } catch (error) {
      pausedUntilMs = clock() + PAUSE_MS
      warn('redis did not answer', { what, error: error instanceof Error ? error.name : typeof error })
      return undefined
    }
  }

  return {
    async get(keyHash) {
      const text = await attempt('get', () => redis.get<string>(nameOf(keyHash)))
      const copy = typeof text === 'string' ? principalFromJson(text) : undefined
      return copy?.keyHash === keyHash ? copy : undefined
    },
    async put(principal, ttlMs) {
      const px = Math.max(1, Math.floor(ttlMs))
      await attempt('set', () => redis.set(nameOf(principal.keyHash), principalToJson(principal), { px }))
    },
    async drop(keyHashes) {
      await attempt('del', () => redis.del(...keyHashes.map(nameOf)))
    },
  }
}
