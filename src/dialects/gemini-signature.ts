import { openaiSeal } from './responses-thoughts.ts'

/** A thought that its vendor sealed whole (Anthropic's `redacted_thinking`) travels as a signature that says what it is. */
const SEALED = 'redacted_thinking:'
const FOREIGN = 'signature:'
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function sealedSignature(data: string): string {
  return wrapped(SEALED, data)
}

/** What was sealed, if that is what the signature is. */
export function sealedIn(signature: string): string | undefined {
  return unwrapped(SEALED, signature)
}

/** A signature as Google's SDKs can read it: what is no base64, as OpenAI's are here, is wrapped in it. */
export function signatureAsBase64(signature: string): string {
  return openaiSeal(signature) ? wrapped(FOREIGN, signature) : signature
}

function wrapped(mark: string, data: string): string {
  return btoa(Array.from(encoder.encode(mark + data), (byte) => String.fromCharCode(byte)).join(''))
}

/** Some of Google's SDKs write base64 for addresses. */
function unwrapped(mark: string, signature: string): string | undefined {
  try {
    const binary = atob(signature.replaceAll('-', '+').replaceAll('_', '/'))
    if (!binary.startsWith(mark)) return undefined
    return decoder.decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))).slice(mark.length)
  } catch {
    return undefined
  }
}

/**
 * A signature as its vendor wrote it. Some of Google's SDKs read base64 and write it again for addresses, which Google
 * itself takes either way and Claude does not.
 */
export function signatureAsWritten(signature: string): string {
  const foreign = unwrapped(FOREIGN, signature)
  if (foreign !== undefined) return foreign
  if (!/[-_]/.test(signature) || !isClaudes(signature)) return signature
  return signature.replaceAll('-', '+').replaceAll('_', '/')
}

/**
 * Whether a signature is one of Claude's, which Google would refuse: a message of kind 2 whose first field is a message
 * that begins with a version number, where Google's begins with sealed bytes. A thought does not need its signature, so a
 * wrong guess costs little.
 */
export function isClaudes(signature: string): boolean {
  const bytes = head(signature)
  if (bytes[0] !== 0x12) return false
  const inner = afterLength(bytes, 1)
  return bytes[inner] === 0x0a && bytes[afterLength(bytes, inner + 1)] === 0x08
}

function head(signature: string): Uint8Array {
  const start = signature.slice(0, 24)
  if (start.length < 24 || !/^[\w+/-]+$/.test(start)) return new Uint8Array()
  return Uint8Array.from(atob(start.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
}

/** The place after a protobuf length, whose bytes but the last have their high bit set. */
function afterLength(bytes: Uint8Array, from: number): number {
  let at = from
  while ((bytes[at] ?? 0) >= 0x80) at += 1
  return at + 1
}
