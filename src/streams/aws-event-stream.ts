import { EventStreamCodec } from '@smithy/eventstream-codec'
import { concat } from './frames.ts'
import type { EventSplitter, FramedEvent } from './splitter.ts'

const PRELUDE_BYTES = 8
/** Two lengths, their checksum, and the checksum of the whole. */
const LEAST_BYTES = 16

const decoder = new TextDecoder()
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : decoder.decode(bytes)),
  (text) => new TextEncoder().encode(text),
)

/**
 * AWS's binary event stream (`application/vnd.amazon.eventstream`). Both checksums of every frame are checked; the first
 * frame that fails, or that the end cuts off, breaks the stream. An exception comes under its own name
 * (`throttlingException`), an error that is no event as `error` with `code` and `message`.
 */
export function awsEventSplitter(maxFrameBytes = 32 * 1024 * 1024): EventSplitter {
  let pieces: Uint8Array[] = []
  let pieceBytes = 0
  let wanted = PRELUDE_BYTES
  let broken: string | undefined

  /** The pieces as one, once there are as many bytes as wanted. */
  const gathered = (): Uint8Array | undefined => {
    if (pieceBytes < wanted) return undefined
    const bytes = concat(pieces)
    pieces = [bytes]
    return bytes
  }

  const next = (): FramedEvent | undefined => {
    const head = gathered()
    if (head === undefined) return undefined
    const length = view(head).getUint32(0)
    if (length < LEAST_BYTES || length > maxFrameBytes || view(head).getUint32(4) > length - LEAST_BYTES) {
      broken = 'a frame of its event stream has an impossible length'
      return undefined
    }
    wanted = length
    const bytes = gathered()
    if (bytes === undefined) return undefined
    const event = decoded(bytes.subarray(0, length))
    if (event === undefined) {
      broken = 'a frame of its event stream is damaged'
      return undefined
    }
    pieces = bytes.length > length ? [bytes.subarray(length)] : []
    pieceBytes -= length
    wanted = PRELUDE_BYTES
    return event
  }

  return {
    push(chunk) {
      if (broken !== undefined || chunk.length === 0) return []
      pieces.push(chunk)
      pieceBytes += chunk.length
      const events: FramedEvent[] = []
      for (let event = next(); event !== undefined; event = next()) events.push(event)
      return events
    },
    end() {
      if (pieceBytes > 0) broken ??= 'its event stream ended inside a frame'
      return []
    },
    get broken() {
      return broken
    },
  }
}

/** Undefined when a checksum or the layout is wrong. */
function decoded(frame: Uint8Array): FramedEvent | undefined {
  try {
    const { headers, body } = codec.decode(frame)
    const header = (name: string) => {
      const value = headers[name]?.value
      return typeof value === 'string' ? value : undefined
    }
    const type = header(':message-type')
    if (type === 'error')
      return {
        event: 'error',
        data: JSON.stringify({ code: header(':error-code'), message: header(':error-message') }),
      }
    const event = type === 'exception' ? header(':exception-type') : header(':event-type')
    return { ...(event !== undefined && { event }), data: decoder.decode(body) }
  } catch {
    return undefined
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
