import type { Bucket } from './sliding-window.ts'

/**
 * How many run at the same time, as one pair: the second by which the last of them must have ended, and their number. It
 * may be forgotten after that second.
 */
export type Slots = readonly Bucket[]

export function running(slots: Slots): number {
  return slots[0]?.[1] ?? 0
}

export function enter(slots: Slots, endsByMs: number): Slots {
  const [lastSecond, count] = slots[0] ?? [0, 0]
  return [[Math.max(lastSecond, Math.ceil(endsByMs / 1000)), count + 1]]
}

export function leave(slots: Slots): Slots {
  return slots.map(([lastSecond, count]): Bucket => [lastSecond, Math.max(0, count - 1)])
}
