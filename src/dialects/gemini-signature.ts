import { openaiSeal } from './responses-thoughts.ts'
import { signerOf } from './signer.ts'

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
  if (!/[-_]/.test(signature) || signerOf(signature) !== 'anthropic') return signature
  return signature.replaceAll('-', '+').replaceAll('_', '/')
}
