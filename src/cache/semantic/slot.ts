/**
 * One of `most` drawers for an id, always the same: what two ids share a drawer with, the later one keeps. So a store
 * that forgets nothing by itself never holds more than `most` entries of an owner, and nobody has to count.
 */
export function slotOf(place: string, id: string, most: number): number {
  let hash = 0x811c9dc5
  for (const char of `${place}\n${id}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return (hash >>> 0) % most
}

/** The drawer as a UUID, for stores whose ids are UUIDs; `owner` is a SHA-256 in hex. */
export function slotUuid(owner: string, slot: number): string {
  const hex = owner.slice(0, 24) + slot.toString(16).padStart(8, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}
