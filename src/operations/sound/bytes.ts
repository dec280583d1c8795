/** Numbers in a file that may end anywhere or lie: what lies beyond its end is 0. */
export interface Bytes {
  readonly all: Uint8Array
  readonly length: number
  at(offset: number): number
  /** Big-endian, of up to six bytes. */
  big(offset: number, size: number): number
  little(offset: number, size: number): number
  ascii(offset: number, size: number): string
}

export function bytesOf(all: Uint8Array): Bytes {
  const at = (offset: number) => all[offset] ?? 0
  return {
    all,
    length: all.length,
    at,
    big(offset, size) {
      let value = 0
      for (let i = 0; i < size; i++) value = value * 256 + at(offset + i)
      return value
    },
    little(offset, size) {
      let value = 0
      for (let i = size - 1; i >= 0; i--) value = value * 256 + at(offset + i)
      return value
    },
    ascii(offset, size) {
      let text = ''
      for (let i = offset; i < Math.min(offset + size, all.length); i++) text += String.fromCharCode(at(i))
      return text
    },
  }
}
