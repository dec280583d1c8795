import { v7 } from 'uuid'

/** A UUIDv7: sorts by time, and carries the day of the row it will name. */
export function newId(nowMs: number): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const random = pool.subarray(used, used + ID_BYTES)
  used += ID_BYTES
  return v7({ msecs: nowMs, random })
}

/** Random bytes for the next ids: the runtime's source is asked once for many. Nobody gets the same twice. */
const ID_BYTES = 16
const pool = new Uint8Array(64 * ID_BYTES)
let used = pool.length

/** The moment written into a UUIDv7, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The UTC day a UUIDv7 belongs to, as `YYYY-MM-DD`: the partition of its spend row. */
export function dayOfId(id: string): string {
  return new Date(timeOfId(id)).toISOString().slice(0, 10)
}
