import { v7 } from 'uuid'

/** A UUIDv7: sorts by time, and carries the day of the row it will name. */
export function newId(nowMs: number): string {
  return v7({ msecs: nowMs })
}

/** The moment written into a UUIDv7, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The UTC day a UUIDv7 belongs to, as `YYYY-MM-DD`: the partition of its spend row. */
export function dayOfId(id: string): string {
  return new Date(timeOfId(id)).toISOString().slice(0, 10)
}
