import { type UpstashAccess, upstashClient } from '../db/upstash-client.ts'
import type { SharedEntries } from './port.ts'

export interface UpstashCacheOptions extends Required<UpstashAccess> {
  readonly newMark: () => string
}

/** The number grows when what lies there changes its meaning. */
const PREFIX = 'tollgate:cache:1:'
const EPOCH = `${PREFIX}epoch`
const DELETIONS = `${PREFIX}deletions`
const COUNTS = `${PREFIX}counts`
/** Values of one command: a request of Upstash's may have 10 MB. */
const MOST_AT_ONCE = 64

/** Nobody waits for a write, and a long answer takes longer on its way there than a look-up may. */
const WRITE_TIMEOUT_MS = 2_000

const keyOf = (hash: string) => `${PREFIX}e:${hash}`

/** Entries in Upstash: one try, a deadline for each call, texts as they are. */
export function upstashEntries({ url, token, timeoutMs, newMark }: UpstashCacheOptions): SharedEntries {
  const redis = upstashClient({ url, token, timeoutMs })
  const writing = upstashClient({ url, token, timeoutMs: Math.max(timeoutMs, WRITE_TIMEOUT_MS) })
  const mark = (value: unknown) => (typeof value === 'string' ? value : '')

  async function readSome(hashes: readonly string[]) {
    const [epoch, deletions, ...texts] = await redis.mget<(string | null)[]>(EPOCH, DELETIONS, ...hashes.map(keyOf))
    return {
      marks: { epoch: mark(epoch), deletions: mark(deletions) },
      texts: texts.map((text) => (typeof text === 'string' ? text : undefined)),
    }
  }

  return {
    async read(hashes) {
      const first = await readSome(hashes.slice(0, MOST_AT_ONCE))
      const rest: string[][] = []
      for (let at = MOST_AT_ONCE; at < hashes.length; at += MOST_AT_ONCE) rest.push(hashes.slice(at, at + MOST_AT_ONCE))
      // After the marks, never beside them: a text from before a deletion must not lie under the mark of after it.
      const more = await Promise.all(rest.map(readSome))
      return { marks: first.marks, texts: [first, ...more].flatMap(({ texts }) => texts) }
    },
    async write(entries) {
      for (let at = 0; at < entries.length; at += MOST_AT_ONCE) {
        const pipeline = writing.pipeline()
        for (const { hash, text, ttlMs } of entries.slice(at, at + MOST_AT_ONCE))
          pipeline.set(keyOf(hash), text, { px: Math.max(1, Math.floor(ttlMs)) })
        await pipeline.exec()
      }
    },
    /** The entries go first: who reads the new mark cannot have read what went. */
    async forget(hashes) {
      const pipeline = writing.pipeline()
      if (hashes.length > 0) pipeline.del(...hashes.map(keyOf))
      pipeline.set(DELETIONS, newMark())
      const [gone] = await pipeline.exec<unknown[]>()
      return typeof gone === 'number' ? gone : 0
    },
    async flush() {
      const pipeline = writing.pipeline()
      pipeline.set(EPOCH, newMark())
      pipeline.del(COUNTS)
      await pipeline.exec()
    },
    async ping() {
      await redis.ping()
    },
    async count(amounts) {
      const pipeline = redis.pipeline()
      for (const [name, amount] of Object.entries(amounts)) pipeline.hincrby(COUNTS, name, amount)
      await pipeline.exec()
    },
    async counted() {
      // Without deserialization the client hands the reply on as it comes: names and values in turn.
      const reply: unknown = await redis.hgetall(COUNTS)
      const flat: readonly unknown[] = Array.isArray(reply) ? reply : Object.entries(reply ?? {}).flat()
      const counts: Record<string, number> = {}
      for (let at = 0; at + 1 < flat.length; at += 2) counts[String(flat[at])] = Number(flat[at + 1])
      return counts
    },
  }
}
