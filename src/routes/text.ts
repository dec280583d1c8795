import * as z from 'zod'

/** Postgres stores no NUL and no half of a surrogate pair. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (Array.isArray(value)) return value.every(isStorable)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner))
}

const UNSTORABLE = 'must be text without NUL characters and broken surrogates'

/** A name, an id, an alias: short enough for every index. */
export const name = z.string().min(1).max(256).refine(isStorable, UNSTORABLE)

export const metadata = z.record(z.string(), z.unknown()).refine(isStorable, UNSTORABLE)
