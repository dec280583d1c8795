/** Files of sound as encoders write them, with no more in them than tells how long they are. */

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0))
const big = (value: number, size: number) =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256)
const little = (value: number, size: number) => big(value, size).reverse()

export function wav(rate: number, samples: number, saidBytes = samples * 2): Uint8Array {
  const format = [...little(1, 2), ...little(1, 2), ...little(rate, 4), ...little(rate * 2, 4), 2, 0, 16, 0]
  const head = [...ascii('RIFF'), ...little(36 + saidBytes, 4), ...ascii('WAVEfmt '), ...little(16, 4), ...format]
  return new Uint8Array([...head, ...ascii('data'), ...little(saidBytes, 4), ...new Array<number>(samples * 2).fill(0)])
}

/** The rate is a float of 80 bits. `packing` makes it AIFC. */
export function aiff(rate: number, samples: number, packing = ''): Uint8Array {
  const exponent = Math.floor(Math.log2(rate))
  const float = [...big(16_383 + exponent, 2), ...big(rate * 2 ** (31 - exponent), 4), ...big(0, 4)]
  const common = [...big(1, 2), ...big(samples, 4), ...big(16, 2), ...float, ...ascii(packing)]
  const bytes = samples * (packing === 'ulaw' ? 1 : 2)
  const head = [...ascii(`FORM`), ...big(30 + common.length + bytes, 4), ...ascii(packing === '' ? 'AIFF' : 'AIFC')]
  const sound = [...ascii('SSND'), ...big(8 + bytes, 4), ...big(0, 8), ...new Array<number>(bytes).fill(0)]
  return new Uint8Array([...head, ...ascii('COMM'), ...big(common.length, 4), ...common, ...sound])
}

/** Speech of 12.2 kbit/s (AMR) or 6.6 (AMR-WB), and after each frame one of silence. */
export function amr(frames: number, wide = false): Uint8Array {
  const speech = wide ? [0x04, ...new Array<number>(17).fill(1)] : [0x3c, ...new Array<number>(31).fill(1)]
  const sound = Array.from({ length: frames }, () => [...speech, 0x7c])
  return new Uint8Array([...ascii(wide ? '#!AMR-WB\n' : '#!AMR\n'), ...sound.flat()])
}

function crc8(bytes: readonly number[]): number {
  return bytes.reduce((crc, byte) => {
    let next = crc ^ byte
    for (let bit = 0; bit < 8; bit++) next = next & 0x80 ? ((next << 1) ^ 0x07) & 0xff : next << 1
    return next
  }, 0)
}

/** Silence: every frame is one constant. `declared` is what the head says of all samples. */
export function flac(rate: number, frames: number, samples: number, declared: number): Uint8Array {
  const info = [...big(samples, 2), ...big(samples, 2), ...big(0, 6), rate >> 12, (rate >> 4) & 255, (rate & 15) << 4]
  info.push(0xf0 | Math.floor(declared / 2 ** 32), ...big(declared % 2 ** 32, 4), ...big(0, 16))
  const sound = Array.from({ length: frames }, (_, i) => {
    const number = i < 128 ? [i] : [0xc0 | (i >> 6), 0x80 | (i & 63)]
    const head = [0xff, 0xf8, 0x70, 0x08, ...number, ...big(samples - 1, 2)]
    return [...head, crc8(head), 0, 0, 0, 0, 0]
  })
  return new Uint8Array([...ascii('fLaC'), 0x80, ...big(34, 3), ...info, ...sound.flat()])
}

function page(serial: number, flags: number, position: number, packets: readonly (readonly number[])[]): number[] {
  const sizes = packets.flatMap(({ length }) => [
    ...new Array<number>(Math.floor(length / 255)).fill(255),
    length % 255,
  ])
  const head = [...ascii('OggS'), 0, flags, ...little(position, 8), ...little(serial, 4), ...little(0, 8)]
  return [...head, sizes.length, ...sizes, ...packets.flat()]
}

/** Packets of `head` alone, each 20 ms of CELT by itself. */
export function opus(packets: number, pages: number, position = 960): Uint8Array {
  const opening = [
    ...page(7, 2, 0, [[...ascii('OpusHead'), 1, 1, 0, 0, ...little(48_000, 4), 0, 0, 0]]),
    ...page(7, 0, 0, [[...ascii('OpusTags'), ...little(0, 8)]]),
  ]
  const sound = Array.from({ length: pages }, (_, i) =>
    page(7, 0, (i + 1) * packets * position, new Array<number[]>(packets).fill([0xf8, 0xff])),
  )
  return new Uint8Array([...opening, ...sound.flat()])
}

