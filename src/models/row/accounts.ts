import type { AwsAccount, AzureAccount, Deployment, Notice, Text, VertexAccount } from '../../config/config.ts'
import { bedrockModel } from '../../providers/bedrock-models.ts'
import type { Provider } from '../../providers/provider.ts'
import { given } from './given.ts'
import { type ModelRow, type VendorParam, vendorParamKeys } from './model-list.ts'
import { isReference } from './secrets.ts'
import { textFrom } from './text.ts'

type Params = ModelRow['litellm_params']
type Reach = Pick<Deployment, 'apiKey' | 'apiBase' | 'apiVersion' | 'azure' | 'aws' | 'vertex'>
type Defaults = Pick<Provider, 'defaults'>['defaults']
type Account = 'azure' | 'foundry' | 'aws' | 'vertex'

const accounts: Readonly<Record<string, Account>> = {
  azure: 'azure',
  azure_text: 'azure',
  azure_ai: 'foundry',
  bedrock: 'aws',
  bedrock_converse: 'aws',
  vertex_ai: 'vertex',
  vertex_ai_beta: 'vertex',
}

const AZURE: readonly VendorParam[] = ['api_version', 'azure_ad_token', 'tenant_id', 'client_id', 'client_secret']

const read: Readonly<Record<Account, readonly VendorParam[]>> = {
  azure: AZURE,
  foundry: AZURE,
  aws: [
    'aws_access_key_id',
    'aws_secret_access_key',
    'aws_session_token',
    'aws_region_name',
    'aws_bedrock_runtime_endpoint',
  ],
  vertex: ['vertex_project', 'vertex_location', 'vertex_credentials'],
}

const AWS_ROLES: readonly VendorParam[] = [
  'aws_session_name',
  'aws_profile_name',
  'aws_role_name',
  'aws_web_identity_token',
  'aws_sts_endpoint',
  'aws_external_id',
]

/** Whether the vendor's address follows from the account, so that a row needs none. */
export function hasAddress(provider: string): boolean {
  return accounts[provider] === 'aws' || accounts[provider] === 'vertex'
}

/**
 * Key, account and address, with the vendor's own variables where the file says nothing. What is secret is never borrowed
 * for an address that the file names: it would be sent to a stranger. Who runs a server of their own may need no key.
 */
export function reach(provider: string, params: Params, model: string, defaults: Defaults): Reach {
  switch (accounts[provider]) {
    case 'azure':
      return azure(params, defaults)
    case 'foundry':
      return foundry(params, defaults)
    case 'aws':
      return aws(params, model, defaults)
    case 'vertex':
      return vertex(params, defaults)
    default:
      return plain(params, defaults)
  }
}

function plain(params: Params, { apiBase: home, apiBaseEnv, apiKeyEnv }: Defaults): Reach {
  const address = addressOf(params)
  const selfHosted = home === undefined
  const borrowed = apiKeyEnv === undefined || (address !== undefined && !selfHosted) ? undefined : { env: apiKeyEnv }
  const apiKey = textFrom(params.api_key) ?? (borrowed && selfHosted ? { ...borrowed, otherwise: '' } : borrowed)
  const apiBase = address ?? (apiBaseEnv ? { env: apiBaseEnv, ...given('otherwise', home) } : home)
  return { ...given('apiKey', apiKey), ...given('apiBase', apiBase) }
}

function addressOf(params: Params): Text | undefined {
  return textFrom(params.api_base ?? params.base_url)
}

/** A variable that may be set, where the vendor's address follows from the account. */
function optional(name: string | undefined): Text | undefined {
  return name === undefined ? undefined : { env: name, otherwise: '' }
}

/** Asked with a key, or with a Microsoft Entra token, which an application may get. */
function azure(params: Params, { apiKeyEnv = 'AZURE_API_KEY', apiBaseEnv = 'AZURE_API_BASE' }: Defaults): Reach {
  const account = textFrom(params.api_key) === undefined ? entra(params) : undefined
  const apiKey = textFrom(params.api_key) ?? (account ? undefined : { env: apiKeyEnv })
  return {
    ...given('apiKey', apiKey),
    ...given('azure', account),
    apiBase: addressOf(params) ?? { env: apiBaseEnv },
    apiVersion: textFrom(params.api_version) ?? { env: 'AZURE_API_VERSION', otherwise: '' },
  }
}

/** Azure's other models and servers of one's own there: reached as any address is, by an Entra token where one is named. */
function foundry(params: Params, defaults: Defaults): Reach {
  const account = textFrom(params.api_key) === undefined ? entra(params) : undefined
  const { apiKey, ...address } = plain(params, defaults)
  return {
    ...address,
    ...(account ? { azure: account } : given('apiKey', apiKey)),
    ...given('apiVersion', textFrom(params.api_version)),
  }
}

