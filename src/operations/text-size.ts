/** Bytes of a string as UTF-8, without making them. A lone half of a pair counts as the replacement it becomes. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (isHigh(unit) && isLow(text.charCodeAt(at + 1))) {
      bytes += 2
      at += 1
    } else bytes += 2
  }
  return bytes
}

/** Bytes of everything said in a JSON value: names, texts and numbers, without its brackets and quotes. */
export function valueBytes(value: unknown): number {
  if (typeof value === 'string') return utf8Bytes(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value).length
  if (typeof value !== 'object' || value === null) return 0
  let bytes = 0
  for (const [name, inner] of Object.entries(value)) bytes += namedBytes(name, inner)
  return bytes
}

/** The same of one field, its name included. */
export function namedBytes(name: string, value: unknown): number {
  return utf8Bytes(name) + valueBytes(value) + 1
}

/** How many bytes a base64 text stands for, at most; a data URL's head counts along. */
export function base64Bytes(text: string): number {
  return Math.ceil((text.length * 3) / 4)
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
