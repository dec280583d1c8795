import type { Deployment } from '../config/config.ts'
import type { DialectName } from '../dialects/dialect.ts'
import { isFields } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { allowedBetas } from '../providers/anthropic-beta.ts'
import { isHarmless } from './client-headers.ts'

type Body = Readonly<Record<string, unknown>>

interface Asked {
  readonly deployment: Pick<Deployment, 'provider' | 'clientsideAuthParams'>
  /** The dialect that the vendor speaks natively, if any. */
  readonly vendors: DialectName | undefined
}

/** Vendors' words for features and for who asks, which are no credentials. */
const WORDS = /^(?:openai-beta|anthropic-beta|http-referer|idempotency-key)$/
/** What belongs to the connection and to the way of the request: nobody's to choose, whatever the operator lets callers say. */
const NEVER =
  /^(?:host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|via|expect|content-.*|accept-encoding|forwarded|cf-.*|x-forwarded.*|x-real-ip|x-client-ip|x-original-.*|x-envoy-.*|x-amzn?-.*|x-vertex-.*)$/
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * The headers that a body asks to be sent to the vendor: LiteLLM's `extra_headers` and `headers`, and
 * `provider_specific_header` where it names this vendor. Credentials and what tells of the way are refused by name,
 * unless the deployment's `configurable_clientside_auth_params` lists `extra_headers`; host and forwarding ones always.
 * Undefined when there are none. Throws `invalid_request`.
 */
export function askedHeaders(body: Body, asked: Asked): Readonly<Record<string, string>> | undefined {
  const { extra_headers, headers, provider_specific_header: specific } = body
  if (!isGiven(extra_headers) && !isGiven(headers) && !isGiven(specific)) return undefined
  const found: Record<string, string> = {}
  for (const [param, given] of [
    ['extra_headers', extra_headers],
    ['headers', headers],
    ['provider_specific_header', specificTo(asked.deployment.provider, specific)],
  ] as const)
    if (isGiven(given)) take(given, { ...asked, param, into: found })
  return found
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** `custom_llm_provider` may name several, with commas between. */
function specificTo(provider: string, specific: unknown): unknown {
  if (!isGiven(specific)) return undefined
  const param = 'provider_specific_header'
  if (!isFields(specific) || typeof specific.custom_llm_provider !== 'string')
    throw refused(param, 'must be an object with custom_llm_provider and extra_headers.')
  const named = specific.custom_llm_provider.split(',').map((name) => name.trim())
  return named.includes(provider) ? specific.extra_headers : undefined
}

function take(
  given: unknown,
  { deployment, vendors, param, into }: Asked & { param: string; into: Record<string, string> },
) {
  if (!isFields(given)) throw refused(param, 'must be an object of names and texts.')
  const open = deployment.clientsideAuthParams?.includes('extra_headers') === true
  for (const [written, value] of Object.entries(given)) {
    if (!isGiven(value)) continue
    const name = written.toLowerCase()
    const path = `${param}.${written}`
    if (!NAME.test(name)) throw refused(param, 'has a name that no header can have.')
    if (typeof value !== 'string' || !VALUE.test(value)) throw refused(path, 'must be a text that a header can carry.')
    if (NEVER.test(name)) throw refused(path, 'may not be chosen by a request. Leave it out.')
    if (!open && !WORDS.test(name) && !isHarmless(name))
      throw refused(
        path,
        'may not be chosen by a request here: names that begin with x- and hold no credential may. Leave it out, or ask the operator to list extra_headers in configurable_clientside_auth_params.',
      )
    if (name !== 'anthropic-beta') into[name] = value
    else if (vendors === 'anthropic') {
      const betas = allowedBetas(value)
      if (betas.length > 0) into[name] = betas.join(',')
    }
  }
}

function refused(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}`, { param })
}
