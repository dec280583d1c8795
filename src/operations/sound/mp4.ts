import type { Bytes } from './bytes.ts'

/** Boxes that hold boxes. */
const NESTS: ReadonlySet<string> = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf'])
const FIRST: ReadonlySet<string> = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'styp', 'moof', 'pnot'])
const AAC_SAMPLES = 1_024

interface Track {
  timescale: number
  /** In units of its timescale: as it says itself, as its samples add up, and as those of its fragments do. */
  declared: number
  summed: number
  fragments: number
  samples: number
  /** For AAC, which is as long as its samples are many. */
  aacRate: number
}

interface Read {
  movieSeconds: number
  readonly tracks: Map<number, Track>
  /** What a sample of a fragment is that says nothing of itself, by track. */
  readonly defaults: Map<number, number>
  track: Track
  /** Of the fragment that is being read. */
  sampleUnits: number
}

const newTrack = (): Track => ({ timescale: 0, declared: 0, summed: 0, fragments: 0, samples: 0, aacRate: 0 })

/** MP4, M4A and QuickTime: the longest of what its movie, its tracks and their samples say. */
export function mp4Seconds(bytes: Bytes): number | undefined {
  if (!FIRST.has(bytes.ascii(4, 4))) return undefined
  const read: Read = {
    movieSeconds: 0,
    tracks: new Map(),
    defaults: new Map(),
    track: newTrack(),
    sampleUnits: 0,
  }
  readBoxes(bytes, 0, bytes.length, read)
  let seconds = read.movieSeconds
  for (const { timescale, declared, summed, fragments, samples, aacRate } of read.tracks.values()) {
    if (timescale === 0) continue
    seconds = Math.max(seconds, Math.max(declared, summed + fragments) / timescale)
    if (aacRate > 0) seconds = Math.max(seconds, (samples * AAC_SAMPLES) / aacRate)
  }
  return seconds > 0 ? seconds : undefined
}

/** One after the other, into those that hold more: nothing has to be remembered of where one ends. */
function readBoxes(bytes: Bytes, start: number, end: number, read: Read): void {
  for (let at = start; at + 8 <= end; ) {
    const name = bytes.ascii(at + 4, 4)
    const short = bytes.big(at, 4)
    const head = short === 1 ? 16 : 8
    const size = short === 1 ? bytes.big(at + 8, 4) * 2 ** 32 + bytes.big(at + 12, 4) : short
    const next = size === 0 ? end : at + Math.max(size, head)
    if (name === 'trak') read.track = newTrack()
    if (NESTS.has(name)) at += head
    else {
      readBox(name, bytes, at + head, Math.min(next, end), read)
      at = next
    }
  }
}

function readBox(name: string, bytes: Bytes, at: number, end: number, read: Read): void {
  const { track } = read
  const wide = bytes.at(at) === 1
  if (name === 'mvhd') {
    const { timescale, duration } = times(bytes, at, wide)
    if (timescale > 0) read.movieSeconds = duration / timescale
  } else if (name === 'tkhd') read.tracks.set(bytes.big(at + (wide ? 20 : 12), 4), track)
  else if (name === 'mdhd') {
    const { timescale, duration } = times(bytes, at, wide)
    track.timescale = timescale
    track.declared = duration
  } else if (name === 'stsd') track.aacRate = aacRateOf(bytes, at + 8, track.timescale)
  else if (name === 'stsz' || name === 'stz2') track.samples += bytes.big(at + 8, 4)
  else if (name === 'stts') track.summed += summedUnits(bytes, at + 8, end)
  else if (name === 'trex') read.defaults.set(bytes.big(at + 4, 4), bytes.big(at + 12, 4))
  else if (name === 'tfhd') readFragment(bytes, at, read)
  else if (name === 'trun') readRun(bytes, at, end, read)
}

/** `mvhd` and `mdhd`. All bits are set for what nobody knows yet. */
function times(bytes: Bytes, at: number, wide: boolean): { readonly timescale: number; readonly duration: number } {
  const timescale = bytes.big(at + (wide ? 20 : 12), 4)
  const high = wide ? bytes.big(at + 24, 4) : 0
  const low = bytes.big(at + (wide ? 28 : 16), 4)
  const unknown = low === 0xffff_ffff && (!wide || high === 0xffff_ffff)
  return { timescale, duration: unknown ? 0 : high * 2 ** 32 + low }
}

/** Of the first kind of samples that a track has; rates that the field is too small for are the timescale. */
function aacRateOf(bytes: Bytes, entry: number, timescale: number): number {
  if (bytes.ascii(entry + 4, 4) !== 'mp4a') return 0
  return bytes.big(entry + 32, 2) || timescale
}

/** How many samples there are of each length. */
function summedUnits(bytes: Bytes, start: number, end: number): number {
  let sum = 0
  for (let at = start; at + 8 <= end && at < bytes.length; at += 8) sum += bytes.big(at, 4) * bytes.big(at + 4, 4)
  return sum
}

function readFragment(bytes: Bytes, at: number, read: Read): void {
  const flags = bytes.big(at + 1, 3)
  const id = bytes.big(at + 4, 4)
  read.track = read.tracks.get(id) ?? newTrack()
  const told = at + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0)
  read.sampleUnits = flags & 8 ? bytes.big(told, 4) : (read.defaults.get(id) ?? 0)
}

function readRun(bytes: Bytes, at: number, end: number, { track, sampleUnits }: Read): void {
  const flags = bytes.big(at + 1, 3)
  const count = bytes.big(at + 4, 4)
  track.samples += count
  if ((flags & 0x100) === 0) {
    track.fragments += count * sampleUnits
    return
  }
  const each = [0x100, 0x200, 0x400, 0x800].reduce((size, flag) => size + (flags & flag ? 4 : 0), 0)
  const first = at + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0)
  for (let place = first, i = 0; i < count && place + each <= end; place += each, i++)
    track.fragments += bytes.big(place, 4)
}
