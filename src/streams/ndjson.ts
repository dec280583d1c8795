import { concat } from './frames.ts'
import type { EventSplitter, FramedEvent } from './splitter.ts'

const LF = 10

/** One JSON value a line. A last line without its line feed counts; empty lines do not. */
export function ndjsonSplitter(maxLineBytes = 32 * 1024 * 1024): EventSplitter {
  const decoder = new TextDecoder()
  let pieces: Uint8Array[] = []
  let pieceBytes = 0
  let broken: string | undefined

  const keep = (piece: Uint8Array) => {
    if (piece.length > 0) pieces.push(piece)
    pieceBytes += piece.length
    if (pieceBytes > maxLineBytes) broken = 'a line of the stream is too long'
  }
  const line = (): FramedEvent[] => {
    const data = decoder.decode(concat(pieces)).trim()
    pieces = []
    pieceBytes = 0
    return data === '' ? [] : [{ data }]
  }

  return {
    push(chunk) {
      const events: FramedEvent[] = []
      let start = 0
      while (broken === undefined) {
        const end = chunk.indexOf(LF, start)
        keep(chunk.subarray(start, end < 0 ? chunk.length : end))
        if (end < 0 || broken !== undefined) break
        events.push(...line())
        start = end + 1
      }
      return events
    },
    end: () => (broken === undefined ? line() : []),
    get broken() {
      return broken
    },
  }
}
