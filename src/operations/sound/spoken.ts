import { audioSeconds } from './seconds.ts'

const lengths = new WeakMap<object, number | null>()

/**
 * How long the sound of a chat's `input_audio` lasts at the most; undefined where nobody here can read it. Decoded once for
 * each part, however many deployments are asked what it may cost.
 */
export function spokenSeconds(part: object, data: string): number | undefined {
  const known = lengths.get(part)
  if (known !== undefined) return known ?? undefined
  const bytes = decoded(data)
  const seconds = bytes && audioSeconds(bytes)
  lengths.set(part, seconds ?? null)
  return seconds
}

/** Strict, since who skips what is no base64 would read another sound than we do. */
function decoded(data: string): Uint8Array | undefined {
  const start = data.startsWith('data:') ? data.indexOf(',') + 1 : 0
  let binary: string
  try {
    binary = atob(start === 0 ? data : data.slice(start))
  } catch {
    return undefined
  }
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}
