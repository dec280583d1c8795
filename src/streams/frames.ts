const LF = 10
const CR = 13

export interface FrameSplitter {
  /** The events that this chunk completes, each with its blank line, as views of the chunk wherever possible. */
  push(chunk: Uint8Array): Uint8Array[]
  /** What is left when the source ends: an event without its blank line, or nothing. */
  rest(): Uint8Array | undefined
}

/**
 * Cuts a byte stream into server-sent events at blank lines, whichever of LF, CRLF and CR the vendor writes. The pieces
 * put together are the stream, byte for byte. Every byte is looked at once, however the network cut it: an event in the
 * making is kept as pieces. A CR at the end of a chunk completes its event at once; should an LF of the same line end
 * follow, it comes as a piece of its own (`isLineFeed`) and belongs to the event before.
 */
export function frameSplitter(maxFrameBytes = 32 * 1024 * 1024): FrameSplitter {
  let pieces: Uint8Array[] = []
  let pieceBytes = 0
  let atLineStart = true
  let owedLf = false

  const keep = (piece: Uint8Array) => {
    pieces.push(piece)
    pieceBytes += piece.length
    if (pieceBytes > maxFrameBytes) throw new RangeError('An event of the stream is too large')
  }
  const complete = (last: Uint8Array): Uint8Array => {
    if (pieces.length === 0) return last
    keep(last)
    const frame = concat(pieces)
    pieces = []
    pieceBytes = 0
    return frame
  }

  return {
    push(chunk) {
      const frames: Uint8Array[] = []
      const lineEnd = chunk.includes(CR) ? nextLineEnd : nextLineFeed
      let start = 0
      let at = 0
      if (owedLf && chunk.length > 0) {
        owedLf = false
        if (chunk[0] === LF) {
          at = 1
          if (pieces.length === 0) {
            frames.push(chunk.subarray(0, 1))
            start = 1
          }
        }
      }
      while (at < chunk.length) {
        const found = lineEnd(chunk, at)
        if (found < 0) {
          atLineStart = false
          break
        }
        const blank = atLineStart && found === at
        at = found + 1
        if (chunk[found] === CR) {
          if (at === chunk.length) owedLf = true
          else if (chunk[at] === LF) at += 1
        }
        atLineStart = true
        if (blank) {
          frames.push(complete(chunk.subarray(start, at)))
          start = at
        }
      }
      if (start < chunk.length) keep(chunk.subarray(start))
      return frames
    },
    rest() {
      const left = pieces.length === 0 ? undefined : concat(pieces)
      pieces = []
      pieceBytes = 0
      return left
    },
  }
}

/** The second half of a CRLF that the network cut in two; also an empty line too many, which means nothing. */
export function isLineFeed(frame: Uint8Array): boolean {
  return frame.length === 1 && frame[0] === LF
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only) return only
  const whole = new Uint8Array(pieces.reduce((bytes, piece) => bytes + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function nextLineFeed(bytes: Uint8Array, from: number): number {
  return bytes.indexOf(LF, from)
}

function nextLineEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === LF || bytes[at] === CR) return at
  return -1
}
