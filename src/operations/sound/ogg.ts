import type { Bytes } from './bytes.ts'
import { flacLength } from './flac.ts'
import { opusPacketSeconds } from './opus.ts'

/** `OggS`. */
const PAGE = 0x4f676753
const HEAD = 27
/** The `version, type` bits of a page. */
const CONTINUED = 1
const FIRST = 2

/** One of the streams in a file, as far as it has been read. */
interface Stream {
  /** The most that a packet of sound is; undefined for what is no sound that is known. */
  readonly packetSeconds: ((at: number) => number) | undefined
  readonly rate: number
  /** Packets that come before the sound. */
  headers: number
  seconds: number
  /** The first position that was told, and the sound until then. */
  first: { readonly position: number; readonly seconds: number } | undefined
  last: number
}

/**
 * Ogg: Opus, Vorbis, Speex and FLAC, one after another too. By its packets, each for the most that it can be, and by the
 * positions of its pages where those are further apart.
 */
export function oggSeconds(bytes: Bytes): number | undefined {
  if (bytes.big(0, 4) !== PAGE) return undefined
  const open = new Map<number, Stream>()
  const all: Stream[] = []
  let flac: number | undefined
  for (let at = 0; at !== -1 && at + HEAD <= bytes.length; at = nextPage(bytes, at)) {
    const serial = bytes.little(at + 14, 4)
    const body = at + HEAD + bytes.at(at + 26)
    if (bytes.at(at + 5) & FIRST) {
      const stream = streamOf(bytes, body)
      if (bytes.ascii(body + 1, 4) === 'FLAC') flac ??= flacLength(bytes, body + 17)
      open.set(serial, stream)
      all.push(stream)
    }
    const stream = open.get(serial)
    if (stream?.packetSeconds) readPage(bytes, at, stream, stream.packetSeconds)
  }
  const seconds = all.reduce((sum, stream) => sum + lengthOf(stream), flac ?? 0)
  return seconds > 0 ? seconds : undefined
}

function lengthOf({ seconds, first, last, rate }: Stream): number {
  return first ? Math.max(seconds, first.seconds + (last - first.position) / rate) : seconds
}

function readPage(bytes: Bytes, at: number, stream: Stream, packetSeconds: (at: number) => number): void {
  const segments = bytes.at(at + 26)
  let place = at + HEAD + segments
  let begins = (bytes.at(at + 5) & CONTINUED) === 0
  for (let i = 0; i < segments; i++) {
    const size = bytes.at(at + HEAD + i)
    if (begins && stream.headers > 0) stream.headers -= 1
    else if (begins && size > 0 && place < bytes.length) stream.seconds += packetSeconds(place)
    begins = size < 255
    place += size
  }
  // All bits are set where no packet ends on the page.
  if (stream.headers > 0 || bytes.at(at + 13) >= 0x80 || stream.seconds === 0) return
  const position = bytes.little(at + 6, 6) + bytes.little(at + 12, 2) * 2 ** 48
  stream.first ??= { position, seconds: stream.seconds }
  stream.last = Math.max(stream.last, position)
}

function nextPage(bytes: Bytes, at: number): number {
  const segments = bytes.at(at + 26)
  let end = at + HEAD + segments
  for (let i = 0; i < segments; i++) end += bytes.at(at + HEAD + i)
  while (end !== -1 && end < bytes.length && bytes.big(end, 4) !== PAGE) end = bytes.all.indexOf(0x4f, end + 1)
  return end
}

function streamOf(bytes: Bytes, at: number): Stream {
  const nothingYet = { seconds: 0, first: undefined, last: 0 }
  if (bytes.ascii(at, 8) === 'OpusHead')
    return { ...nothingYet, packetSeconds: (place) => opusPacketSeconds(bytes, place), rate: 48_000, headers: 2 }
  if (bytes.ascii(at, 7) === '\x01vorbis') {
    const rate = bytes.little(at + 12, 4)
    const samples = 2 ** (bytes.at(at + 28) >> 4) / 2
    return { ...nothingYet, ...evenly(samples, rate), headers: 3 }
  }
  if (bytes.ascii(at, 8) === 'Speex   ') {
    const samples = bytes.little(at + 56, 4) * Math.max(1, bytes.little(at + 64, 4))
    return { ...nothingYet, ...evenly(samples, bytes.little(at + 36, 4)), headers: 2 + bytes.little(at + 68, 4) }
  }
  return { ...nothingYet, packetSeconds: undefined, rate: 1, headers: 0 }
}

function evenly(samples: number, rate: number): Pick<Stream, 'packetSeconds' | 'rate'> {
  return rate > 0 ? { packetSeconds: () => samples / rate, rate } : { packetSeconds: undefined, rate: 1 }
}
