import type { ChatCompletion } from '../dialects/chat.ts'
import type { DialectName } from '../dialects/dialect.ts'

/** An answer as it is kept: in no caller's words, so that any caller's dialect can tell it, streamed or whole. */
export interface KeptChat {
  readonly kind: 'chat'
  readonly answer: ChatCompletion
  /** The very text that was sent, for callers of the same dialect, where the vendor's own words were passed on. */
  readonly original?: { readonly dialect: DialectName; readonly body: string }
}

/** The vector of one text, as it was printed: numbers, or their bytes in base64. */
export interface KeptVector {
  readonly kind: 'vector'
  readonly vector: readonly number[] | string
  readonly tokens: number
}

export interface Entry {
  readonly v: 1
  readonly what: KeptChat | KeptVector
  /** The deployment that gave it. */
  readonly deployment: string
  readonly storedAtMs: number
  readonly expiresAtMs: number
  /** What it cost, in nano-USD, and how long it took: what each hit saves. */
  readonly costNano: string
  readonly tookMs: number
}

/** Undefined for what this version did not write. */
export function entryOf(text: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  const { v, what, storedAtMs, expiresAtMs, costNano }: { readonly [K in keyof Entry]?: unknown } = value
  if (v !== 1 || typeof what !== 'object' || what === null || !('kind' in what)) return false
  if (typeof storedAtMs !== 'number' || typeof expiresAtMs !== 'number') return false
  return typeof costNano === 'string' && /^\d{1,18}$/.test(costNano)
}
