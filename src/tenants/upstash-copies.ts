import type * as z from 'zod'
import type { Clock } from '../clock.ts'
import { type UpstashAccess, upstashClient } from '../db/upstash-client.ts'
import type { Shared } from './cached.ts'
import { copyFromJson, copyToJson, generationFromJson, principal, standing } from './copy-json.ts'
import type { Copies } from './port.ts'

export interface UpstashOptions extends UpstashAccess {
  readonly clock: Clock
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

/** What isolates share. Advisory: a fault is a miss, and one line for the operator. */
export function upstashCopies(options: UpstashOptions): Shared {
  const { clock, warn } = options
  const redis = upstashClient(options)
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
