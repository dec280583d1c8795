const IV_BYTES = 12
const KEY_ID_BYTES = 8

/** Text that only who has the salt key can read, and only in the place that it was sealed for. */
export interface Sealer {
  /** Names the key, and tells nothing of it: stored with what it sealed. */
  readonly keyId: Promise<string>
  seal(text: string, place: string): Promise<string>
  /** Undefined when the key, the place or the text is another. */
  open(sealed: string, place: string): Promise<string | undefined>
}

/** AES-256-GCM under a key derived from the salt key; the place is authenticated along. */
export function sealer(saltKey: string, randomBytes: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): Sealer {
  const encoder = new TextEncoder()
  const derive = async (purpose: string) => {
    const base = await crypto.subtle.importKey('raw', encoder.encode(saltKey), 'HKDF', false, ['deriveBits'])
    const info = encoder.encode(purpose)
    const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
    return new Uint8Array(await crypto.subtle.deriveBits(params, base, 256))
  }
  const bytes = derive('tollgate responses')
  const key = bytes.then((raw) => crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']))
  const gcm = (iv: Uint8Array<ArrayBuffer>, place: string) => ({
    name: 'AES-GCM',
    iv,
    additionalData: encoder.encode(place),
  })
  return {
    keyId: derive('tollgate responses: name of the key').then((name) => hex(name.subarray(0, KEY_ID_BYTES))),
    async seal(text, place) {
      const iv = new Uint8Array(IV_BYTES)
      randomBytes(iv)
      const sealed = await crypto.subtle.encrypt(gcm(iv, place), await key, encoder.encode(text))
      return `${base64(iv)}.${base64(new Uint8Array(sealed))}`
    },
    async open(sealed, place) {
      const [iv = '', data = ''] = sealed.split('.', 2)
      try {
        const plain = await crypto.subtle.decrypt(gcm(fromBase64(iv), place), await key, fromBase64(data))
        return new TextDecoder().decode(plain)
      } catch {
        return undefined
      }
    },
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** In pieces, since a call has only so many arguments. */
export function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

/** What was sealed, beside the name of its key. */
export interface Sealed {
  readonly keyId: string
  readonly text: string
}

/** Several salt keys while one takes over from another: the first seals, each opens what it sealed. */
export interface KeyRing {
  seal(text: string, place: string): Promise<Sealed>
  /** Undefined when none of the keys sealed it here. */
  open(sealed: Sealed, place: string): Promise<string | undefined>
}

export function keyRing(sealers: readonly [Sealer, ...Sealer[]]): KeyRing {
  const [first] = sealers
  return {
    seal: async (text, place) => ({ keyId: await first.keyId, text: await first.seal(text, place) }),
    async open({ keyId, text }, place) {
      for (const one of sealers) {
        if ((await one.keyId) === keyId) return one.open(text, place)
      }
      return undefined
    },
  }
}
