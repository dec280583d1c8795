import type { Routable } from './strategy.ts'

/** Busier than this many times its share by weight, a deployment is passed by: what it has cached is not worth the queue. */
const BUSY = 1.5
/** With so little in flight nobody is busy. */
const IDLE = 4

/**
 * The same candidates with the one in front that belongs to `key` (a session, a long prompt's beginning). Every isolate
 * finds the same one without asking anybody, by rendezvous hashing; where it is busy or not well, the key's next one, and
 * when a deployment comes or goes only its own keys move. Weights hold. The others stay in their order. Give it
 * those of one tier that can be asked now.
 */
export function keptTogether<T extends Routable>(candidates: readonly T[], key: string): readonly T[] {
  if (candidates.length < 2) return candidates
  let inFlight = 0
  for (const { state } of candidates) inFlight += state.inFlight
  const keyed = hashText(key)
  const average = averageWeight(candidates)
  const fairShare = average > 0 ? inFlight / candidates.length / average : 0
  let chosen: T | undefined
  let highest = 0
  for (const candidate of candidates) {
    const { id, state, weight = average } = candidate
    if (state.circuit !== 'closed' || state.inFlight > Math.max(IDLE, BUSY * fairShare * weight)) continue
    // An even number between 0 and 1 becomes one that wins as often as its weight says.
    const score = -weight / Math.log((hashText(id, keyed) + 0.5) / 2 ** 32)
    if (score > highest) {
      highest = score
      chosen = candidate
    }
  }
  if (chosen === undefined || chosen === candidates[0]) return candidates
  return [chosen, ...candidates.filter((one) => one !== chosen)]
}

/** As `simple-shuffle` has it: who lacks a weight counts as average, and where nobody has one, all are alike. */
function averageWeight(candidates: readonly Routable[]): number {
  let sum = 0
  let given = 0
  for (const { weight } of candidates) {
    if (weight === undefined) continue
    sum += weight
    given += 1
  }
  return given === 0 ? 1 : sum / given
}

/** A number below 2^32 of a text, evenly spread, the same everywhere (FNV-1a, then mixed as MurmurHash3 ends). */
export function hashText(text: string, from = 0x811c9dc5): number {
  let hash = from
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
