import type { ChatChunk } from '../dialects/chat.ts'
import type { ChunkPrinter } from '../dialects/dialect.ts'
import type { Usage } from '../prices/usage.ts'
import type { ChunkReader } from '../providers/translator.ts'
import { frameSplitter } from '../streams/frames.ts'
import type { StreamEnd } from '../streams/relay.ts'
import type { EventSplitter, FramedEvent } from '../streams/splitter.ts'

export interface TranslateOptions {
  readonly splitter: EventSplitter
  readonly reader: ChunkReader
  /** Tells it in the caller's words. Without one the vendor's own events go through as they came, byte for byte. */
  readonly printer?: ChunkPrinter
  /** What an answer so long probably used: told where the vendor never says. */
  readonly estimate: (outputChars: number) => Usage
  /** The event, in the caller's dialect, that ends a stream which broke off. */
  readonly cutEvent: (reason: string) => Uint8Array
  /** When the first content goes to the client. */
  readonly onFirst?: () => void
  /** Exactly once, whatever happens. */
  readonly onEnd: (end: StreamEnd) => void
}

/** Events, and their bytes where these are passed on. */
interface Piece {
  readonly bytes?: Uint8Array
  readonly events: readonly FramedEvent[]
}

/**
 * A stream read into canonical chunks, and told in the caller's words or passed on as it came: one read for one pull, so
 * that a slow client slows the vendor down. What breaks off ends with the caller's error event and nothing that looks
 * like an end; when the client leaves, the vendor is told at once.
 */
export function translate(source: ReadableStream<Uint8Array>, options: TranslateOptions): ReadableStream<Uint8Array> {
  const { splitter, reader, printer, estimate, cutEvent, onFirst, onEnd } = options
  const vendor = source.getReader()
  const frames = frameSplitter()
  let usage: Usage | undefined
  let head: Pick<ChatChunk, 'id' | 'created' | 'model'> | undefined
  let finishReason: string | undefined
  let outputChars = 0
  let begun = false
  let told = false

  const end = (how: StreamEnd['how'], error?: string) => {
    if (told) return
    told = true
    onEnd({
      how,
      ...(usage && { usage }),
      outputChars,
      ...(finishReason !== undefined && { finishReason }),
      malformed: reader.malformed,
      ...(error !== undefined && { error }),
    })
  }

  const note = (chunk: ChatChunk) => {
    head ??= { id: chunk.id, created: chunk.created, model: chunk.model }
    usage = chunk.usage ?? usage
    for (const { delta, finish_reason } of chunk.choices) {
      finishReason ??= finish_reason ?? undefined
      const chars = charsOf(delta)
      outputChars += chars
      begun ||= chars > 0
    }
  }

  const show = (pieces: readonly Piece[]): Uint8Array[] => {
    const shown: Uint8Array[] = []
    for (const { bytes, events } of pieces) {
      for (const event of events) {
        for (const chunk of reader.read(event)) {
          note(chunk)
          const printed = printer?.print(chunk)
          if (printed) shown.push(printed)
        }
      }
      // The vendor's error event is told in our words: its own may carry what is not for the caller.
      if (reader.error !== undefined) break
      if (bytes) shown.push(bytes)
    }
    return shown
  }

  const ending = (): Uint8Array[] => {
    const estimated = usage || !head ? undefined : { ...head, choices: [], usage: estimate(outputChars) }
    return [estimated && printer?.print(estimated), printer?.end()].filter((bytes) => bytes !== undefined)
  }

  const cut = (chunk: Uint8Array): Piece[] =>
    printer
      ? [{ events: splitter.push(chunk) }]
      : frames.push(chunk).map((bytes) => ({ bytes, events: splitter.push(bytes) }))

  const next = async (): Promise<{ done: boolean; pieces: readonly Piece[]; lost?: unknown }> => {
    try {
      const { done, value } = await vendor.read()
      return { done, pieces: done ? [{ events: splitter.end() }] : cut(value) }
    } catch (lost) {
      return { done: true, pieces: [], lost }
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const wasBegun = begun
          const { done, pieces, lost } = await next()
          if (told) return
          const shown = show(pieces)
          for (const bytes of shown) controller.enqueue(bytes)
          if (begun && !wasBegun) onFirst?.()
          const broken = reader.error ?? splitter.broken ?? (lost === undefined ? undefined : 'the connection was lost')
          if (broken !== undefined || (done && !reader.complete)) {
            const reason = broken ?? 'its stream ended early'
            controller.enqueue(cutEvent(reason))
            end('cut', reason)
            controller.close()
            vendor.cancel(reason).catch(() => {})
            return
          }
          if (done) {
            for (const bytes of ending()) controller.enqueue(bytes)
            end('complete')
            controller.close()
            return
          }
          if (shown.length > 0) return
        }
      },
      async cancel(reason) {
        // Whoever leaves after the vendor's last word has had the whole answer.
        end(reader.complete ? 'complete' : 'cancelled')
        await vendor.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

/** What was written, in characters: for an estimate where the vendor never counts. */
function charsOf({ content, refusal, reasoning_content, tool_calls }: ChatChunk['choices'][number]['delta']): number {
  const calls = (tool_calls ?? []).reduce(
    (sum, { function: written }) => sum + (written?.name?.length ?? 0) + (written?.arguments?.length ?? 0),
    0,
  )
  return (content?.length ?? 0) + (refusal?.length ?? 0) + (reasoning_content?.length ?? 0) + calls
}
