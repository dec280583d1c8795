/** JSON that others wrote. Every look at it is total: a field of the wrong kind is as good as absent. */
export type Fields = Readonly<Record<string, unknown>>

const NOTHING: Fields = Object.freeze({})

export function fields(value: unknown): Fields {
  return isFields(value) ? value : NOTHING
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text with something in it. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A place in a list: some servers write it as text. */
export function place(value: unknown): number | undefined {
  const index = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : undefined
}

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The entries that say something; null is how most vendors write nothing. */
export function present<T extends object>(
  entries: { readonly [K in keyof T]: T[K] | null | undefined },
): {
  [K in keyof T]?: NonNullable<T[K]>
} {
  const said: { [K in keyof T]?: NonNullable<T[K]> } = {}
  for (const key in entries) {
    const value = entries[key]
    if (value !== undefined && value !== null) said[key] = value
  }
  return said
}
