import { hex } from './key.ts'

const IV_BYTES = 16
const HASH_BYTES = 32
const encoder = new TextEncoder()

/**
 * What a caller is told as the key of an answer: each tenant another, so that it says nothing about what others ask, and
 * whoever has the gateway's secret can tell the entry from it.
 */
export interface ShownKeys {
  show(hash: string, tenant: string): Promise<string>
  /** Undefined for what was never shown. */
  hashOf(shown: string): Promise<string | undefined>
}

/** AES-CBC of the hash, begun with the tenant's name under the same secret. */
export function shownKeys(secret: string): ShownKeys {
  const digest = crypto.subtle.digest('SHA-256', encoder.encode(`tollgate cache keys\n${secret}`))
  const key = digest.then((raw) => crypto.subtle.importKey('raw', raw, 'AES-CBC', false, ['encrypt', 'decrypt']))
  const beginnings = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()

  const beginningOf = (tenant: string) => {
    if (beginnings.size > 5_000) beginnings.clear()
    const known = beginnings.get(tenant) ?? beginning(tenant)
    beginnings.set(tenant, known)
    return known
  }
  async function beginning(tenant: string): Promise<Uint8Array<ArrayBuffer>> {
    const named = await crypto.subtle.digest('SHA-256', encoder.encode(`${secret}\n${tenant}`))
    return new Uint8Array(named).slice(0, IV_BYTES)
  }

  return {
    async show(hash, tenant) {
      const iv = await beginningOf(tenant)
      const sealed = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, await key, bytesOf(hash))
      return btoa(String.fromCharCode(...iv, ...new Uint8Array(sealed)))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replaceAll('=', '')
    },
    async hashOf(shown) {
      try {
        const bytes = Uint8Array.from(atob(shown.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
        const iv = bytes.slice(0, IV_BYTES)
        const opened = await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, await key, bytes.slice(IV_BYTES))
        const hash = new Uint8Array(opened)
        return hash.length === HASH_BYTES ? hex(hash) : undefined
      } catch {
        return undefined
      }
    },
  }
}

function bytesOf(hash: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hash.length / 2 }, (_, at) => Number.parseInt(hash.slice(at * 2, at * 2 + 2), 16))
}
