import { EventStreamCodec } from '@smithy/eventstream-codec'
import fc from 'fast-check'
import type { Vendor, VendorEvent } from '../../../src/providers/translator.ts'

/** How a stream may be written and still say the same. */
export interface Clothes {
  readonly end: '\n' | '\r\n' | '\r'
  readonly mark: boolean
  /** Said between events, to keep the connection alive. */
  readonly between: readonly string[]
  /** No space behind the colon. */
  readonly tight: boolean
  /** Data in several lines, as a pretty printer writes them. */
  readonly spread: boolean
  /** Fields that mean nothing here beside the data. */
  readonly numbered: boolean
  /** The blank line behind the last event is missing. */
  readonly unfinished: boolean
  /** Events whose data say what they are come without their names. */
  readonly nameless: boolean
}

export const PLAIN: Clothes = {
  ...{ end: '\n', mark: false, between: [], tight: false, spread: false },
  ...{ numbered: false, unfinished: false, nameless: false },
}

export const clothes: fc.Arbitrary<Clothes> = fc.record({
  end: fc.constantFrom('\n', '\r\n', '\r'),
  mark: fc.boolean(),
  between: fc.subarray([': OPENROUTER PROCESSING', ': keep-alive', ':', '', 'event: ping', 'data', 'retry: 3000'], {
    maxLength: 3,
  }),
  tight: fc.boolean(),
  spread: fc.boolean(),
  numbered: fc.boolean(),
  unfinished: fc.boolean(),
  nameless: fc.boolean(),
})

const utf8 = new TextEncoder()
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => utf8.encode(text),
)

/** One event as AWS frames it. */
export function awsFrame({ event = '', data }: VendorEvent): Uint8Array {
  const isException = /Exception$/.test(event)
  const header = (value: string) => ({ type: 'string' as const, value })
  return codec.encode({
    headers: {
      ':message-type': header(isException ? 'exception' : 'event'),
      [isException ? ':exception-type' : ':event-type']: header(event),
      ':content-type': header('application/json'),
    },
    body: utf8.encode(data),
  })
}

/** A vendor's events as the bytes that it sends. */
export function framed(events: readonly VendorEvent[], { framing }: Vendor, worn: Clothes = PLAIN): Uint8Array {
  if (framing === 'aws-event-stream') return Buffer.concat(events.map(awsFrame))
  if (framing === 'ndjson') {
    const end = worn.end === '\r' ? '\n' : worn.end
    const lines = events.flatMap(({ data }) => (worn.between.length > 0 ? [data, ''] : [data]))
    return utf8.encode((worn.mark ? '\ufeff' : '') + lines.join(end) + (worn.unfinished ? '' : end))
  }
  const field = (name: string, value: string) => `${name}:${worn.tight ? '' : ' '}${value}${worn.end}`
  const said = events.map(({ event, data }, at) =>
    [
      worn.numbered ? field('id', String(at)) : '',
      event === undefined || (worn.nameless && JSON.parse(data).type === event) ? '' : field('event', event),
      ...linesOf(data, worn.spread).map((line) => field('data', line)),
      at === events.length - 1 && worn.unfinished ? '' : worn.end,
    ].join(''),
  )
  const [first] = worn.between
  const pause = first === undefined ? '' : worn.between.map((line) => `${line}${worn.end}${worn.end}`).join('')
  return utf8.encode((worn.mark ? '\ufeff' : '') + pause + said.join(pause))
}

function linesOf(data: string, spread: boolean): readonly string[] {
  return spread && data !== '[DONE]' ? JSON.stringify(JSON.parse(data), null, 1).split('\n') : [data]
}

/** The bytes, cut at these places. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((to, at) => bytes.subarray(places[at], to))
}
