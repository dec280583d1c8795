import type { Deployment } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Target } from '../providers/provider.ts'
import { publicAddress, refusedAddress } from './outbound.ts'

interface Rules {
  readonly deployment: Deployment
  /** `user_url_allowed_hosts`. */
  readonly allowedHosts: readonly string[]
}

/**
 * The target with the key and the address that a request brings itself, where the deployment lets it
 * (`configurable_clientside_auth_params`); the target itself when it brings none. What is the operator's is never sent to
 * a caller's address, and never used beside a caller's key. Throws `invalid_request`.
 */
export function withOwnAccess(target: Target, body: Readonly<Record<string, unknown>>, rules: Rules): Target {
  const apiKey = own(body, 'api_key', rules.deployment)
  const apiBase = own(body, 'base_url', rules.deployment) ?? own(body, 'api_base', rules.deployment)
  if (apiKey === undefined && apiBase === undefined) return target
  if (apiKey === undefined)
    throw invalid('api_key', 'is missing: the key of the operator is not sent to an address of your own.')
  const { tokenSource: _, azureAdToken: __, aws, ...rest } = target
  const { region } = aws ?? {}
  const keyed = { ...rest, apiKey, ...(region !== undefined && { aws: { region } }) }
  if (apiBase === undefined) return keyed
  if (publicAddress(apiBase, { allowedHosts: rules.allowedHosts, httpsOnly: true }) === undefined)
    throw refusedAddress(apiBase, 'api_base')
  const { organization: ___, ...bare } = keyed
  return { ...bare, apiBase, extraHeaders: {} }
}

/** The request is asked with what is the caller's own, so that how it goes says nothing about the deployment. */
export function bringsOwnAccess({ api_key, api_base, base_url }: Readonly<Record<string, unknown>>): boolean {
  return isGiven(api_key) || isGiven(api_base) || isGiven(base_url)
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function own(
  body: Readonly<Record<string, unknown>>,
  name: string,
  { clientsideAuthParams = [] }: Deployment,
): string | undefined {
  const value = body[name]
  if (!isGiven(value)) return undefined
  const listed =
    clientsideAuthParams.includes(name) || (name === 'base_url' && clientsideAuthParams.includes('api_base'))
  if (!listed)
    throw invalid(
      name,
      'may not be chosen by a request here. Leave it out, or ask the operator for configurable_clientside_auth_params.',
    )
  if (typeof value !== 'string') throw invalid(name, 'must be a string.')
  return value
}

function invalid(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}`, { param })
}
