import { aiffSeconds } from './aiff.ts'
import { amrSeconds } from './amr.ts'
import { bytesOf } from './bytes.ts'
import { flacSeconds } from './flac.ts'
import { mp4Seconds } from './mp4.ts'
import { mpegSeconds } from './mpeg.ts'
import { oggSeconds } from './ogg.ts'
import { wavSeconds } from './wav.ts'
import { webmSeconds } from './webm.ts'

/** Those with a name at their beginning before the one that is known by its frames. */
const KINDS = [wavSeconds, flacSeconds, oggSeconds, mp4Seconds, webmSeconds, aiffSeconds, amrSeconds, mpegSeconds]

/**
 * The most that a file of sound lasts. Heads are not believed where the sound itself says more. Undefined for a file of
 * another kind, and for one whose sound is not found.
 */
export function audioSeconds(bytes: Uint8Array): number | undefined {
  const file = bytesOf(bytes)
  for (const secondsOf of KINDS) {
    const seconds = secondsOf(file)
    if (seconds !== undefined) return seconds
  }
  return undefined
}
