import { allowedBetas } from '../providers/anthropic-beta.ts'

/** What of a request says something about what is asked; everything else belongs to the way it came, or to somebody's account. */
const PASSES =
  /^(?:accept|accept-language|content-type|content-language|content-disposition|range|if-(?:match|none-match|range|modified-since)|user-agent|idempotency-key|anthropic-version|openai-beta|x-goog-(?:upload-[\w-]+|fieldmask|request-params|api-client)|x-amzn-bedrock-[\w-]+|x-client-request-id)$/
/** Asked for under another name, still nobody's to set. */
const NEVER =
  /auth|cookie|token|secret|passw|credential|signature|api-?key|access-?key|subscription-key|^x-amz-|user-project|organization|openai-project|^(?:host|connection|content-length|content-encoding|transfer-encoding|te|trailer|upgrade|keep-alive|expect|via|forwarded)$|^x-forwarded|^x-real-ip|^proxy-|^cf-|^x-http-method|^x-method|original-(?:url|host)|rewrite-url/
/** LiteLLM's: sent on without it. */
const PASS_PREFIX = 'x-pass-'

/**
 * A caller's headers as its vendor may see them. No credential is among them under any name, and nothing that has the
 * caller's key in its value.
 */
export function passedHeaders(given: Headers, key: string | undefined): Record<string, string> {
  const passed: Record<string, string> = {}
  given.forEach((value, name) => {
    const bare = name.startsWith(PASS_PREFIX) ? name.slice(PASS_PREFIX.length) : name
    if (bare === '' || (bare === name && !PASSES.test(name)) || NEVER.test(bare) || holds(value, key)) return
    passed[bare] = value
  })
  const betas = allowedBetas(given.get('anthropic-beta') ?? given.get(`${PASS_PREFIX}anthropic-beta`))
  delete passed['anthropic-beta']
  if (betas.length > 0) passed['anthropic-beta'] = betas.join(',')
  return passed
}

/** Names of credentials in queries, without their dashes. */
const QUERY_SECRETS =
  /^(?:key|(?:x?(?:goog|litellm|amz|ms)?)(?:api|auth|access|subscription|security|bearer|oauth|id|refresh)(?:key|token|code)|apikey|ocpapimsubscriptionkey|subscriptionkey|token|auth|authorization|bearer|secret|clientsecret|password|passwd|code|sig|signature|credentials?|xamz\w*|xgoog\w*|sv|se|sr|sp)$/

/** A caller's query without credentials, its own key under any name included. */
export function passedQuery(given: URLSearchParams, key: string | undefined): URLSearchParams {
  const passed = new URLSearchParams()
  for (const [name, value] of given) {
    if (QUERY_SECRETS.test(name.toLowerCase().replaceAll(/[-_.\s$]/g, '')) || holds(value, key) || holds(name, key))
      continue
    passed.append(name, value)
  }
  return passed
}

/** Of an answer: what belongs to the connection, to the vendor's account, or to its own visitors. */
const KEPT_BACK =
  /^(?:connection|keep-alive|transfer-encoding|te|trailer|upgrade|content-length|content-encoding|set-cookie2?|alt-svc|server|via|nel|report-to|strict-transport-security|location|content-location|proxy-[\w-]+|cf-[\w-]+|openai-(?:organization|project)|anthropic-organization-id|access-control-[\w-]+|x-litellm-[\w-]+|www-authenticate)$/

/**
 * A vendor's headers as the caller may see them. An address at the vendor becomes the same address here, and one with a
 * secret in it is kept back.
 */
export function shownToCaller(
  given: Headers,
  { base, here, secrets }: { readonly base: string; readonly here: string; readonly secrets: readonly string[] },
): Record<string, string> {
  const shown: Record<string, string> = {}
  given.forEach((value, name) => {
    if (KEPT_BACK.test(name)) return
    const local = value.startsWith(base) ? `${here}${value.slice(base.length)}` : value
    if (secrets.some((secret) => holds(local, secret))) return
    shown[name] = local
  })
  return shown
}

function holds(text: string, secret: string | undefined): boolean {
  if (secret === undefined || secret.length < 8) return false
  return text.includes(secret) || text.includes(encodeURIComponent(secret))
}
