import type { Bytes } from './bytes.ts'

/** Where the sound begins behind the tags that players put before it. */
export function afterTags(bytes: Bytes): number {
  let at = 0
  while (bytes.ascii(at, 3) === 'ID3') {
    // Seven bits of each byte.
    const size = [6, 7, 8, 9].reduce((sum, place) => sum * 128 + (bytes.at(at + place) & 127), 0)
    at += 10 + size + (bytes.at(at + 5) & 0x10 ? 10 : 0)
  }
  return at
}
