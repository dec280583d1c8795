import type { DialectName } from '../dialects/dialect.ts'

/** What belongs to the caller, to the way the request came, to the gateway, or to somebody's authentication. */
const NEVER =
  /^x-(?:goog-|amz|aws-|ms-|azure-|litellm-|tollgate-|forwarded|real-ip|client-ip|cluster-client-ip|original-|envoy-|vercel-|stainless-|auth|.*(?:token|secret|passw|api-?key|cookie|credential|authorization|csrf))/
const OPENAIS: readonly (DialectName | undefined)[] = ['openai', 'completions', 'responses']

interface Between {
  readonly dialect: DialectName
  /** The dialect that the vendor speaks natively, if any. */
  readonly vendors: DialectName | undefined
  /** `forward_client_headers_to_llm_api`. */
  readonly forwards: boolean
}

/**
 * The headers of a caller that go to the vendor: OpenAI's word for its beta features where both speak OpenAI's dialects
 * (Anthropic's is a field of the body by now), and, where the operator forwards headers, all that begin with `x-` and
 * name no credential and no way of the request. Undefined when there are none.
 */
export function clientHeaders(
  headers: Headers,
  { dialect, vendors, forwards }: Between,
): Readonly<Record<string, string>> | undefined {
  const beta = OPENAIS.includes(dialect) && OPENAIS.includes(vendors) ? headers.get('openai-beta') : null
  const found: Record<string, string> = beta === null ? {} : { 'openai-beta': beta }
  if (forwards)
    headers.forEach((value, name) => {
      if (isHarmless(name)) found[name] = value
    })
  for (const _ in found) return found
  return undefined
}

/** Whether a header's name, in lower case, is a caller's own to send on: it names no credential and no way of the request. */
export function isHarmless(name: string): boolean {
  return name.startsWith('x-') && !NEVER.test(name)
}
