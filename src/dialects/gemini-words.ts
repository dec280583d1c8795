import { GatewayError } from '../errors.ts'
import type { Fields } from './loose-json.ts'

/** Google's APIs read every field in camel and in snake case; so does everything here. */
export function word(from: Fields, name: string): unknown {
  return from[name] ?? from[snakeOf(name)]
}

export function snakeOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export function camelOf(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** A thought that its vendor sealed whole (Anthropic's `redacted_thinking`) travels as a signature that says what it is. */
const SEALED = 'redacted_thinking:'
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function sealedSignature(data: string): string {
  return btoa(Array.from(encoder.encode(SEALED + data), (byte) => String.fromCharCode(byte)).join(''))
}

/** What was sealed, if that is what the signature is. Some of Google's SDKs write base64 for addresses. */
export function sealedIn(signature: string): string | undefined {
  try {
    const binary = atob(signature.replaceAll('-', '+').replaceAll('_', '/'))
    if (!binary.startsWith(SEALED)) return undefined
    return decoder.decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))).slice(SEALED.length)
  } catch {
    return undefined
  }
}

export function unreadable(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}