function entra({ azure_ad_token, tenant_id, client_id, client_secret }: Params): AzureAccount | undefined {
  const adToken = textFrom(azure_ad_token)
  if (adToken !== undefined) return { adToken }
  const [tenantId, clientId, clientSecret] = [tenant_id, client_id, client_secret].map(textFrom)
  if (tenantId === undefined && clientId === undefined && clientSecret === undefined) return undefined
  return {
    tenantId: tenantId ?? { env: 'AZURE_TENANT_ID' },
    clientId: clientId ?? { env: 'AZURE_CLIENT_ID' },
    clientSecret: clientSecret ?? { env: 'AZURE_CLIENT_SECRET' },
  }
}

/** Asked with an API key of Bedrock, or signed with an access key. */
function aws(
  params: Params,
  model: string,
  { apiKeyEnv, apiBaseEnv = 'AWS_BEDROCK_RUNTIME_ENDPOINT' }: Defaults,
): Reach {
  const key = textFrom(params.api_key)
  const address = addressOf(params) ?? textFrom(params.aws_bedrock_runtime_endpoint)
  const named = textFrom(params.aws_access_key_id)
  const borrowed = named !== undefined || address !== undefined || apiKeyEnv === undefined
  const apiKey = key ?? (borrowed ? undefined : { env: apiKeyEnv, otherwise: '' })
  const elsewhere = bedrockModel(model).region !== undefined || (key !== undefined && address !== undefined)
  const region = textFrom(params.aws_region_name) ?? {
    env: 'AWS_REGION_NAME',
    ...given('otherwise', elsewhere ? '' : undefined),
  }
  const account: AwsAccount = key === undefined ? { region, ...accessKey(params, named) } : { region }
  return { ...given('apiKey', apiKey), ...given('apiBase', address ?? optional(apiBaseEnv)), aws: account }
}

/** A session token belongs to its access key: it is not borrowed for a key that the file names. */
function accessKey(params: Params, named: Text | undefined): AwsAccount {
  const token = textFrom(params.aws_session_token)
  const borrowed = named === undefined ? { env: 'AWS_SESSION_TOKEN', otherwise: '' } : undefined
  return {
    accessKeyId: named ?? { env: 'AWS_ACCESS_KEY_ID' },
    secretAccessKey: textFrom(params.aws_secret_access_key) ?? { env: 'AWS_SECRET_ACCESS_KEY' },
    ...given('sessionToken', token ?? borrowed),
  }
}

/** Asked with a service account, or with the API key of Vertex's express mode. */
function vertex(params: Params, { apiBaseEnv }: Defaults): Reach {
  const apiKey = textFrom(params.api_key)
  const address = addressOf(params)
  const mayBorrow = apiKey === undefined && address === undefined
  const account: VertexAccount = {
    project: textFrom(params.vertex_project) ?? { env: 'VERTEXAI_PROJECT', otherwise: '' },
    location: textFrom(params.vertex_location) ?? { env: 'VERTEXAI_LOCATION', otherwise: '' },
    ...given(
      'credentials',
      credentialsOf(params.vertex_credentials) ??
        (mayBorrow ? { env: 'GOOGLE_APPLICATION_CREDENTIALS_JSON' } : undefined),
    ),
  }
  return { ...given('apiKey', apiKey), ...given('apiBase', address ?? optional(apiBaseEnv)), vertex: account }
}

function credentialsOf(value: Params['vertex_credentials']): Text | undefined {
  if (typeof value === 'object') return JSON.stringify(value)
  return value === undefined || isReference(value) || isJsonObject(value) ? textFrom(value) : undefined
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** What a row says of an account that the vendor, or a Worker, can do nothing with. */
export function* accountNotices(params: Params, provider: string): Generator<Notice> {
  const account = accounts[provider]
  const own = account === undefined ? [] : read[account]
  for (const key of vendorParamKeys) {
    const path = `litellm_params.${key}`
    if (params[key] === undefined || own.includes(key)) continue
    if (account === 'aws' && AWS_ROLES.includes(key))
      yield {
        level: 'notice',
        path,
        message: `has no effect: a Worker has no AWS profile, and takes no role from STS. Put an access key that may call Bedrock into aws_access_key_id and aws_secret_access_key, or an API key of Bedrock into api_key`,
      }
    else if (isAzure(account) && key.startsWith('azure_'))
      yield {
        level: 'notice',
        path,
        message:
          'has no effect: sign in with tenant_id, client_id and client_secret (for a scope of your own set AZURE_SCOPE), with azure_ad_token or with api_key',
      }
    else yield { level: 'notice', path, message: `has no effect for '${provider}'` }
  }
  const { vertex_credentials: credentials, azure_ad_token: token } = params
  if (account === 'vertex' && typeof credentials === 'string' && credentialsOf(credentials) === undefined)
    yield {
      level: 'error',
      path: 'litellm_params.vertex_credentials',
      message:
        'found a text that is not JSON, expected the JSON of a service account; a Worker reads no files, so put what the file holds into a secret and write os.environ/NAME here',
    }
  if (isAzure(account) && token?.startsWith('oidc/'))
    yield {
      level: 'error',
      path: 'litellm_params.azure_ad_token',
      message:
        'found an oidc/ token, expected a token; a Worker cannot exchange it: use tenant_id, client_id and client_secret',
    }
}

function isAzure(account: Account | undefined): boolean {
  return account === 'azure' || account === 'foundry'
}
