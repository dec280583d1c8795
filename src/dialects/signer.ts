import { openaiSeal } from './responses-thoughts.ts'

/** Those whose signatures can be told from others. */
export type Signer = 'anthropic' | 'google' | 'openai'

/**
 * Who made a signature or a sealed thought, by its first bytes; undefined when nobody here can tell. Claude's and Google's
 * are protobuf in base64: Claude's inner message begins with a numbered field, Google's with sealed bytes of version 1.
 * OpenAI's are Fernet tokens, here under their item's id. A vendor refuses what another one made, and a thought does not
 * need its signature, so a wrong guess costs little.
 */
export function signerOf(signature: string): Signer | undefined {
  if (openaiSeal(signature) || signature.startsWith('gAAAAA')) return 'openai'
  const bytes = head(signature)
  const inner = bytes[0] === 0x12 ? afterLength(bytes, 1) : 0
  if (bytes[inner] !== 0x0a) return undefined
  const first = bytes[afterLength(bytes, inner + 1)]
  if (first === 0x01) return 'google'
  return inner > 0 && (first === 0x08 || first === 0x10 || first === 0x18) ? 'anthropic' : undefined
}

/** Whether somebody else made it for sure. */
export function isForeignTo(vendor: Signer | undefined, signature: string): boolean {
  const signer = signerOf(signature)
  return signer !== undefined && signer !== vendor
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