export function vorbis(rate: number, packets: number): Uint8Array {
  const first = [1, ...ascii('vorbis'), 0, 0, 0, 0, 1, ...little(rate, 4), ...new Array<number>(12).fill(0), 0xb8, 1]
  const headers = page(9, 0, 0, [
    [3, ...ascii('vorbis')],
    [5, ...ascii('vorbis')],
  ])
  const sound = page(9, 4, packets * 1_024, new Array<number[]>(packets).fill([0]))
  return new Uint8Array([...page(9, 2, 0, [first]), ...headers, ...sound])
}

/** 8 kbit/s at 16 kHz behind a tag: 36 bytes for 36 ms. */
export function mp3(frames: number, tag = 0): Uint8Array {
  const before =
    tag === 0 ? [] : [...ascii('ID3'), 4, 0, 0, 0, 0, tag >> 7, tag & 127, ...new Array<number>(tag).fill(0xff)]
  const frame = [0xff, 0xf3, 0x18, 0xc0, ...new Array<number>(32).fill(0)]
  return new Uint8Array([...before, ...Array.from({ length: frames }, () => frame).flat()])
}

/** Bare AAC of one block at 44.1 kHz. */
export function adts(frames: number): Uint8Array {
  const frame = [0xff, 0xf1, 0x50, 0x80, 0x01, 0x60, 0, 0, 0, 0, 0]
  return new Uint8Array(Array.from({ length: frames }, () => frame).flat())
}

const box = (name: string, ...content: readonly (readonly number[])[]): number[] => {
  const inside = content.flat()
  return [...big(inside.length + 8, 4), ...ascii(name), ...inside]
}

interface Movie {
  readonly rate: number
  readonly samples: number
  /** What its heads say, in the units of its rate. */
  readonly declared?: number
  readonly codec?: string
  readonly fragments?: number
}

/** One track; with fragments, its samples are in those. */
export function mp4({ rate, samples, declared, codec = 'mp4a', fragments = 0 }: Movie): Uint8Array {
  const said = declared ?? samples * 1_024
  const times = [...big(0, 12), ...big(rate, 4), ...big(said, 4)]
  const entry = [...big(36, 4), ...ascii(codec), ...big(0, 24), ...big(rate, 2), 0, 0]
  const inMovie = fragments === 0 ? samples : 0
  const table = box(
    'stbl',
    box('stsd', big(0, 4), big(1, 4), entry),
    box('stts', big(0, 4), big(1, 4), big(inMovie, 4), big(1_024, 4)),
    box('stsz', big(0, 4), big(4, 4), big(inMovie, 4)),
  )
  const track = box('trak', box('tkhd', big(0, 12), big(1, 4)), box('mdia', box('mdhd', times), box('minf', table)))
  const extends_ = box('mvex', box('trex', big(0, 4), big(1, 4), big(1, 4), big(1_024, 4)))
  const parts = Array.from({ length: fragments }, () =>
    box('moof', box('traf', box('tfhd', big(0, 4), big(1, 4)), box('trun', big(0, 4), big(samples / fragments, 4)))),
  )
  const movie = box('moov', box('mvhd', times), track, fragments > 0 ? extends_ : [])
  return new Uint8Array([...box('ftyp', ascii('M4A ')), ...box('mdat', big(0, 16)), ...movie, ...parts.flat()])
}

const element = (id: readonly number[], content: readonly number[]) => [
  ...id,
  0x10 | 0,
  ...big(content.length, 3),
  ...content,
]
const UNKNOWN = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]

/** As browsers record it: no duration, sizes unknown, a packet of 60 ms in each block. `everyMs` is what its times say. */
export function webm(
  blocks: number,
  { everyMs = 60, duration }: { everyMs?: number; duration?: number } = {},
): Uint8Array {
  const float = new Uint8Array(8)
  new DataView(float.buffer).setFloat64(0, duration ?? 0)
  const info = element([0x15, 0x49, 0xa9, 0x66], duration === undefined ? [] : element([0x44, 0x89], [...float]))
  const track = element([0xae], [...element([0xd7], [1]), ...element([0x86], ascii('A_OPUS'))])
  const clusters = Array.from({ length: blocks }, (_, i) => [
    ...[0x1f, 0x43, 0xb6, 0x75, ...UNKNOWN],
    ...element([0xe7], big(i * everyMs, 4)),
    ...element([0xa3], [0x81, 0, 0, 0x80, 0x18]),
  ])
  const head = element([0x1a, 0x45, 0xdf, 0xa3], ascii('webm'))
  return new Uint8Array([
    ...[...head, 0x18, 0x53, 0x80, 0x67, ...UNKNOWN],
    ...[...info, ...element([0x16, 0x54, 0xae, 0x6b], track), ...clusters.flat()],
  ])
}
