export interface InlineData {
  /** Without parameters, in lower case; empty when nothing was said. */
  readonly mediaType: string
  readonly base64: string
}

/** The bytes of a `data:` URL as base64; undefined for any other address, and for what is no base64. */
export function dataUrl(url: string): InlineData | undefined {
  const match = /^data:([^,]*),/i.exec(url)
  if (!match) return undefined
  const [mediaType = '', ...parameters] = (match[1] ?? '').split(';').map((word) => word.trim().toLowerCase())
  const written = url.slice(match[0].length)
  const base64 = parameters.includes('base64') ? written.replace(/\s+/g, '') : encoded(written)
  return base64 === undefined ? undefined : { mediaType, base64 }
}

/** Text in a data URL, percent-encoded. */
function encoded(written: string): string | undefined {
  try {
    return btoa(
      Array.from(new TextEncoder().encode(decodeURIComponent(written)), (byte) => String.fromCharCode(byte)).join(''),
    )
  } catch {
    return undefined
  }
}
