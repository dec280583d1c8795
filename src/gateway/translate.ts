import type { ChatChunk, ChatDelta } from '../dialects/chat.ts'
import type { ChunkPrinter } from '../dialects/dialect.ts'
import type { Usage } from '../prices/usage.ts'
import type { ChunkReader } from '../providers/translator.ts'
import { concat, frameSplitter } from '../streams/frames.ts'
import { LINGER_MS, lastRead } from '../streams/reads.ts'
import type { EventSplitter, FramedEvent } from '../streams/splitter.ts'
import type { Source, Spoken, Step, StreamFacts, Telling } from '../streams/telling.ts'
import type { Stitch } from './stitch.ts'

export interface TranslateOptions {
  readonly splitter: EventSplitter
  readonly reader: ChunkReader
  /** Tells it in the caller's words. Without one the vendor's own events go through as they came, byte for byte. */
  readonly printer?: ChunkPrinter
  /** What an answer so long probably used: told where the vendor never says. */
  readonly estimate: (outputChars: number) => Usage
  /** Makes the chunks part of an answer that another has begun. */
  readonly stitch?: Stitch
  /** Sees the event by which the vendor said that it failed. */
  readonly onError?: (event: FramedEvent) => void
}

const END_OF_EVENT = new TextEncoder().encode('\n\n')

/** Events, and their bytes where these are passed on. */
interface Piece {
  readonly bytes?: Uint8Array
  readonly events: readonly FramedEvent[]
}

/** A stream read into canonical chunks, and told in the caller's words or passed on as it came. */
export function translate(source: Source, options: TranslateOptions): Telling {
  const { splitter, reader, printer, estimate, stitch, onError } = options
  const frames = frameSplitter()
  let usage: Usage | undefined
  let head: Pick<ChatChunk, 'id' | 'created' | 'model'> | undefined
  let finishReason: string | undefined
  let outputChars = 0
  let good = false
  let text = ''
  let textOnly = true
  let last: string | undefined
  let hungUp = false
  /** Words came after an end: only the end of the connection is one then. */
  let wentOn = false

  const note = (chunk: ChatChunk) => {
    head ??= { id: chunk.id, created: chunk.created, model: chunk.model }
    usage = chunk.usage ?? usage
    for (const { delta, finish_reason } of chunk.choices) {
      finishReason ??= finish_reason ?? undefined
      outputChars += charsOf(delta)
      good ||= typeof finish_reason === 'string' || says(delta)
    }
  }

  /** What the client is told, where another may have to go on with it. */
  const keep = ({ choices }: ChatChunk) => {
    for (const { index, delta } of choices) {
      textOnly &&= index === 0 && isText(delta)
      if (textOnly) text += delta.content ?? ''
    }
  }

  const print = (chunk: ChatChunk): Uint8Array | undefined => {
    const shown = stitch ? stitch.joined(chunk) : chunk
    if (shown === undefined) return undefined
    keep(shown)
    return printer?.print(shown)
  }

  const show = (pieces: readonly Piece[]): Uint8Array[] => {
    const shown: Uint8Array[] = []
    for (const { bytes, events } of pieces) {
      const malformed = reader.malformed
      for (const event of events) {
        for (const chunk of reader.read(event)) {
          note(chunk)
          const printed = print(chunk)
          if (printed) shown.push(printed)
        }
        if (reader.error !== undefined) {
          onError?.(event)
          return shown
        }
      }
      // The vendor's error event is told in our words, and what nobody can read is not passed on.
      if (bytes && reader.malformed === malformed) {
        shown.push(bytes)
        last = events.at(-1)?.data ?? last
      }
    }
    return shown
  }

  const ending = (): Uint8Array[] => {
    const estimated = usage || !head ? undefined : { ...head, choices: [], usage: estimate(outputChars) }
    const rest = stitch?.rest()
    return [rest && printer?.print(rest), estimated && print(estimated), printer?.end()].filter(
      (bytes) => bytes !== undefined,
    )
  }

  const cut = (chunk: Uint8Array): Piece[] =>
    printer
      ? [{ events: splitter.push(chunk) }]
      : frames.push(chunk).map((bytes) => ({ bytes, events: splitter.push(bytes) }))

  /** An event that lacks its blank line at the very end is an event all the same. */
  const lastPiece = (): Piece[] => {
    const rest = frames.rest()
    return rest === undefined ? [] : cut(concat([rest, END_OF_EVENT]))
  }

  const read = async (): Promise<{ done: boolean; pieces: readonly Piece[]; lost?: boolean }> => {
    try {
      const isOver = reader.complete && !wentOn
      const { done, value } = await (isOver ? lastRead(source, LINGER_MS) : source.read())
      return { done, pieces: done || value === undefined ? [...lastPiece(), { events: splitter.end() }] : cut(value) }
    } catch {
      return { done: true, pieces: [], lost: true }
    }
  }

  return {
    async next(): Promise<Step> {
      const before = reader.complete ? outputChars : Number.POSITIVE_INFINITY
      const { done, pieces, lost = false } = await read()
      hungUp = done
      try {
        const bytes = show(pieces)
        wentOn ||= outputChars > before
        const error = reader.error ?? splitter.broken ?? (lost ? 'the connection was lost' : undefined)
        if (error !== undefined) return { bytes, over: { how: 'cut', error } }
        if (!done) return { bytes }
        if (!reader.complete) return { bytes, over: { how: 'cut', error: 'its stream ended early' } }
        return { bytes: [...bytes, ...ending()], over: { how: 'complete' } }
      } catch {
        // A reader or a printer that throws ends the stream as a vendor's fault does: in words, and settled.
        return { bytes: [], over: { how: 'cut', error: 'it sent what cannot be told' } }
      }
    },
    get begun() {
      return outputChars > 0
    },
    get good() {
      return good
    },
    get complete() {
      return reader.complete && (!wentOn || hungUp)
    },
    facts(): StreamFacts {
      const { malformed } = reader
      return { ...(usage && { usage }), outputChars, ...(finishReason !== undefined && { finishReason }), malformed }
    },
    spoken(): Spoken | undefined {
      const begun = stitch?.spoken ?? (head && { ...head, text: '' })
      if (!begun || !textOnly || finishReason !== undefined) return undefined
      const { id, created } = begun
      return { id, created, text: begun.text + text, ...(last !== undefined && { last }) }
    },
    cancel: (reason) => source.cancel(reason).catch(() => {}),
    drained: () => Promise.resolve(),
  }
}

/** Anything but a role: text, thoughts, a call, a picture. */
function says(delta: ChatDelta): boolean {
  return Object.entries(delta).some(
    ([field, value]) => field !== 'role' && value !== '' && value !== undefined && value !== null,
  )
}

/** Nothing in it but text: what another model can go on with. */
function isText({ role: _, content: _text, ...rest }: ChatDelta): boolean {
  const { provider_specific_fields: aside, ...others } = rest
  return !says(others) && (aside === undefined || 'continued_by' in aside)
}

/** What was written, in characters: for an estimate where the vendor never counts. */
export function charsOf({ content, refusal, reasoning_content, tool_calls }: ChatDelta): number {
  let chars = (content?.length ?? 0) + (refusal?.length ?? 0) + (reasoning_content?.length ?? 0)
  for (const { function: written } of tool_calls ?? [])
    chars += (written?.name?.length ?? 0) + (written?.arguments?.length ?? 0)
  return chars
}
