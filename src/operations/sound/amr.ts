import type { Bytes } from './bytes.ts'

/** What a frame of each type takes, its head included (RFC 4867 §5.3); types that nobody uses are a head alone. */
const NARROW = [13, 14, 16, 18, 20, 21, 27, 32, 6]
const WIDE = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6]
const SECONDS_PER_FRAME = 0.02

/** AMR and AMR-WB of one channel: every frame is twenty milliseconds, also of silence, which is a byte. */
export function amrSeconds(bytes: Bytes): number | undefined {
  const wide = bytes.ascii(0, 9) === '#!AMR-WB\n'
  if (!wide && bytes.ascii(0, 6) !== '#!AMR\n') return undefined
  const sizes = wide ? WIDE : NARROW
  let frames = 0
  for (let at = wide ? 9 : 6; at < bytes.length; at += sizes[(bytes.at(at) >> 3) & 15] ?? 1) frames += 1
  return frames > 0 ? frames * SECONDS_PER_FRAME : undefined
}
