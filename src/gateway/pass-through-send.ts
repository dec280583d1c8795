import { fields } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { addressOf } from '../operations/pass-through-path.ts'
import { awsSignature, signAws } from '../providers/aws.ts'
import { maskSecrets } from '../providers/mask.ts'
import { textWithin } from '../streams/text-within.ts'
import type { Answer } from './ask.ts'
import { deadlines } from './deadlines.ts'
import type { GatewayDeps } from './deps.ts'
import { publicAddress } from './outbound.ts'
import type { PassCall, Passing } from './passing.ts'
import { patience } from './time.ts'

/** What of the caller's request its vendor may see. */
interface Passed {
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
}

type Body = PassCall['body'] | string

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]
const MOST_HOPS = 3

/**
 * Asks the vendor once. Any answer of its is an answer; throws where there is none: a timeout, a client that left, an
 * address that cannot be reached. A redirect is followed only for what is looked at, only to a public address, and with
 * nobody's key.
 */
export async function sent(passing: Passing, { query, headers }: Passed, deps: GatewayDeps): Promise<Answer> {
  const { call, destination, attempt, addsUsage } = passing
  const { method, said, signal } = call
  const { deployment } = attempt
  for (const [name, value] of Object.entries(destination.query)) query.set(name, value)
  const url = addressOf(destination.base, destination.rest, query)
  const body: Body = addsUsage
    ? JSON.stringify({ ...said, stream_options: { ...fields(said.stream_options), include_usage: true } })
    : call.body
  const all = merged(headers, destination.headers)
  const allowed = patience({
    headers: call.headers,
    body: {},
    streams: call.shape?.streams ?? false,
    deployment,
    config: deps.config,
    elsewhere: false,
  })
  const watch = deadlines(destination.name, allowed, signal, deps.clock)
  try {
    const asked = await signed(passing, { url: url.href, headers: all, body }, deps)
    const init: RequestInit & { duplex?: 'half' } = {
      method,
      headers: asked.headers,
      redirect: 'manual',
      signal: watch.signal,
      ...(body !== undefined && { body }),
      // A body that is still arriving goes on as it arrives.
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    }
    let response = await deps.fetch(asked.url, init)
    let from = url
    for (let hops = 0; REDIRECTS.includes(response.status); hops++) {
      response.body?.cancel().catch(() => {})
      const to = method === 'GET' || method === 'HEAD' ? nextOf(response.headers, from, deps) : undefined
      if (hops === MOST_HOPS || to === undefined) throw astray(destination.name)
      response = await asAnybody(to, { method, headers, signal: watch.signal }, deps)
      from = to
    }
    watch.heard()
    return { response, watch }
  } catch (error) {
    watch.over()
    if (error instanceof GatewayError) throw error
    throw (
      watch.ended() ??
      new GatewayError('upstream_failed', `${destination.name} could not be reached. Ask again in a moment.`, {
        cause: error,
        retry: true,
      })
    )
  }
}

/** The operator's headers hold; features of Anthropic's are put together. */
function merged(
  callers: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const betas = [callers['anthropic-beta'], own['anthropic-beta']].filter((one) => one !== undefined)
  const { 'anthropic-version': version } = callers
  return {
    ...callers,
    ...own,
    ...(version !== undefined && { 'anthropic-version': version }),
    ...(betas.length > 0 && { 'anthropic-beta': betas.join(',') }),
  }
}

interface Signed {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** AWS signs the body with the rest, so it is there as a whole. */
function signed(
  { destination: { vendor, target }, call: { method } }: Passing,
  request: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: Body },
  deps: GatewayDeps,
): Promise<Signed> | Signed {
  if (vendor?.name !== 'bedrock' || target.apiKey !== undefined) return request
  const region = /\.([a-z0-9-]+)\.amazonaws\.com/.exec(request.url)?.[1] ?? target.aws?.region ?? ''
  const text = request.body instanceof Uint8Array ? new TextDecoder().decode(request.body) : ''
  return signAws({ ...request, method, body: text, aws: awsSignature('bedrock', region, target.aws) }, deps.clock())
}

/** Where a redirect leads, from where it was said; undefined where it may not be followed. */
function nextOf(headers: Headers, from: URL, { config }: GatewayDeps): URL | undefined {
  const location = headers.get('location')
  if (location === null || !URL.canParse(location, from.href)) return undefined
  const allowedHosts = config.general.allowedHosts ?? []
  return publicAddress(new URL(location, from).href, { allowedHosts, httpsOnly: true })
}

interface Following {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Without the operator's account, and never with a body. */
function asAnybody(to: URL, { method, headers, signal }: Following, deps: GatewayDeps): Promise<Response> {
  const { accept, range } = headers
  return deps.fetch(to.href, {
    method,
    headers: { ...(accept !== undefined && { accept }), ...(range !== undefined && { range }) },
    redirect: 'manual',
    signal,
  })
}

function astray(name: string): GatewayError {
  return new GatewayError(
    'upstream_failed',
    `${name} sends this request on to another address, where it is not followed.`,
    { retry: false },
  )
}

const LONGEST_REFUSAL = 256 * 1024

/** A vendor's refusal in its own words, without the secrets that vendors like to quote. */
export async function refusalOf({ response, watch }: Answer, secrets: readonly string[]): Promise<string> {
  watch.wait()
  const { text, isWhole } = await textWithin(response.body, LONGEST_REFUSAL).catch(() => NOTHING_SAID)
  watch.heard()
  const hidden = secrets.filter(({ length }) => length >= 8)
  const bare = hidden.reduce((left, secret) => left.replaceAll(secret, '***'), text)
  // Where it was cut, the half of a secret may stand.
  const longest = Math.max(LONGEST_SECRET, ...hidden.map(({ length }) => length))
  return maskSecrets(isWhole ? bare : bare.slice(0, -longest))
}

const NOTHING_SAID = { text: '', isWhole: true }
const LONGEST_SECRET = 256
