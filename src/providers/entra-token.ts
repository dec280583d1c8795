import type { TokenSource } from './access-token.ts'
import type { UpstreamRequest } from './provider.ts'

const AUTHORITY = 'https://login.microsoftonline.com'
/** Azure OpenAI's and Foundry's (Microsoft's guide to keyless access; microsoft/PyRIT 1453 found it good for all of them). */
const SCOPE = 'https://cognitiveservices.azure.com/.default'

/** What asks Microsoft Entra for an application's token: its client credentials, for Azure's AI services. */
export function entraTokenRequest(application: Extract<TokenSource, { kind: 'entra' }>): UpstreamRequest {
  const { tenantId, clientId, clientSecret, authority = AUTHORITY, scope = SCOPE } = application
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope }
  return {
    url: `${authority.replace(/\/+$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  }
}
