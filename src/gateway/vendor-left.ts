/** What a vendor says its account has left of its own limits. */
export interface VendorLeft {
  readonly requests?: number
  readonly tokens?: number
}

/** OpenAI's names, which others use too, and Anthropic's. */
const NAMES = {
  requests: ['x-ratelimit-remaining-requests', 'anthropic-ratelimit-requests-remaining'],
  tokens: ['x-ratelimit-remaining-tokens', 'anthropic-ratelimit-tokens-remaining'],
} as const

/** As a field of an outcome; nothing where the vendor says nothing that is a number. */
export function leftIn(headers: Headers): { readonly left?: VendorLeft } {
  const requests = numberIn(headers, NAMES.requests)
  const tokens = numberIn(headers, NAMES.tokens)
  if (requests === undefined && tokens === undefined) return {}
  return { left: { ...(requests === undefined ? {} : { requests }), ...(tokens === undefined ? {} : { tokens }) } }
}

function numberIn(headers: Headers, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = headers.get(name)
    if (value !== null && /^\d{1,15}$/.test(value)) return Number(value)
  }
  return undefined
}
