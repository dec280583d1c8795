import type { Bytes } from './bytes.ts'

const HEAD = 12
/** Bytes of a sample, where the kind of AIFC says it; the others that are known go by their bits. */
const SAMPLE: Readonly<Record<string, number>> = {
  'raw ': 1,
  alaw: 1,
  ALAW: 1,
  ulaw: 1,
  ULAW: 1,
  fl32: 4,
  FL32: 4,
  fl64: 8,
  FL64: 8,
}
const BY_BITS: ReadonlySet<string> = new Set(['NONE', 'twos', 'sowt', 'in24', 'in32'])
const MOST_RATE = 1_000_000

/** AIFF, and AIFC that is not packed. What follows the head of its sound counts, whatever size that says. */
export function aiffSeconds(bytes: Bytes): number | undefined {
  const kind = bytes.ascii(8, 4)
  if (bytes.ascii(0, 4) !== 'FORM' || (kind !== 'AIFF' && kind !== 'AIFC')) return undefined
  let perSecond = 0
  for (let at = HEAD; at + 8 <= bytes.length; ) {
    const size = bytes.big(at + 4, 4)
    const name = bytes.ascii(at, 4)
    if (name === 'COMM') perSecond = bytesPerSecond(bytes, at + 8, kind === 'AIFC')
    if (name === 'SSND')
      return perSecond > 0 && bytes.length > at + 16 ? (bytes.length - at - 16) / perSecond : undefined
    at += 8 + size + (size % 2)
  }
  return undefined
}

function bytesPerSecond(bytes: Bytes, at: number, packs: boolean): number {
  const channels = bytes.big(at, 2)
  const packing = packs ? bytes.ascii(at + 18, 4) : 'NONE'
  const sample = SAMPLE[packing] ?? (BY_BITS.has(packing) ? Math.ceil(bytes.big(at + 6, 2) / 8) : 0)
  const rate = Math.floor(extended(bytes, at + 8))
  return rate > 0 && rate <= MOST_RATE ? rate * channels * sample : 0
}

/** A float of 80 bits, whose mantissa says its first bit itself. */
function extended(bytes: Bytes, at: number): number {
  return (bytes.big(at + 2, 4) * 2 ** 32 + bytes.big(at + 6, 4)) * 2 ** (bytes.big(at, 2) - 16_446)
}
