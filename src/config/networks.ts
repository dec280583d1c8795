/** Networks, read once. */
export interface Networks {
  has(address: string): boolean
}

interface Network {
  readonly base: bigint
  /** How many of 128 bits count. */
  readonly bits: number
}

const V4_IN_V6 = 0xffff00000000n

/** An address as 128 bits, IPv4 as IPv6 has it (`::ffff:a.b.c.d`); undefined for what is none. */
function bitsOf(text: string): bigint | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (four) {
    const bytes = four.slice(1).map(Number)
    return bytes.some((byte) => byte > 255)
      ? undefined
      : bytes.reduce((all, byte) => all * 256n + BigInt(byte), 0n) + V4_IN_V6
  }
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (mapped) {
    const low = bitsOf(mapped[2] ?? '')
    if (low === undefined) return undefined
    const hex = (low - V4_IN_V6).toString(16).padStart(8, '0')
    return bitsOf(`${mapped[1]}${hex.slice(0, 4)}:${hex.slice(4)}`)
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [before = [], after = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - before.length - after.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.reduce((all, group) => all * 0x10000n + BigInt(`0x${group}`), 0n)
}

function networkOf(text: string): Network | undefined {
  const [address = '', length, ...more] = text.trim().split('/')
  const base = bitsOf(address)
  const width = address.includes(':') ? 128 : 32
  if (base === undefined || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined
  const given = length === undefined ? width : Number(length)
  return given > width ? undefined : { base, bits: given + 128 - width }
}

/** Whether a text is an address or a network (`10.0.0.0/8`, `2001:db8::/32`). */
export const isNetwork = (text: string): boolean => networkOf(text) !== undefined

/** What is no network has no address in it: a misspelt one lets nobody in. */
export function networks(texts: readonly string[]): Networks {
  const all = texts.flatMap((text) => networkOf(text) ?? [])
  return {
    has(address) {
      const bits = bitsOf(address)
      return bits !== undefined && all.some(({ base, bits: count }) => (base ^ bits) >> BigInt(128 - count) === 0n)
    },
  }
}
