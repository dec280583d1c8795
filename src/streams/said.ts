import type { Spoken } from './telling.ts'

/** Collects the text of one answer as the JSON that it came in: escapes put together are JSON again, and cost nothing. */
export interface Said {
  /** The first event, which names the answer. */
  head(event: Uint8Array): void
  /** The inside of a JSON string: bytes of `from`, which are copied. */
  add(from: Uint8Array, start: number, end: number): void
  /** Something that is not text: the answer cannot be gone on with. */
  spoil(): void
  spoken(): Spoken | undefined
}

const decoder = new TextDecoder()

export function said(): Said {
  let head: Uint8Array | undefined
  let bytes = new Uint8Array(1024)
  let length = 0
  let spoilt = false

  return {
    head(event) {
      head ??= event.slice()
    },
    add(from, start, end) {
      if (spoilt) return
      const needed = length + end - start
      if (needed > bytes.length) {
        const larger = new Uint8Array(Math.max(needed, bytes.length * 2))
        larger.set(bytes.subarray(0, length))
        bytes = larger
      }
      bytes.set(from.subarray(start, end), length)
      length = needed
    },
    spoil() {
      spoilt = true
      bytes = new Uint8Array()
    },
    spoken() {
      if (spoilt || head === undefined) return undefined
      try {
        const { id, created } = JSON.parse(decoder.decode(head)) as { id?: unknown; created?: unknown }
        const text: unknown = JSON.parse(`"${decoder.decode(bytes.subarray(0, length))}"`)
        if (typeof id !== 'string' || typeof created !== 'number' || typeof text !== 'string') return undefined
        return { id, created, text }
      } catch {
        return undefined
      }
    },
  }
}
