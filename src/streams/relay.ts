import type { Usage } from '../prices/usage.ts'
import { concat, frameSplitter } from './frames.ts'
import type { StreamMeter } from './meter.ts'

export interface StreamEnd {
  /** `cut`: the vendor broke off or failed; `cancelled`: the client left. Only `complete` is a success. */
  readonly how: 'complete' | 'cut' | 'cancelled'
  /** Absent when the vendor never said. */
  readonly usage?: Usage
  readonly outputChars: number
  readonly finishReason?: string
  readonly malformed: number
  /** Why it was cut. */
  readonly error?: string
}

export interface RelayOptions {
  readonly meter: StreamMeter
  /** The event, in the caller's dialect, that ends a stream which broke off. */
  readonly cutEvent: (reason: string) => Uint8Array
  /** When the first content goes to the client. */
  readonly onFirst?: () => void
  /** Exactly once, whatever happens. */
  readonly onEnd: (end: StreamEnd) => void
  /** How long a vendor may take to close after `[DONE]`, so that its connection can be used again. */
  readonly lingerMs?: number
}

const END_OF_LINE = new TextEncoder().encode('\n\n')
const DONE_EVENT = new TextEncoder().encode('data: [DONE]\n\n')

/**
 * Passes a stream on as it comes, one read for one pull, so that a slow client slows the vendor down. A stream that breaks
 * off ends with the dialect's error event and without `[DONE]`; one that was whole and forgot `[DONE]` gets it. When the
 * client leaves, the vendor is told at once.
 */
export function relay(source: ReadableStream<Uint8Array>, options: RelayOptions): ReadableStream<Uint8Array> {
  const { meter, cutEvent, onFirst, onEnd, lingerMs = 1000 } = options
  const reader = source.getReader()
  const frames = frameSplitter()
  let told = false
  let begun = false

  const end = (how: StreamEnd['how'], error?: string) => {
    if (told) return
    told = true
    const { usage, outputChars, finishReason, malformed } = meter
    onEnd({
      how,
      ...(usage && { usage }),
      outputChars,
      ...(finishReason !== undefined && { finishReason }),
      malformed,
      ...(error !== undefined && { error }),
    })
  }

  /** What the client gets of these events; the vendor's last word, and what it says after it, is left to the end. */
  const show = (events: readonly Uint8Array[]): Uint8Array[] => {
    const shown: Uint8Array[] = []
    for (const frame of events) {
      const bytes = meter.see(frame)
      if (meter.error !== undefined || meter.done) break
      if (bytes) shown.push(bytes)
    }
    return shown
  }

  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    if (told) return close(controller)
    const send = (pieces: readonly Uint8Array[]) => {
      if (pieces.length > 0) controller.enqueue(concat(joined(pieces)))
      if (begun || !meter.begun) return
      begun = true
      onFirst?.()
    }
    const cut = (shown: readonly Uint8Array[], reason: string) => {
      send([...shown, cutEvent(reason)])
      end('cut', reason)
      controller.close()
      reader.cancel(reason).catch(() => {})
    }
    for (;;) {
      const read = await next()
      if (told) return
      if ('lost' in read) return cut([], 'the connection was lost')
      const events = read.done ? lastEvents() : read.frames
      const shown = show(events)
      if (meter.error !== undefined) return cut(shown, meter.error)
      if (read.done || meter.done) {
        if (!meter.complete) return cut(shown, 'its stream ended early')
        send([...shown, DONE_EVENT])
        end('complete')
        if (read.done) controller.close()
        return
      }
      if (shown.length > 0) return send(shown)
    }
  }

  const next = async () => {
    try {
      const { done, value } = await reader.read()
      return done ? { done, frames: [] } : { done, frames: frames.push(value) }
    } catch (lost) {
      return { done: true, lost }
    }
  }

  /** An event that lacks its blank line at the very end is an event all the same, if it is whole. */
  const lastEvents = (): Uint8Array[] => {
    const rest = frames.rest()
    return rest === undefined ? [] : [concat([rest, END_OF_LINE])]
  }

  const close = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    await drained(reader, lingerMs)
    controller.close()
  }

  return new ReadableStream<Uint8Array>(
    {
      pull,
      async cancel(reason) {
        end('cancelled')
        await reader.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

/** Views that lie side by side in one chunk of the network become one view again, so that they are not copied. */
function joined(pieces: readonly Uint8Array[]): Uint8Array[] {
  const runs: Uint8Array[] = []
  for (const piece of pieces) {
    const last = runs.at(-1)
    if (last && last.buffer === piece.buffer && last.byteOffset + last.byteLength === piece.byteOffset)
      runs[runs.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.byteLength + piece.byteLength)
    else runs.push(piece)
  }
  return runs
}

async function drained(reader: ReadableStreamDefaultReader<Uint8Array>, waitMs: number): Promise<void> {
  const timer = setTimeout(() => reader.cancel().catch(() => {}), waitMs)
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer is whole; how the connection ends no longer matters.
  } finally {
    clearTimeout(timer)
  }
}
