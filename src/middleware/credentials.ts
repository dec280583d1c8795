/** LiteLLM's order: the first header that says something decides. */
const HEADERS = [
  'x-litellm-api-key',
  'authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
] as const

/**
 * The key a request presents, bare of its scheme. A configured header name is the only place looked at, as in LiteLLM.
 */
export function presentedKey(headers: Headers, headerName?: string): string | undefined {
  for (const name of headerName === undefined ? HEADERS : [headerName]) {
    const value = headers.get(name)?.trim()
    if (value) return withoutScheme(value)
  }
  return headerName === undefined ? keyAmong(protocolsOf(headers)) : undefined
}

/** What OpenAI's clients in browsers, which cannot send headers with a WebSocket, put before their key. */
const IN_PROTOCOL = 'openai-insecure-api-key.'

function keyAmong(protocols: readonly string[]): string | undefined {
  return protocols.find((one) => one.startsWith(IN_PROTOCOL))?.slice(IN_PROTOCOL.length) || undefined
}

const NONE: readonly string[] = []

/** The protocols that the opening of a WebSocket offers. */
export function protocolsOf(headers: Headers): readonly string[] {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return NONE
  return (
    headers
      .get('sec-websocket-protocol')
      ?.split(',')
      .map((one) => one.trim()) ?? NONE
  )
}

function withoutScheme(value: string): string {
  const [, scheme, rest] = /^(bearer|basic)\s+(.*)$/i.exec(value) ?? []
  if (scheme === undefined || rest === undefined) return value
  return scheme.toLowerCase() === 'basic' ? basicKey(rest.trim()) : rest.trim()
}

/** `Basic` carries the key itself, or base64 of `user:password` with the key as either. */
function basicKey(text: string): string {
  if (text.startsWith('sk-')) return text
  const decoded = fromBase64(text)
  if (decoded === undefined) return text
  const colon = decoded.indexOf(':')
  if (colon < 0) return decoded
  const password = decoded.slice(colon + 1)
  return password === '' ? decoded.slice(0, colon) : password
}

function fromBase64(text: string): string | undefined {
  try {
    return atob(text)
  } catch {
    return undefined
  }
}
