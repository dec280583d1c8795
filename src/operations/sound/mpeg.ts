import type { Bytes } from './bytes.ts'
import { afterTags } from './id3.ts'

interface Frame {
  readonly seconds: number
  readonly bytes: number
}

/** By version (1, else 2 and 2.5) and layer, in kbit/s; the first is for rates that nobody told. */
const BITRATES: Readonly<Record<number, readonly number[]>> = {
  11: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  12: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  13: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  21: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  22: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  23: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}
const RATES = [44_100, 48_000, 32_000]
const AAC_RATES = [
  ...[96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000],
  ...[22_050, 16_000, 12_000, 11_025, 8_000, 7_350],
]

/** MP3, MP2 and bare AAC (ADTS): frame after frame. Sound that is not mostly frames is of another kind. */
export function mpegSeconds(bytes: Bytes): number | undefined {
  const start = afterTags(bytes)
  let seconds = 0
  let framed = 0
  for (let at = start; at !== -1 && at < bytes.length; ) {
    const frame = frameAt(bytes, at)
    seconds += frame?.seconds ?? 0
    framed += frame?.bytes ?? 0
    at = frame ? at + frame.bytes : bytes.all.indexOf(0xff, at + 1)
  }
  return framed > 0 && framed * 2 >= bytes.length - start ? seconds : undefined
}

function frameAt(bytes: Bytes, at: number): Frame | undefined {
  if (bytes.at(at) !== 0xff || bytes.at(at + 1) < 0xe0) return undefined
  const second = bytes.at(at + 1)
  const layer = 4 - ((second >> 1) & 3)
  if (layer === 4) return second >= 0xf0 ? aacFrame(bytes, at) : undefined
  const version = (second >> 3) & 3
  if (version === 1) return undefined
  const third = bytes.at(at + 2)
  const bitrate = BITRATES[(version === 3 ? 10 : 20) + layer]?.[third >> 4] ?? 0
  const base = RATES[(third >> 2) & 3] ?? 0
  if (bitrate === 0 || base === 0) return undefined
  const rate = version === 3 ? base : version === 2 ? base / 2 : base / 4
  const samples = layer === 1 ? 384 : layer === 3 && version !== 3 ? 576 : 1_152
  const slot = layer === 1 ? 4 : 1
  const padding = (third >> 1) & 1
  const length = (Math.floor(((samples / 8) * bitrate * 1_000) / rate / slot) + padding) * slot
  return { seconds: samples / rate, bytes: length }
}

function aacFrame(bytes: Bytes, at: number): Frame | undefined {
  const rate = AAC_RATES[(bytes.at(at + 2) >> 2) & 15]
  const length = (bytes.big(at + 3, 3) >> 5) & 0x1fff
  if (rate === undefined || length < 7) return undefined
  return { seconds: (1_024 * ((bytes.at(at + 6) & 3) + 1)) / rate, bytes: length }
}
