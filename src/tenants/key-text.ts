const encoder = new TextEncoder()

/** SHA-256 of a key: the only form of it that is ever kept. */
export async function digestOf(key: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(key)))
}

export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** What LiteLLM calls the token of a key. */
export async function hashOf(key: string): Promise<string> {
  return hexOf(await digestOf(key))
}

/** A key may be named by itself or by its hash, as in LiteLLM. */
export function tokenOf(keyOrHash: string): Promise<string> | string {
  return /^[0-9a-f]{64}$/.test(keyOrHash) ? keyOrHash : hashOf(keyOrHash)
}

/** `sk-` and 128 random bits, safe in URLs and headers. */
export function newKeyText(random: (bytes: Uint8Array) => Uint8Array): string {
  const bytes = random(new Uint8Array(16))
  const base64 = btoa(String.fromCharCode(...bytes))
  return `sk-${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** `sk-...last4`: enough to recognise a key by, too little to use. Short ones show nothing. */
export function keyNameOf(key: string): string {
  return key.length < 12 ? 'sk-...' : `sk-...${key.slice(-4)}`
}
