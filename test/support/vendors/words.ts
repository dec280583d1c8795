import { type Fields, isFields } from '../../../src/dialects/loose-json.ts'

/** What a vendor understood of a request, in nobody's dialect. Read by its documentation, not by our code. */
export interface Heard {
  readonly system: string
  readonly turns: readonly HeardTurn[]
  readonly tools: readonly string[]
  /** The schema that the answer is to follow, or the name of the one tool that must be called for it. */
  readonly schema?: unknown
  readonly thinks: boolean
  /** A tool that the request forces, where the vendor's schema travels as one. */
  readonly forced?: string
}

export interface HeardTurn {
  readonly role: 'user' | 'model' | 'tool'
  readonly text: string
  /** Base64 of the pictures. */
  readonly images: readonly string[]
  readonly calls: readonly SaidCall[]
  readonly results: readonly { readonly name: string; readonly text: string }[]
  /** Signatures, or, where the vendor signs nothing, the thoughts themselves. */
  readonly thoughts: readonly string[]
}

export interface SaidCall {
  readonly name: string
  readonly args: Fields
}

/** What a model says. */
export interface Said {
  readonly text?: string
  readonly calls?: readonly SaidCall[]
  readonly thought?: string
}

/** A stand-in for one vendor: it judges a request by the vendor's documented rules and answers in the vendor's format. */
export interface FakeVendor {
  /** Breaches of the vendor's rules go into `faults`; one is enough for a refusal. */
  hear(body: Fields, faults: string[]): Heard
  whole(said: Said): object
  /** The bytes of the stream, and how they are announced. */
  stream(said: Said): { readonly type: string; readonly bytes: Buffer }
  refusal(message: string): object
}

export const TEXT = 'Grüße aus 東京 – 🎉'
export const THOUGHT = 'Der Nutzer fragt höflich; ich prüfe 天気.'
export const CITY = 'Zürich "Süd"\n東'
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** Of 11 tokens read 4 were cached; of 8 written, 3 were thought. */
export const TOKENS = { input: 11, cached: 4, output: 8, reasoning: 3 }
export const WEATHER: SaidCall = { name: 'get_weather', args: { city: CITY, days: 2, deep: { list: [1, null, 'x'] } } }
export const CLOCK: SaidCall = { name: 'clock', args: {} }
export const SHAPED = { name: 'Ada', age: 36 }
export const SUNNY = 'Sunny, 21 °C'

/** What the model says to a conversation: the first user's mark names the scenario, results make it the second turn. */
export function answerTo({ turns, thinks, forced }: Heard): Said {
  const mark = /\[(\w+)/.exec(turns.find(({ role }) => role === 'user')?.text ?? '')?.[1]
  const thought = thinks ? { thought: THOUGHT } : {}
  const second = turns.some(({ results }) => results.length > 0)
  if (mark === 'structured')
    return forced === undefined ? { text: JSON.stringify(SHAPED) } : { calls: [{ name: forced, args: SHAPED }] }
  if (second || (mark !== 'tools' && mark !== 'parallel' && mark !== 'results' && mark !== 'reasoning'))
    return { ...thought, text: TEXT }
  if (mark === 'tools' || mark === 'reasoning') return { ...thought, calls: [WEATHER] }
  return { calls: [WEATHER, CLOCK] }
}

/** A field of tomorrow: every vendor takes it, and says it in answers to those who sent it. */
export const TOMORROW = 'x_tomorrow'

/** A breach for every field that is not among the vendor's. */
export function only(of: unknown, names: string, at: string, faults: string[]): Fields {
  if (!isFields(of)) {
    faults.push(`${at} must be an object`)
    return {}
  }
  const known = names.split(' ')
  for (const name of Object.keys(of))
    if (!known.includes(name) && name !== TOMORROW) faults.push(`${at}.${name} is unknown`)
  return of
}

/** A text in pieces that cut through what a naive reader would hope to find whole. */
export function pieces(text: string): string[] {
  const points = [...text]
  const size = Math.max(1, Math.ceil(points.length / 4))
  return Array.from({ length: Math.ceil(points.length / size) }, (_, n) =>
    points.slice(n * size, (n + 1) * size).join(''),
  )
}

export function sse(events: readonly (object | string)[], named = false): { type: string; bytes: Buffer } {
  const lines = events.map((event) => {
    const name = named && typeof event === 'object' && 'type' in event ? `event: ${String(event.type)}\n` : ''
    return `${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
  })
  return { type: 'text/event-stream; charset=utf-8', bytes: Buffer.from(lines.join('')) }
}
