import type { Bytes } from './bytes.ts'

const HEAD = 12
const EXTENSIBLE = 0xfffe
/** PCM, floats, A-law and µ-law: as many bytes for every sample. */
const PLAIN: ReadonlySet<number> = new Set([1, 3, 6, 7])

/** RIFF WAVE. What follows the head of its data counts, whatever size that says: recorders leave it at 0 or at the most. */
export function wavSeconds(bytes: Bytes): number | undefined {
  if (!['RIFF', 'RF64', 'BW64'].includes(bytes.ascii(0, 4)) || bytes.ascii(8, 4) !== 'WAVE') return undefined
  let perSecond = 0
  for (let at = HEAD; at + 8 <= bytes.length; ) {
    const size = bytes.little(at + 4, 4)
    const name = bytes.ascii(at, 4)
    if (name === 'fmt ') perSecond = bytesPerSecond(bytes, at + 8)
    if (name === 'data') return perSecond > 0 ? (bytes.length - at - 8) / perSecond : undefined
    at += 8 + size + (size % 2)
  }
  return undefined
}

/** Not by the field of that name, which nobody plays by. */
function bytesPerSecond(bytes: Bytes, at: number): number {
  const written = bytes.little(at, 2)
  const format = written === EXTENSIBLE ? bytes.little(at + 24, 2) : written
  if (!PLAIN.has(format)) return 0
  const channels = bytes.little(at + 2, 2)
  return bytes.little(at + 4, 4) * channels * Math.ceil(bytes.little(at + 14, 2) / 8)
}
