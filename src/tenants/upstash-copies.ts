import { Redis } from '@upstash/redis/cloudflare'
import type * as z from 'zod'
import type { Clock } from '../clock.ts'
import type { Shared } from './cached.ts'
import { copyFromJson, copyToJson, generationFromJson, principal, standing } from './copy-json.ts'
import type { Copies } from './port.ts'

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

/** The numbers grow when what lies there changes its meaning. */
const PRINCIPALS = 'tollgate:principal:3:'
const STANDINGS = 'tollgate:standing:2:'
const GENERATION = 'tollgate:generation:1'
/** Nobody believes an older one. */
const GENERATION_MS = 10_000

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

/** What isolates share. Advisory: a fault is a miss, and one line for the operator. */
export function upstashCopies(options: UpstashOptions): Shared {
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

  const read = async (name: string) => {
    const text = await attempt('get', () => redis.get<string>(name))
    return typeof text === 'string' ? text : undefined
  }
  const write = async (name: string, text: string, ttlMs: number) => {
    await attempt('set', () => redis.set(name, text, { px: Math.max(1, Math.floor(ttlMs)) }))
  }

  const copies = <T>(prefix: string, value: z.ZodType<T>): Copies<T> => ({
    async get(name) {
      const text = await read(prefix + name)
      return text === undefined ? undefined : copyFromJson(value, text)
    },
    put: (name, copy, ttlMs) => write(prefix + name, copyToJson(copy), ttlMs),
  })

  return {
    principals: copies(PRINCIPALS, principal),
    standings: copies(STANDINGS, standing),
    generation: {
      async get() {
        const text = await read(GENERATION)
        return text === undefined ? undefined : generationFromJson(text)
      },
      put: (known) => write(GENERATION, JSON.stringify(known), GENERATION_MS),
    },
  }
}
