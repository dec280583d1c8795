import { GatewayError } from '../errors.ts'
import { type AccessToken, accessTokenIn, type TokenSource } from '../providers/access-token.ts'
import { entraTokenRequest } from '../providers/entra-token.ts'
import { googleCredentials, googleTokenRequest, signRs256 } from '../providers/google-token.ts'
import type { Target, UpstreamRequest } from '../providers/provider.ts'
import type { GatewayDeps } from './deps.ts'

type Deps = Pick<GatewayDeps, 'env' | 'clock' | 'fetch' | 'defer'>

/** What an isolate holds of one source: plain data, and the fetch that others may wait for. */
interface Held {
  token?: AccessToken
  fetchedAtMs: number
  fetching?: Promise<AccessToken>
}

const FETCH_MS = 10_000
/** A token is not used in its last half minute, and replaced behind a request in its last five. */
const SPARE_MS = 30_000
const EARLY_MS = 300_000

/** `env` is one object for the life of an isolate. */
const held = new WeakMap<object, Map<string, Held>>()

/**
 * The target with an access token where its vendor's file looks for one: from the isolate's memory, else fetched, once
 * for all who wait. A token that nears its end is replaced behind the request. Throws `auth_error` or `upstream_failed`,
 * which name no secret.
 */
export async function withAccess(target: Target, source: TokenSource, deps: Deps): Promise<Target> {
  const { token } = await tokenOf(source, deps)
  if (source.kind === 'entra') return { ...target, azureAdToken: token }
  return { ...target, vertex: { ...target.vertex, token } }
}

/** The vendor refused the token, so the next request gets another. */
export function forgetToken(source: TokenSource, deps: Pick<Deps, 'env'>): void {
  held.get(deps.env)?.delete(keyOf(source))
}

function tokenOf(source: TokenSource, deps: Deps): Promise<AccessToken> | AccessToken {
  const mine = heldOf(source, deps)
  const { token, fetchedAtMs } = mine
  if (token === undefined) return fetched(mine, source, deps)
  const endsMs = token.expiresAtSeconds * 1000
  const lifeMs = endsMs - fetchedAtMs
  const leftMs = endsMs - deps.clock()
  if (leftMs <= Math.min(SPARE_MS, lifeMs / 10)) return fetched(mine, source, deps)
  // Who comes now has a token that still holds; if the next cannot be had, those after will be told.
  if (leftMs <= Math.min(EARLY_MS, lifeMs / 5)) fetched(mine, source, deps).catch(() => {})
  return token
}

function heldOf(source: TokenSource, { env }: Deps): Held {
  const all = held.get(env) ?? new Map<string, Held>()
  held.set(env, all)
  const key = keyOf(source)
  const mine = all.get(key) ?? { fetchedAtMs: 0 }
  all.set(key, mine)
  return mine
}

function keyOf(source: TokenSource): string {
  return source.kind === 'google' ? source.credentials : JSON.stringify(source)
}

/**
 * One fetch for all who wait. What they share is plain data, and the runtime keeps the fetch alive when its own request
 * leaves; a follower whom nothing reaches in time fetches for itself.
 */
async function fetched(mine: Held, source: TokenSource, deps: Deps): Promise<AccessToken> {
  const { fetching: others } = mine
  const shared = others === undefined ? undefined : await unlessLate(others)
  if (shared !== undefined) return shared
  const fetching = fetchToken(source, deps).then((token) => {
    mine.token = token
    mine.fetchedAtMs = deps.clock()
    return token
  })
  mine.fetching = fetching
  const settled = fetching.finally(() => {
    if (mine.fetching === fetching) delete mine.fetching
  })
  deps.defer(
    'fetch access token',
    settled.then(
      () => {},
      () => {},
    ),
  )
  return settled
}

/** Undefined when it took too long: the request that fetched may be gone. */
function unlessLate(fetching: Promise<AccessToken>): Promise<AccessToken | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), FETCH_MS + 1_000)
    fetching.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}

async function fetchToken(source: TokenSource, deps: Deps): Promise<AccessToken> {
  const nowSeconds = deps.clock() / 1000
  const { url, method, headers, body } = await requestOf(source, nowSeconds)
  const issuer = source.kind === 'google' ? 'Google' : 'Microsoft Entra'
  const answer = await answerOf(
    () => deps.fetch(url, { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(FETCH_MS) }),
    issuer,
  )
  const found = accessTokenIn(answer.text, nowSeconds)
  if ('token' in found) return found
  if (answer.status >= 500 || answer.status === 429)
    throw new GatewayError(
      'upstream_failed',
      `${issuer} gives no access tokens at the moment. Ask again in a moment.`,
      {
        retry: true,
      },
    )
  throw new GatewayError(
    'auth_error',
    `${issuer} gave no access token for this deployment: ${found.refused}. The operator must correct its credentials.`,
    { retry: false },
  )
}

async function requestOf(source: TokenSource, nowSeconds: number): Promise<UpstreamRequest> {
  if (source.kind === 'entra') return entraTokenRequest(source)
  const asked = googleTokenRequest(googleCredentials(source.credentials), nowSeconds)
  return asked.kind === 'plain' ? asked.request : asked.request(await signRs256(asked.pkcs8, asked.signingInput))
}

async function answerOf(ask: () => Promise<Response>, issuer: string): Promise<{ status: number; text: string }> {
  try {
    const response = await ask()
    return { status: response.status, text: await response.text() }
  } catch (cause) {
    throw new GatewayError(
      'upstream_failed',
      `${issuer} could not be reached for an access token. Ask again in a moment.`,
      {
        cause,
        retry: true,
      },
    )
  }
}
