/** Where an event's data is. `data` is the frame itself, from `start` to `end`, unless the event had to be rewritten. */
export interface EventData {
  readonly frame: Uint8Array
  readonly start: number
  readonly end: number
  /** `event: error`: a failure whatever its data say. */
  readonly isError: boolean
}

const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const DATA = encoder.encode('data')
const EVENT = encoder.encode('event')
const BOM = [0xef, 0xbb, 0xbf]

/**
 * The data of one server-sent event; undefined for comments and empty events. Data spread over several lines are put on
 * one, which is the same JSON, so that everything after may count on one stretch of bytes.
 */
export function eventData(frame: Uint8Array): EventData | undefined {
  const found = plainData(frame) ?? dataIn(frame)
  return found && (found.start < found.end || found.isError) ? found : undefined
}

/** Nearly every event is one line of data and a blank one. */
function plainData(frame: Uint8Array): EventData | undefined {
  const end = frame.length - 2
  if (!isField(frame, 0, end, DATA) || frame.indexOf(LF) !== end || frame.includes(CR)) return undefined
  return { frame, start: valueStart(frame, DATA.length, end), end, isError: false }
}

function dataIn(frame: Uint8Array): EventData | undefined {
  const lines: { start: number; end: number }[] = []
  let isError = false
  let at = BOM.every((byte, i) => frame[i] === byte) ? BOM.length : 0
  while (at < frame.length) {
    const end = lineEnd(frame, at)
    if (isField(frame, at, end, DATA)) lines.push({ start: valueStart(frame, at + DATA.length, end), end })
    else if (isField(frame, at, end, EVENT))
      isError = decoder.decode(frame.subarray(valueStart(frame, at + EVENT.length, end), end)) === 'error'
    at = end + (frame[end] === CR && frame[end + 1] === LF ? 2 : 1)
  }
  const [first] = lines
  if (first === undefined) return undefined
  if (lines.length === 1) return { frame, ...first, isError }
  const joined = lines.map(({ start, end }) => decoder.decode(frame.subarray(start, end))).join(' ')
  const rewritten = encoder.encode(`data: ${joined}\n\n`)
  return { frame: rewritten, start: 6, end: rewritten.length - 2, isError }
}

function lineEnd(frame: Uint8Array, from: number): number {
  let at = from
  while (at < frame.length && frame[at] !== LF && frame[at] !== CR) at += 1
  return at
}

function isField(frame: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start < name.length) return false
  for (let i = 0; i < name.length; i++) if (frame[start + i] !== name[i]) return false
  return start + name.length === end || frame[start + name.length] === COLON
}

function valueStart(frame: Uint8Array, afterName: number, end: number): number {
  const start = Math.min(afterName + 1, end)
  return start < end && frame[start] === SPACE ? start + 1 : start
}
