import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { endedSession, hasSession, SESSION_MS } from '../identity/session.ts'
import type { Person } from '../identity/sign-in.ts'
import { addressOf } from '../middleware/guard.ts'
import type { Role } from '../tenants/principal.ts'
import { type Arrival, authorOfPerson, enrolled } from './admin/enrol.ts'
import type { AppDeps } from './deps.ts'
import { type Route, route } from './route.ts'

const tag = 'Sign-in'
/** The dashboard's place. */
const HOME = '/ui/'

/** Throws where nobody signs in here. */
function cookieDoor({ identity }: AppDeps) {
  const { byCookie } = identity ?? {}
  if (byCookie) return byCookie
  throw new GatewayError(
    'not_found',
    'Nobody signs in here: no identity provider is set. Set GENERIC_CLIENT_ID, GOOGLE_CLIENT_ID or MICROSOFT_CLIENT_ID (docs/identity.md).',
  )
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}

/** A path of ours, and nothing that a browser takes for another host's. */
const ownPath = z.string().regex(/^\/(?![/\\])[\w\-./~%?=&#]*$/, 'must be a path of this gateway, such as /ui/')

const begin = route({
  method: 'GET',
  paths: ['/sign-in', '/sso/key/generate'],
  access: 'public',
  tag,
  summary: 'Send the browser to the identity provider; it comes back to `return_to`, a path of this gateway.',
  query: z.looseObject({ return_to: ownPath.default(HOME) }),
  async handle({ query, deps, receivedAtMs }) {
    const { location, cookie } = await cookieDoor(deps).signIn().begin(query.return_to, receivedAtMs)
    return redirect(location, [cookie])
  },
})

const text = z.string().max(4_096).optional()

const finish = route({
  method: 'GET',
  paths: ['/sso/callback'],
  access: 'public',
  tag,
  summary: 'Where the identity provider sends the browser back. Sets the cookie of the session.',
  query: z.looseObject({ code: text, state: text, iss: text, error: text }),
  async handle(asked) {
    const { query, request, deps, receivedAtMs: nowMs } = asked
    const { code, state, iss, error } = query
    const { cookies, signIn } = cookieDoor(deps)
    const door = signIn()
    const { guess } = deps.guards
    const address = addressOf(request.headers)
    if (!(await guess.allows(address, nowMs))) throw tooOften(guess.periodMs)
    const cookie = request.headers.get('cookie')
    const { person, returnTo, ended } = await door.finish({ code, state, iss, error }, cookie, nowMs)
    const { userId, userRole } = await knownAs(person, door.defaultRole, asked)
    if (deps.gateway.config.general.onlyAdminsSignIn && !userRole.startsWith('proxy_admin')) {
      throw new GatewayError('forbidden', 'Admins alone sign in here. Ask one of them for a key.', { retry: false })
    }
    const session = await cookies.session({ userId, expiresAtMs: nowMs + SESSION_MS }, nowMs)
    return redirect(returnTo, [session, ended])
  },
})

/** Each time the identity provider is asked, so that nobody tries codes through us. */
const tooOften = (retryAfterMs: number) =>
  new GatewayError('rate_limited', 'Too many sign-ins came from your address. Wait, then begin again at /sign-in.', {
    retryAfterMs,
  })

/**
 * The user that a person is: of the person's id, else the one that an admin made for the address which the provider
 * vouches for, else a new one. A role that the claims say becomes the user's.
 */
async function knownAs(
  person: Person,
  defaultRole: Role,
  arrival: Arrival,
): Promise<{ readonly userId: string; readonly userRole: string }> {
  const { tenantStore: store } = arrival.deps
  const { userId, email, ownsEmail, alias, role } = person
  const invited = async () => {
    if (email === undefined || !ownsEmail) return undefined
    // However the admin wrote it.
    const like = { has: { userEmail: email }, sortBy: 'createdAtMs', sortOrder: 'asc' } as const
    const { found } = await store.list('user', { page: 1, size: 100, ...like })
    return found.find((one) => one.userEmail?.toLowerCase() === email)
  }
  const user = (await store.find('user', [userId])) ?? (await invited())
  if (!user) {
    await enrolled({ userId, email, alias, role, defaultRole }, arrival)
    return { userId, userRole: (await store.find('user', [userId]))?.userRole ?? defaultRole }
  }
  if (role !== undefined && role !== user.userRole)
    await store.update('user', [user.userId], { userRole: role }, authorOfPerson(user.userId, arrival))
  return { userId: user.userId, userRole: role ?? user.userRole }
}

const end = route({
  method: 'POST',
  paths: ['/sign-out'],
  access: 'public',
  tag,
  summary: 'Take the cookie of the session away.',
  handle({ request, deps }) {
    const door = cookieDoor(deps)
    const { headers } = request
    if (hasSession(headers.get('cookie')) && headers.get('origin') !== door.signIn().origin) {
      throw new GatewayError('forbidden', "Only the gateway's own pages sign somebody out.")
    }
    return redirect('/', [endedSession])
  },
})

const me = route({
  method: 'GET',
  paths: ['/me'],
  access: 'key',
  tag,
  summary: 'Who is asking, by session, token or key.',
  out: z.object({
    user_id: z.string().nullable(),
    user_email: z.string().nullable(),
    user_alias: z.string().nullable(),
    user_role: z.string(),
    team_id: z.string().nullable(),
    organization_id: z.string().nullable(),
    signed_in: z.boolean(),
    expires: z.string().nullable(),
  }),
  async handle({ principal, deps }) {
    const { userId, role, teamId = null, organizationId = null, session = false, expiresAtMs } = principal
    const user = userId === undefined ? undefined : await deps.tenantStore.find('user', [userId])
    return {
      user_id: userId ?? null,
      user_email: user?.userEmail ?? null,
      user_alias: user?.userAlias ?? null,
      user_role: role,
      team_id: teamId,
      organization_id: organizationId,
      signed_in: session,
      expires: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
    }
  },
})

export const signInRoutes: readonly Route[] = [begin, finish, end, me]
