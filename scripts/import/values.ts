import type { SourceRow } from './source.ts'

export function object(value: unknown): Readonly<Record<string, unknown>> {
  const parsed = typeof value === 'string' ? parse(value) : value
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? (parsed as Record<string, unknown>)
    : {}
}

export function array(value: unknown): readonly unknown[] {
  const parsed = typeof value === 'string' ? parse(value) : value
  return Array.isArray(parsed) ? parsed : []
}

export const strings = (value: unknown): readonly string[] => array(value).map(String)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Counts of 64 bits come as text. */
export const number = (value: unknown): number | null => (value == null ? null : Number(value))

export const isEmpty = (value: unknown): boolean =>
  value == null || value === '' || value === false || (typeof value === 'object' && Object.keys(value).length === 0)

export const id = (row: SourceRow, column: string): string => String(row[column] ?? '')

/** The same text for the same value, however its keys are ordered. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner)
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
