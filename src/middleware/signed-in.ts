import { GatewayError } from '../errors.ts'
import { type Cookies, hasSession } from '../identity/session.ts'
import type { Moment, Tenants } from '../tenants/port.ts'
import type { Principal } from '../tenants/principal.ts'
import { mustBeActive } from '../tenants/standing.ts'

export interface SessionDoor {
  readonly cookies: Cookies
  /** Where the gateway's own pages come from. */
  readonly origin: string
  readonly tenants: Tenants
}

/** Whether a request brings the cookie of somebody who is signed in. Asks nobody. */
export function bringsSession(headers: Headers): boolean {
  return hasSession(headers.get('cookie'))
}

const READS = ['GET', 'HEAD']

/**
 * The person who is signed in, with the rights that the person has now: a role that changes and a person who is blocked
 * count as soon as they do for a key. Throws where the session has ended, or another site makes the browser ask.
 */
export async function signedIn(request: Request, door: SessionDoor, moment: Moment): Promise<Principal> {
  const { headers, method } = request
  if (!READS.includes(method) && !isOwn(headers, door.origin)) throw foreign()
  const session = await door.cookies.sessionIn(headers.get('cookie'), moment.nowMs)
  if (!session) throw ended()
  const principal = await door.tenants.withoutKey({ userId: session.userId }, moment)
  if (!principal) throw ended()
  mustBeActive(principal, moment.nowMs)
  return { ...principal, session: true, expiresAtMs: session.expiresAtMs }
}

/** Browsers say where a changing request comes from; who says nothing is no browser, and has no business with a cookie. */
function isOwn(headers: Headers, origin: string): boolean {
  return headers.get('origin') === origin
}

const ended = () =>
  new GatewayError('auth_error', 'Authentication Error, your session has ended. Sign in again at /sign-in.', {
    retry: false,
  })

const foreign = () =>
  new GatewayError(
    'forbidden',
    "Only the gateway's own pages may change something with a session. Send a key instead, as `Authorization: Bearer sk-...`.",
    { retry: false },
  )
