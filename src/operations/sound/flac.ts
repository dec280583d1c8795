import type { Bytes } from './bytes.ts'
import { afterTags } from './id3.ts'

/** The rates that a frame names by four bits (RFC 9639, 9.1.2); others stand behind it, 0 is the stream's. */
const RATES = [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]

/** FLAC by itself: what its head says, or its frames where they are more. */
export function flacSeconds(bytes: Bytes): number | undefined {
  const start = afterTags(bytes)
  if (bytes.ascii(start, 4) !== 'fLaC') return undefined
  return flacLength(bytes, start + 8)
}

/** By the stream's head at `info` and the frames behind it, which are found by their beginnings; silence is a few bytes. */
export function flacLength(bytes: Bytes, info: number): number | undefined {
  const rate = bytes.big(info + 10, 3) >>> 4
  if (rate === 0) return undefined
  const declared = ((bytes.at(info + 13) & 15) * 2 ** 32 + bytes.big(info + 14, 4)) / rate
  let counted = 0
  for (let at = bytes.all.indexOf(0xff, info); at !== -1; at = bytes.all.indexOf(0xff, at + 1))
    counted += frameSeconds(bytes, at, rate)
  return counted === 0 ? undefined : Math.max(declared, counted)
}

/** Of the frame that begins here; 0 where none does. */
function frameSeconds(bytes: Bytes, start: number, streamRate: number): number {
  if ((bytes.at(start + 1) & 0xfe) !== 0xf8) return 0
  const sizes = bytes.at(start + 2)
  const sizeCode = sizes >> 4
  const rateCode = sizes & 15
  if (sizeCode === 0 || rateCode === 15) return 0
  let at = start + 4 + numberLength(bytes.at(start + 4))
  const samples = samplesOf(sizeCode, bytes, at)
  at += sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0
  const rate = rateOf(rateCode, bytes, at, streamRate)
  at += rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0
  return at < bytes.length && crc8(bytes, start, at) === bytes.at(at) && rate > 0 ? samples / rate : 0
}

/** Numbers are written as UTF-8 writes characters. */
function numberLength(first: number): number {
  return first < 0x80 ? 1 : Math.max(2, Math.clz32(~first & 0xff) - 24)
}

function samplesOf(code: number, bytes: Bytes, at: number): number {
  if (code === 1) return 192
  if (code < 6) return 144 * 2 ** code
  if (code === 6) return bytes.at(at) + 1
  return code === 7 ? bytes.big(at, 2) + 1 : 2 ** code
}

/** A rate that stands behind is only believed where it is the stream's: sound looks like anything now and then. */
function rateOf(code: number, bytes: Bytes, at: number, streamRate: number): number {
  if (code === 0) return streamRate
  if (code < 12) return RATES[code] ?? 0
  const said = code === 12 ? bytes.at(at) * 1_000 : bytes.big(at, 2) * (code === 13 ? 1 : 10)
  return said === streamRate ? said : 0
}

function crc8(bytes: Bytes, from: number, to: number): number {
  let crc = 0
  for (let at = from; at < to; at++) {
    crc ^= bytes.at(at)
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1
  }
  return crc
}
