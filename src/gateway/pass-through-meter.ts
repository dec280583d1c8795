import { type Fields, fields, isFields, number, parsed } from '../dialects/loose-json.ts'
import type { Shape } from '../operations/pass-through-shape.ts'
import { noUsage, type Usage } from '../prices/usage.ts'
import { anthropicUsage } from '../providers/anthropic-usage.ts'
import { bedrockUsage } from '../providers/bedrock-usage.ts'
import { geminiUsage } from '../providers/gemini-usage.ts'
import { openaiResponsesUsage } from '../providers/openai-responses-usage.ts'
import { openaiUsage } from '../providers/openai-usage.ts'
import { awsEventSplitter } from '../streams/aws-event-stream.ts'
import { concat } from '../streams/frames.ts'
import type { EventSplitter } from '../streams/splitter.ts'
import { sseSplitter } from '../streams/sse.ts'
import { charsOf } from './translate.ts'

/** Looks at an answer while it passes. It changes nothing, holds nothing up, and what it cannot read it leaves. */
export interface PassMeter {
  see(bytes: Uint8Array): void
  /** To be called once, when nothing more comes. */
  told(): { readonly usage: Usage | undefined; readonly outputChars: number }
}

/** An answer of JSON is read to its end to learn its usage; one that is larger tells none. */
const MOST_BYTES = 16 * 1024 * 1024

/** By what the vendor says the answer is. Without a shape any usage that is written in a known way counts. */
export function meterFor(headers: Headers, shape: Shape | undefined, body: Fields): PassMeter {
  const type = headers.get('content-type')?.toLowerCase() ?? ''
  const splitter = type.startsWith('text/event-stream')
    ? sseSplitter()
    : type.startsWith('application/vnd.amazon.eventstream')
      ? awsEventSplitter()
      : undefined
  if (splitter) return eventMeter(splitter, shape, body)
  return /json/.test(type) ? jsonMeter(shape) : nothingToRead
}

/** For what costs nothing whatever it says. */
export const nothingToRead: PassMeter = { see() {}, told: () => ({ usage: undefined, outputChars: 0 }) }

function jsonMeter(shape: Shape | undefined): PassMeter {
  const pieces: Uint8Array[] = []
  let bytes = 0
  return {
    see(piece) {
      bytes += piece.length
      if (bytes <= MOST_BYTES) pieces.push(piece)
      else pieces.length = 0
    },
    told() {
      if (bytes === 0 || bytes > MOST_BYTES) return { usage: undefined, outputChars: bytes }
      const answer = parsed(new TextDecoder().decode(concat(pieces)))
      // Gemini's streams without `alt=sse` are one list, whose last totals count.
      const usage = (Array.isArray(answer) ? answer.toReversed() : [answer])
        .map((one) => usageIn(one, shape))
        .find((found) => found !== undefined)
      return { usage, outputChars: bytes }
    },
  }
}

const TELLS_USAGE = /"(?:usage|usageMetadata|billed_units)":\s*\{/

function eventMeter(splitter: EventSplitter, shape: Shape | undefined, body: Fields): PassMeter {
  const request = shape?.chatRequest(body) ?? { model: '', messages: [] }
  const reader = shape?.vendor.reader({ id: '', createdSeconds: 0, request })
  let usage: Usage | undefined
  let outputChars = 0
  let dataChars = 0
  const note = (events: ReturnType<EventSplitter['push']>) => {
    for (const event of events) {
      dataChars += event.data.length
      const before = usage
      for (const chunk of reader?.read(event) ?? []) {
        usage = chunk.usage ?? usage
        for (const { delta } of chunk.choices) outputChars += charsOf(delta)
      }
      // A tongue that its reader does not know tells its usage in a known way all the same.
      if (usage === before && TELLS_USAGE.test(event.data)) usage = usageIn(parsed(event.data), undefined) ?? usage
    }
  }
  return {
    see(bytes) {
      attempt(() => note(splitter.push(bytes)))
    },
    told() {
      attempt(() => note(splitter.end()))
      // Where nothing could be read, all of it may have been the answer.
      return { usage, outputChars: outputChars > 0 ? outputChars : dataChars }
    },
  }
}

/** What cannot be read must not end what only passes. */
function attempt(look: () => void): void {
  try {
    look()
  } catch {}
}

function usageIn(answer: unknown, shape: Shape | undefined): Usage | undefined {
  const own = shape?.vendor.usage(answer)
  if (own) return own
  const readers = [openaiUsage, openaiResponsesUsage, anthropicUsage, geminiUsage, bedrockUsage, cohereUsage]
  return readers.map((read) => read(answer)).find((found) => found !== undefined)
}

/** Cohere bills `billed_units`, which stand in `usage` (v2, in its streams below `delta`) or `meta` (v1). */
function cohereUsage(answer: unknown): Usage | undefined {
  const { usage, meta, delta } = fields(answer)
  const billed = [usage, meta, fields(delta).usage].map((said) => fields(said).billed_units).find(isFields)
  if (!billed) return undefined
  const [input, output] = [number(billed.input_tokens), number(billed.output_tokens)]
  if (input === undefined && output === undefined) return undefined
  return { ...noUsage, inputTokens: Math.ceil(input ?? 0), outputTokens: Math.ceil(output ?? 0) }
}
