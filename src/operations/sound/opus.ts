import type { Bytes } from './bytes.ts'

/** The longest that one packet can be (RFC 6716, 3.2.5). */
export const LONGEST_PACKET_SECONDS = 0.12

/** Of the packet that begins here, by its first two bytes (RFC 6716, 3.1 and 3.2). */
export function opusPacketSeconds(bytes: Bytes, at: number): number {
  const head = bytes.at(at)
  const config = head >> 3
  const frameMs =
    config < 12 ? ([10, 20, 40, 60][config & 3] ?? 60) : config < 16 ? 10 << (config & 1) : 2.5 * 2 ** (config & 3)
  const code = head & 3
  const frames = code === 0 ? 1 : code === 3 ? bytes.at(at + 1) & 63 : 2
  return Math.min(LONGEST_PACKET_SECONDS, (frameMs * frames) / 1_000)
}
