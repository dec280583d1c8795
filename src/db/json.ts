/** JSON that `jsonb` accepts: without NUL and without half surrogate pairs, wherever a vendor or caller put them. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value ?? null)
  // Both can only stand in it as escapes; few texts have any, and most of those are others.
  return /\\u(?:0000|d)/.test(json) ? cleanJson(value) : json
}

function cleanJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'string') return storableText(item)
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [storableText(key), inner]))
  })
}

function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
