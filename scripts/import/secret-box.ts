import { createHash } from 'node:crypto'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'

const NONCE_BYTES = 24

/** Opens what LiteLLM sealed: NaCl's SecretBox under the SHA-256 of its salt key, in base64. Undefined: another key, or damaged. */
export function secretBox(saltKey: string): (sealed: string) => string | undefined {
  const key = new Uint8Array(createHash('sha256').update(saltKey).digest())
  return (sealed) => {
    const bytes = new Uint8Array(Buffer.from(sealed, 'base64url'))
    try {
      const plain = xsalsa20poly1305(key, bytes.subarray(0, NONCE_BYTES)).decrypt(bytes.subarray(NONCE_BYTES))
      return new TextDecoder().decode(plain)
    } catch {
      return undefined
    }
  }
}
