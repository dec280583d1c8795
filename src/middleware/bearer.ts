import type { JwtSettings } from '../config/identity.ts'
import { GatewayError } from '../errors.ts'
import type { Bearing } from '../identity/claims.ts'
import type { Tokens } from '../identity/tokens.ts'
import type { Moment, Tenants } from '../tenants/port.ts'
import type { Principal } from '../tenants/principal.ts'
import { masterPrincipal } from '../tenants/principal-of.ts'
import { entityName } from '../tenants/scope.ts'
import type { Bearer } from '../tenants/without-key.ts'

/** Who comes for the first time, as a token says. */
export interface Newcomer {
  readonly userId: string
  readonly email?: string | undefined
  readonly teamId?: string | undefined
}

export interface TokenDoor {
  readonly tokens: Tokens
  readonly settings: JwtSettings
  readonly tenants: Tenants
  /** Makes the user and the membership that are not there yet. */
  readonly enrol: (newcomer: Newcomer) => Promise<void>
}

/** With it a caller says which of its token's teams it acts for. */
const TEAM_HEADER = 'x-litellm-team-id'
/** How long the team that was chosen for a token stays chosen, though one before it may have been made meanwhile. */
const CHOSEN_MS = 60_000

interface Made {
  readonly of: Principal
  readonly principal: Principal
}
interface Known {
  readonly made: Map<string, Made>
  chosen?: { readonly teamId: string; readonly atMs: number }
}

/** What a token's bearing came to, as long as the token is remembered: the same caller stays the same object. */
const known = new WeakMap<Bearing, Known>()

/** The caller behind a token that holds. Throws when whom it names is not there, or it may not act for the team it names. */
export async function bearerOf(
  bearing: Bearing,
  headers: Headers,
  door: TokenDoor,
  moment: Moment,
): Promise<Principal> {
  const memory = known.get(bearing) ?? { made: new Map() }
  known.set(bearing, memory)
  const { userId, organizationId } = bearing
  if (bearing.isAdmin) return dressed(await adminOf(bearing, door, moment), bearing, memory, door)
  const teamId = await teamOf(bearing, memory, headers, door, moment)
  const bearer = { userId, teamId, organizationId }
  const principal = (await door.tenants.withoutKey(bearer, moment)) ?? (await newcomer(bearer, bearing, door, moment))
  return dressed(principal, bearing, memory, door)
}

/** Where a principal came from, if from a token. */
const bearings = new WeakMap<Principal, { readonly bearing: Bearing; readonly door: Judging }>()

/** What judges a bearer: nothing of the request that it came with. */
type Judging = Pick<TokenDoor, 'settings' | 'tenants'>

/**
 * Who the bearer of a token is by now, for what lasts longer than a request; undefined for who came without a token. In the
 * team for which it came, and nobody is enrolled. Throws where whom it names is not there any more.
 */
export async function bearerAgain(principal: Principal, moment: Moment): Promise<Principal | undefined> {
  const known = bearings.get(principal)
  if (!known) return undefined
  const { bearing, door } = known
  const memory = { made: new Map<string, Made>() }
  if (bearing.isAdmin) return dressed(await adminOf(bearing, door, moment), bearing, memory, door)
  const bearer = { userId: bearing.userId, teamId: principal.teamId, organizationId: bearing.organizationId }
  const now = await door.tenants.withoutKey(bearer, moment)
  if (!now) throw notThere(bearer)
  return dressed(now, bearing, memory, door)
}

async function newcomer(bearer: Bearer, { email }: Bearing, door: TokenDoor, moment: Moment): Promise<Principal> {
  const { userId, teamId } = bearer
  if (userId !== undefined && door.settings.upsertsUsers) {
    await door.enrol({ userId, email, teamId })
    const principal = await door.tenants.withoutKey(bearer, moment)
    if (principal) return principal
  }
  throw notThere(bearer)
}

/** The team that the caller names, else the first of the token's that is there. Undefined: the person acts alone. */
async function teamOf(
  { teamIds, organizationId }: Bearing,
  memory: Known,
  headers: Headers,
  { tenants }: TokenDoor,
  moment: Moment,
): Promise<string | undefined> {
  const named = headers.get(TEAM_HEADER)?.trim()
  if (named) {
    if (teamIds.includes(named)) return named
    throw forbidden(`This token is not for the team that ${TEAM_HEADER} names.`)
  }
  if (teamIds.length < 2) return teamIds[0]
  const { chosen } = memory
  if (chosen && moment.nowMs - chosen.atMs < CHOSEN_MS) return chosen.teamId
  for (const teamId of teamIds) {
    if (!(await tenants.withoutKey({ teamId, organizationId }, moment))) continue
    memory.chosen = { teamId, atMs: moment.nowMs }
    return teamId
  }
  throw forbidden("None of this token's teams is known here. An admin makes one: POST /team/new.")
}

/** An admin needs no row; who has one can be blocked by it. */
async function adminOf({ userId }: Bearing, { tenants }: Judging, moment: Moment): Promise<Principal> {
  const principal = userId === undefined ? undefined : await tenants.withoutKey({ userId }, moment)
  if (principal) return principal
  const name = userId === undefined ? 'token' : entityName('user', userId)
  const bare = { ...masterPrincipal(moment.nowMs), kind: 'key' as const, keyId: name, keyHash: name, keyName: name }
  return userId === undefined ? bare : { ...bare, userId }
}

/** What the token adds to whom it names. */
function dressed(of: Principal, bearing: Bearing, { made }: Known, { settings, tenants }: Judging): Principal {
  const before = made.get(of.keyId)
  if (before?.of === of) return before.principal
  const { isAdmin, customerId, expiresAtMs } = bearing
  const isPersonAlone = of.userId !== undefined && of.teamId === undefined
  const routes = isAdmin ? settings.adminRoutes : isPersonAlone ? undefined : settings.teamRoutes
  const principal: Principal = {
    ...of,
    ...(isAdmin ? { role: 'proxy_admin' as const } : {}),
    ...(routes ? { allowedRoutes: routes } : {}),
    ...(customerId === undefined ? {} : { customerId }),
    expiresAtMs,
  }
  made.set(of.keyId, { of, principal })
  bearings.set(principal, { bearing, door: { settings, tenants } })
  return principal
}

function notThere({ userId, teamId, organizationId }: Bearer): GatewayError {
  const names = Object.entries({ user: userId, team: teamId, organization: organizationId })
    .filter(([, id]) => id !== undefined)
    .map(([kind, id]) => `${kind} ${id}`)
  if (names.length === 0) return forbidden('This token names nobody that this gateway knows: no user and no team.')
  return forbidden(
    `This token is for ${names.join(', ')}, and not all of them are known here and belong together. An admin makes them, or sets user_id_upsert.`,
  )
}

const forbidden = (message: string) => new GatewayError('forbidden', message, { retry: false })
