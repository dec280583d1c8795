/** What the meter wants to know of a chat event before anything is parsed. Offsets are into the scanned bytes. */
export interface Scan {
  /** One complete JSON object, as far as brackets, strings and words tell. */
  readonly whole: boolean
  /** The top-level `model`, quotes included; -1 when there is none. */
  readonly modelStart: number
  readonly modelEnd: number
  readonly hasUsage: boolean
  readonly hasError: boolean
  readonly hasChoices: boolean
  readonly hasFinish: boolean
  /** Something of an answer: text, a tool's name or arguments, sound. */
  readonly hasContent: boolean
  /** Characters of the answer that were billed as text. */
  readonly chars: number
  /** The inside of a message's `content`, where that is all there is of an answer; -1 where there is none. */
  readonly textStart: number
  readonly textEnd: number
  /** There is more than one text, or something else than text. */
  readonly mixed: boolean
}

const QUOTE = 34
const BACKSLASH = 92
const COLON = 58
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93

const bytesOf = (text: string) => new TextEncoder().encode(text)

const MODEL = bytesOf('model')
const USAGE = bytesOf('usage')
const ERROR = bytesOf('error')
const OBJECT = bytesOf('object')
const CHOICES = bytesOf('choices')
const FINISH_REASON = bytesOf('finish_reason')
const DATA = bytesOf('data')
const CONTENT = bytesOf('content')
const TEXTS = ['reasoning_content', 'reasoning', 'refusal', 'arguments', 'name', 'transcript'].map(bytesOf)
/** `{"choices":[{"delta":{`. */
const DELTA_DEPTH = 4
const NULL = bytesOf('null')
const TRUE = bytesOf('true')
const FALSE = bytesOf('false')

/** One pass over an event's bytes that decodes and allocates nothing: a stream has thousands, and each is looked at. */
export function scan(bytes: Uint8Array, from = 0, to = bytes.length): Scan {
  let modelStart = -1
  let modelEnd = -1
  let hasUsage = false
  let hasError = false
  let hasChoices = false
  let hasFinish = false
  let hasContent = false
  let chars = 0
  let textStart = -1
  let textEnd = -1
  let mixed = false
  let depth = 0
  let inChoices = false
  let closed = false

  let at = skipSpace(bytes, from, to)
  while (at < to) {
    const byte = bytes[at]
    if (closed || (depth === 0 && byte !== OPEN_BRACE)) break
    if (byte === QUOTE) {
      const end = endOfString(bytes, at, to)
      if (end < 0) break
      const next = skipSpace(bytes, end, to)
      if (bytes[next] !== COLON) {
        at = next
        continue
      }
      const value = skipSpace(bytes, next + 1, to)
      const isText = bytes[value] === QUOTE
      if (depth === 1) {
        inChoices = equals(bytes, at + 1, end - 1, CHOICES)
        if (inChoices)
          hasChoices = bytes[value] === OPEN_BRACKET && bytes[skipSpace(bytes, value + 1, to)] !== CLOSE_BRACKET
        else if (isText && modelStart < 0 && equals(bytes, at + 1, end - 1, MODEL)) {
          modelStart = value
          modelEnd = endOfString(bytes, value, to)
        } else if (equals(bytes, at + 1, end - 1, USAGE)) hasUsage = bytes[value] === OPEN_BRACE
        else if (equals(bytes, at + 1, end - 1, ERROR)) hasError ||= !isFalsy(bytes, value)
        else if (isText && equals(bytes, at + 1, end - 1, OBJECT))
          hasError ||= equals(bytes, value + 1, endOfString(bytes, value, to) - 1, ERROR)
      } else if (inChoices && isText) {
        if (equals(bytes, at + 1, end - 1, FINISH_REASON)) hasFinish ||= bytes[value + 1] !== QUOTE
        else {
          const isContent = equals(bytes, at + 1, end - 1, CONTENT)
          if (isContent || isOneOf(bytes, at + 1, end - 1, TEXTS)) {
            const last = endOfString(bytes, value, to) - 1
            const count = charsIn(bytes, value + 1, last)
            chars += count
            if (count > 0) {
              hasContent = true
              if (isContent && depth === DELTA_DEPTH && textStart < 0) {
                textStart = value + 1
                textEnd = last
              } else mixed = true
            }
          } else if (equals(bytes, at + 1, end - 1, DATA)) {
            hasContent = true
            mixed = true
          }
        }
      }
      at = value
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      closed = depth === 0
    } else if (byte !== undefined && isLetter(byte)) {
      const length = wordLength(bytes, at)
      if (length === 0) break
      at += length - 1
    } else if (byte === undefined || !isPunctuation(byte)) break
    at = skipSpace(bytes, at + 1, to)
  }
  const whole = closed && at >= to
  return {
    whole,
    modelStart,
    modelEnd,
    hasUsage,
    hasError,
    hasChoices,
    hasFinish,
    hasContent,
    chars,
    textStart,
    textEnd,
    mixed,
  }
}

/** The place after the closing quote of the string that begins here; -1 when it does not end. */
function endOfString(bytes: Uint8Array, start: number, to: number): number {
  for (let at = start + 1; at < to; at++) {
    if (bytes[at] === BACKSLASH) at += 1
    else if (bytes[at] === QUOTE) return at + 1
  }
  return -1
}

/** Characters of a JSON string's inside: bytes that begin one, an escape counting as one. */
function charsIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === BACKSLASH) at += bytes[at + 1] === 117 ? 5 : 1
    if ((byte & 0xc0) !== 0x80) count += 1
  }
  return count
}

function skipSpace(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && (bytes[at] === 32 || bytes[at] === 10 || bytes[at] === 13 || bytes[at] === 9)) at += 1
  return at
}

function equals(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  return end - start === word.length && startsWith(bytes, start, word)
}

function isOneOf(bytes: Uint8Array, start: number, end: number, words: readonly Uint8Array[]): boolean {
  for (const word of words) if (equals(bytes, start, end, word)) return true
  return false
}

function startsWith(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false
  return true
}

/** `null`, `false` or an empty text: how servers write that there is none. */
function isFalsy(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === QUOTE) return bytes[at + 1] === QUOTE
  return startsWith(bytes, at, NULL) || startsWith(bytes, at, FALSE)
}

/** Of the three words that JSON has, the one that stands here. */
function wordLength(bytes: Uint8Array, at: number): number {
  if (startsWith(bytes, at, NULL) || startsWith(bytes, at, TRUE)) return 4
  return startsWith(bytes, at, FALSE) ? 5 : 0
}

function isLetter(byte: number): boolean {
  return byte >= 97 && byte <= 122 && byte !== 101
}

/** Commas, colons, and what numbers are written with. */
function isPunctuation(byte: number): boolean {
  return (
    byte === 44 ||
    byte === COLON ||
    byte === 43 ||
    byte === 45 ||
    byte === 46 ||
    byte === 69 ||
    byte === 101 ||
    (byte >= 48 && byte <= 57)
  )
}
