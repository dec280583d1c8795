const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/**
 * Whether a JSON text names a field twice, by the value that was read from it. Readers differ in which of the two holds
 * (RFC 8259 §4), so that what was judged here need not be what is done there. Outside of texts every colon is a field.
 */
export function saysTwice(json: string, value: unknown): boolean {
  return colonsOf(json) !== fieldsIn(value)
}

function colonsOf(json: string): number {
  let colons = 0
  let inText = false
  for (let at = 0; at < json.length; at++) {
    const sign = json.charCodeAt(at)
    if (inText) {
      if (sign === BACKSLASH) at++
      else if (sign === QUOTE) inText = false
    } else if (sign === QUOTE) inText = true
    else if (sign === COLON) colons++
  }
  return colons
}

/** However deep they lie. */
function fieldsIn(value: unknown): number {
  let found = 0
  const left = [value]
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one !== 'object' || one === null) continue
    const inner: readonly unknown[] = Array.isArray(one) ? one : Object.values(one)
    if (inner !== one) found += inner.length
    for (const each of inner) if (typeof each === 'object') left.push(each)
  }
  return found
}
