/** JSON that `jsonb` accepts: without NUL and without half surrogate pairs, wherever a vendor or caller put them. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_, item: unknown) => {
    if (typeof item === 'string') return storableText(item)
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [storableText(key), inner]))
  })
}

function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
