import type { Bytes } from './bytes.ts'
import { LONGEST_PACKET_SECONDS, opusPacketSeconds } from './opus.ts'

/** Elements by their ids (RFC 9559). */
const MAGIC = 0x1a45dfa3
const CLUSTER = 0x1f43b675
const NESTS: ReadonlySet<number> = new Set([0x18538067, 0x1549a966, 0x1654ae6b, 0xae, CLUSTER, 0xa0])
const TRACK = 0xae
const TRACK_NUMBER = 0xd7
const CODEC = 0x86
const SCALE = 0x2ad7b1
const DURATION = 0x4489
const CLUSTER_TIME = 0xe7
const BLOCK = 0xa1
const SIMPLE_BLOCK = 0xa3
/** The last block says when it begins, not how long it is. */
const LAST_BLOCK_SECONDS = 1

interface Read {
  scaleNs: number
  durationUnits: number
  clusterUnits: number
  track: number
  readonly opus: Set<number>
  opusSeconds: number
  first: number | undefined
  last: number
}

/**
 * WebM and Matroska: the longest of what it says, what the times of its blocks span, and its packets of Opus. Browsers
 * record it without a duration and without the sizes of what they are still writing.
 */
export function webmSeconds(bytes: Bytes): number | undefined {
  if (bytes.big(0, 4) !== MAGIC) return undefined
  const read: Read = {
    scaleNs: 1_000_000,
    durationUnits: 0,
    clusterUnits: 0,
    track: 0,
    opus: new Set(),
    opusSeconds: 0,
    first: undefined,
    last: 0,
  }
  for (let at = 0; at < bytes.length; ) {
    const idLength = Math.clz32(bytes.at(at)) - 23
    if (idLength > 4) {
      at = nextCluster(bytes, at)
      continue
    }
    const id = bytes.big(at, idLength)
    const { value: size, length } = varied(bytes, at + idLength)
    const content = at + idLength + length
    if (NESTS.has(id)) {
      if (id === TRACK) read.track = 0
      at = content
    } else {
      readElement(id, bytes, content, size, read)
      at = content + size
    }
  }
  const perUnit = read.scaleNs / 1_000_000_000
  const spanned = read.first === undefined ? 0 : (read.last - read.first) * perUnit + LAST_BLOCK_SECONDS
  const seconds = Math.max(read.durationUnits * perUnit, spanned, read.opusSeconds)
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}

/** Behind bytes that are no element players look for the next cluster. */
function nextCluster(bytes: Bytes, from: number): number {
  let at = bytes.all.indexOf(0x1f, from)
  while (at !== -1 && bytes.big(at, 4) !== CLUSTER) at = bytes.all.indexOf(0x1f, at + 1)
  return at === -1 ? bytes.length : at
}

function readElement(id: number, bytes: Bytes, at: number, size: number, read: Read): void {
  if (id === SCALE) read.scaleNs = bytes.big(at, Math.min(size, 6)) || read.scaleNs
  else if (id === DURATION) read.durationUnits = floating(bytes, at, size)
  else if (id === TRACK_NUMBER) read.track = bytes.big(at, Math.min(size, 6))
  else if (id === CODEC && bytes.ascii(at, Math.min(size, 6)) === 'A_OPUS') read.opus.add(read.track)
  else if (id === CLUSTER_TIME) read.clusterUnits = bytes.big(at, Math.min(size, 6))
  else if (id === SIMPLE_BLOCK || id === BLOCK) readBlock(bytes, at, read)
}

function readBlock(bytes: Bytes, at: number, read: Read): void {
  const { value: track, length } = varied(bytes, at)
  const relative = (bytes.big(at + length, 2) << 16) >> 16
  const begins = read.clusterUnits + relative
  read.first = Math.min(read.first ?? begins, begins)
  read.last = Math.max(read.last, begins)
  if (!read.opus.has(track)) return
  const laced = (bytes.at(at + length + 2) & 6) !== 0
  read.opusSeconds += laced
    ? (bytes.at(at + length + 3) + 1) * LONGEST_PACKET_SECONDS
    : opusPacketSeconds(bytes, at + length + 3)
}

/** A number that says by its first bits how long it is. One beyond any file is as good as none. */
function varied(bytes: Bytes, at: number): { readonly value: number; readonly length: number } {
  const first = bytes.at(at)
  const length = Math.max(1, Math.clz32(first) - 23)
  return { value: (first & (0xff >> length)) * 256 ** (length - 1) + bytes.big(at + 1, length - 1), length }
}

function floating({ all }: Bytes, at: number, size: number): number {
  if ((size !== 4 && size !== 8) || at + size > all.length) return 0
  const view = new DataView(all.buffer, all.byteOffset + at, size)
  return Math.max(0, size === 4 ? view.getFloat32(0) : view.getFloat64(0)) || 0
}
