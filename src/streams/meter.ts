import type { Usage } from '../prices/usage.ts'
import { eventData } from './event.ts'
import { isLineFeed } from './frames.ts'
import { said } from './said.ts'
import { scan } from './scan.ts'
import type { Spoken } from './telling.ts'

/** Sees every event of one stream, once and in order, and tells what the client gets of it. */
export interface StreamMeter {
  /** The bytes for the client: the same view when nothing had to change, another when it had, undefined for nothing. */
  see(frame: Uint8Array): Uint8Array | undefined
  /** Content has been seen. */
  readonly begun: boolean
  /** The vendor said that the answer is whole. */
  readonly complete: boolean
  /** `[DONE]` has been seen; what comes after it means nothing. */
  readonly done: boolean
  /** The vendor said that it failed. Nothing after this counts. */
  readonly error: string | undefined
  readonly usage: Usage | undefined
  readonly finishReason: string | undefined
  readonly outputChars: number
  /** Events that were no JSON, and were left out. */
  readonly malformed: number
  /** What can be gone on with, where the text was kept. */
  spoken(): Spoken | undefined
}

export interface ChatMeterOptions {
  /** The name the client asked for: what it is told as `model`. */
  readonly group: string
  /** Whether the client asked for the closing chunk that has nothing but usage. */
  readonly showUsage: boolean
  readonly usage: (event: unknown) => Usage | undefined
  /** The vendor's sentence in an error event, fit to be shown. Without it the client learns only that there was one. */
  readonly errorMessage?: (event: string) => string
  /** How many answers were asked for (`n`): each has to finish. */
  readonly choices?: number
  /** Whether the text is kept, so that another deployment can go on with it. */
  readonly keepsText?: boolean
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const DONE = '[DONE]'

/**
 * Meters an OpenAI chat stream. Bytes are scanned; JSON is parsed only for the few events that carry a finish, usage or an
 * error. The model's name is spliced into the bytes, which otherwise stay the vendor's own.
 */
export function chatMeter(options: ChatMeterOptions): StreamMeter {
  const model = encoder.encode(JSON.stringify(options.group))
  const finished = new Set<number>()
  let begun = false
  let answered = false
  let done = false
  let error: string | undefined
  let usage: Usage | undefined
  let finishReason: string | undefined
  let outputChars = 0
  let malformed = 0
  let lastShown = true
  const text = options.keepsText === true ? said() : undefined

  const see = (given: Uint8Array): Uint8Array | undefined => {
    const event = eventData(given)
    if (event === undefined) return given
    const { frame, start, end } = event
    if (isDone(frame, start, end)) {
      done = true
      return given
    }
    const found = scan(frame, start, end)
    if (event.isError || (found.whole && found.hasError)) {
      error = options.errorMessage?.(decoder.decode(frame.subarray(start, end))) ?? 'the provider reported an error'
      return undefined
    }
    if (!found.whole) {
      malformed += 1
      return undefined
    }
    if (found.hasFinish || found.hasUsage) {
      const parsed = parse(frame.subarray(start, end))
      if (parsed === undefined) {
        malformed += 1
        return undefined
      }
      usage = options.usage(parsed) ?? usage
      for (const { index, reason } of finishesOf(parsed)) {
        finished.add(index)
        finishReason ??= reason
      }
    }
    begun ||= found.hasContent
    if (found.hasChoices && !answered) text?.head(frame.subarray(start, end))
    answered ||= found.hasChoices
    outputChars += found.chars
    if (text) {
      if (found.mixed) text.spoil()
      else if (found.textStart >= 0) text.add(frame, found.textStart, found.textEnd)
    }
    if (found.hasUsage && !found.hasChoices && !options.showUsage) return undefined
    if (found.modelStart < 0) return frame
    return spliced(frame, found.modelStart, found.modelEnd, model)
  }

  return {
    see(frame) {
      if (isLineFeed(frame)) return lastShown ? frame : undefined
      const shown = see(frame)
      lastShown = shown !== undefined
      return shown
    },
    get begun() {
      return begun
    },
    get complete() {
      return error === undefined && (finished.size >= (options.choices ?? 1) || (done && answered))
    },
    get done() {
      return done
    },
    get error() {
      return error
    },
    get usage() {
      return usage
    },
    get finishReason() {
      return finishReason
    },
    get outputChars() {
      return outputChars
    },
    get malformed() {
      return malformed
    },
    spoken: () => (finished.size > 0 ? undefined : text?.spoken()),
  }
}

function spliced(frame: Uint8Array, start: number, end: number, replacement: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frame.length - (end - start) + replacement.length)
  bytes.set(frame.subarray(0, start))
  bytes.set(replacement, start)
  bytes.set(frame.subarray(end), start + replacement.length)
  return bytes
}

function isDone(frame: Uint8Array, start: number, end: number): boolean {
  if (end - start < DONE.length || end - start > DONE.length + 2 || frame[start] !== 91) return false
  return decoder.decode(frame.subarray(start, end)).trim() === DONE
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

/** The choices that end in this event. Vendor's data: nothing about it is taken for granted. */
function finishesOf(event: unknown): { index: number; reason: string }[] {
  const choices: unknown = field(event, 'choices')
  if (!Array.isArray(choices)) return []
  return choices.flatMap((choice: unknown, place) => {
    const reason = field(choice, 'finish_reason')
    const index = field(choice, 'index')
    return typeof reason === 'string' && reason !== ''
      ? [{ index: typeof index === 'number' ? index : place, reason }]
      : []
  })
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
