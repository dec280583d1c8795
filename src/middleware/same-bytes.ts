type TimingSafeEqual = (a: Uint8Array, b: Uint8Array) => boolean

/** Equal or not, in a time that does not tell where they differ. Both are digests, so their length is no secret. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  const subtle: typeof crypto.subtle & { timingSafeEqual?: TimingSafeEqual } = crypto.subtle
  if (subtle.timingSafeEqual) return subtle.timingSafeEqual(a, b)
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}
