import type { KeyRing } from '../seal.ts'

/** A person who is signed in. Who the person is and what the person may do is read anew with each request. */
export interface Session {
  readonly userId: string
  readonly expiresAtMs: number
}

/** What a sign-in that is under way must remember until the identity provider sends the browser back. */
export interface Started {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string
  readonly expiresAtMs: number
}

/** So long a person stays signed in; the identity provider's own session makes the next sign-in silent. */
export const SESSION_MS = 2 * 3_600_000
export const STARTED_MS = 10 * 60_000

/**
 * Cookies that only this gateway can write and read: sealed with the salt key, out of reach of scripts, sent over TLS to
 * this host alone and not along with what other sites post. `__Host-` keeps other hosts of the domain from setting them.
 */
export interface Cookies {
  /** A `set-cookie` header. */
  session(session: Session, nowMs: number): Promise<string>
  started(started: Started, nowMs: number): Promise<string>
  /** Undefined when there is none, it has ended, or we did not write it. */
  sessionIn(header: string | null, nowMs: number): Promise<Session | undefined>
  startedIn(header: string | null, nowMs: number): Promise<Started | undefined>
}

const SESSION = '__Host-tollgate-session'
const STARTED = '__Host-tollgate-sign-in'
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax'

export const endedSession = `${SESSION}=; ${ATTRIBUTES}; Max-Age=0`
export const endedStart = `${STARTED}=; ${ATTRIBUTES}; Max-Age=0`

/** Asks nobody, so that who has no cookie costs nothing. */
export function hasSession(header: string | null): boolean {
  return header?.includes(`${SESSION}=`) === true
}

export function cookies(ring: () => KeyRing): Cookies {
  async function sealed(name: string, value: { readonly expiresAtMs: number }, nowMs: number): Promise<string> {
    const { keyId, text } = await ring().seal(JSON.stringify(value), name)
    const seconds = Math.floor((value.expiresAtMs - nowMs) / 1000)
    return `${name}=${keyId}.${text}; ${ATTRIBUTES}; Max-Age=${seconds}`
  }

  async function opened<T extends { readonly expiresAtMs: number }>(
    name: string,
    header: string | null,
    nowMs: number,
  ): Promise<T | undefined> {
    const value = cookieIn(name, header)
    const dot = value?.indexOf('.') ?? -1
    if (value === undefined || dot < 0) return undefined
    const text = await ring().open({ keyId: value.slice(0, dot), text: value.slice(dot + 1) }, name)
    // We wrote what opens, under this very name.
    const found = text === undefined ? undefined : (JSON.parse(text) as T)
    return found && found.expiresAtMs > nowMs ? found : undefined
  }

  return {
    session: (session, nowMs) => sealed(SESSION, session, nowMs),
    started: (started, nowMs) => sealed(STARTED, started, nowMs),
    sessionIn: (header, nowMs) => opened<Session>(SESSION, header, nowMs),
    startedIn: (header, nowMs) => opened<Started>(STARTED, header, nowMs),
  }
}

function cookieIn(name: string, header: string | null): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const equals = part.indexOf('=')
    if (part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim()
  }
  return undefined
}
