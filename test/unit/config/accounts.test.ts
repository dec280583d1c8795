import { describe, expect, it } from 'vitest'
import { deploymentsFor, requiredVariables } from '../../../src/config/read.ts'
import { build, deploymentOf, of } from './world.ts'

const file = (params: string) => build(`model_list: [{ model_name: m, litellm_params: {${params}} }]`)
const needed = (params: string) => [...requiredVariables(file(params).config).keys()].slice(4)
const reason = (params: string, env: Record<string, string>) => deploymentsFor(file(params).config, env)[0]?.reason

describe('Azure', () => {
  const base = 'model: azure/d, api_base: "https://x.openai.azure.com"'

  it('is asked with a key, and with the version that the file or AZURE_API_VERSION names', () => {
    expect(deploymentOf(`${base}, api_key: os.environ/K, api_version: 2024-10-21`)).toMatchObject({
      apiKey: { env: 'K' },
      apiBase: 'https://x.openai.azure.com',
      apiVersion: '2024-10-21',
    })
    expect(deploymentOf('model: azure/d')).toMatchObject({
      apiKey: { env: 'AZURE_API_KEY' },
      apiBase: { env: 'AZURE_API_BASE' },
      apiVersion: { env: 'AZURE_API_VERSION', otherwise: '' },
    })
    expect(needed('model: azure/d')).toEqual(['AZURE_API_KEY', 'AZURE_API_BASE'])
  })

  it('is asked with an Entra token, or by the application that can get one, and then needs no key', () => {
    const token = deploymentOf(`${base}, azure_ad_token: os.environ/T`)
    expect(token.azure).toEqual({ adToken: { env: 'T' } })
    expect(token).not.toHaveProperty('apiKey')
    const application = `${base}, tenant_id: t, client_id: c`
    expect(deploymentOf(application).azure).toEqual({
      tenantId: 't',
      clientId: 'c',
      clientSecret: { env: 'AZURE_CLIENT_SECRET' },
    })
    expect(needed(application)).toEqual(['AZURE_CLIENT_SECRET'])
    expect(reason(application, {})).toBe('AZURE_CLIENT_SECRET is not set')
    expect(deploymentOf(`${base}, api_key: os.environ/K, azure_ad_token: os.environ/T`)).not.toHaveProperty('azure')
  })

  it('has no sign-in by password, and no tokens to exchange', () => {
    const { notices } = file(`${base}, azure_username: u, azure_ad_token: oidc/google/x`)
    expect(of('notice', notices)[0]).toMatchObject({ path: 'model_list[0].litellm_params.azure_username' })
    expect(of('error', notices)[0]?.message).toContain('client_secret')
  })
})

describe('Azure AI', () => {
  const base = 'model: azure_ai/Phi-4, api_base: "https://x.services.ai.azure.com"'

  it('is asked with an Entra token or by an application, in the place of a key, and keeps its own variables', () => {
    const token = deploymentOf(`${base}, azure_ad_token: os.environ/T, api_version: 2024-05-01-preview`)
    expect(token).toMatchObject({ azure: { adToken: { env: 'T' } }, apiVersion: '2024-05-01-preview' })
    expect(token).not.toHaveProperty('apiKey')
    const application = 'model: azure_ai/Phi-4, tenant_id: t, client_id: c, client_secret: os.environ/S'
    expect(deploymentOf(application)).toMatchObject({
      apiBase: { env: 'AZURE_AI_API_BASE' },
      azure: { tenantId: 't', clientId: 'c', clientSecret: { env: 'S' } },
    })
    expect(needed(application)).toEqual(['AZURE_AI_API_BASE', 'S'])
  })

  it('is asked with a key where one is named, and knows nothing of Azure OpenAI’s variables', () => {
    const keyed = deploymentOf(`${base}, api_key: os.environ/K, azure_ad_token: os.environ/T`)
    expect(keyed).toMatchObject({ apiKey: { env: 'K' } })
    expect(keyed).not.toHaveProperty('azure')
    expect(keyed).not.toHaveProperty('apiVersion')
    expect(of('notice', file(`${base}, azure_username: u`).notices)[0]?.message).toContain('client_secret')
  })
})

describe('Bedrock', () => {
  it('is signed with the access key of the file, else of the environment', () => {
    expect(deploymentOf('model: bedrock/amazon.nova-lite-v1:0')).toMatchObject({
      apiKey: { env: 'AWS_BEARER_TOKEN_BEDROCK', otherwise: '' },
      aws: {
        region: { env: 'AWS_REGION_NAME' },
        accessKeyId: { env: 'AWS_ACCESS_KEY_ID' },
        secretAccessKey: { env: 'AWS_SECRET_ACCESS_KEY' },
        sessionToken: { env: 'AWS_SESSION_TOKEN', otherwise: '' },
      },
    })
    const own =
      'model: bedrock/amazon.nova-lite-v1:0, aws_region_name: eu-west-1, aws_access_key_id: os.environ/A, aws_secret_access_key: os.environ/S'
    expect(deploymentOf(own)).toMatchObject({
      aws: { region: 'eu-west-1', accessKeyId: { env: 'A' }, secretAccessKey: { env: 'S' } },
    })
    expect(deploymentOf(own).aws).not.toHaveProperty('sessionToken')
    expect(deploymentOf(own)).not.toHaveProperty('apiKey')
    expect(needed(own)).toEqual(['A', 'S'])
  })

  it('needs no access key beside an API key, and no region where the model names one', () => {
    const model = 'model: bedrock/us-east-1/amazon.nova-lite-v1:0'
    expect(needed(`${model}, api_key: os.environ/K`)).toEqual(['K'])
    expect(reason(model, { AWS_BEARER_TOKEN_BEDROCK: 'k' })).toBeUndefined()
    expect(reason(model, {})).toBe('AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY are not set')
  })

  it('is asked where the file says, and never with a borrowed API key', () => {
    const one = deploymentOf('model: bedrock/m, aws_bedrock_runtime_endpoint: "https://vpce.example"')
    expect(one.apiBase).toBe('https://vpce.example')
    expect(one).not.toHaveProperty('apiKey')
  })

  it.each(['aws_profile_name', 'aws_role_name', 'aws_session_name', 'aws_sts_endpoint'])(
    'says of %s that a Worker cannot use it, and what to do instead',
    (key) => {
      const [notice] = of('notice', file(`model: bedrock/m, ${key}: x`).notices)
      expect(notice?.path).toBe(`model_list[0].litellm_params.${key}`)
      expect(notice?.message).toContain('aws_secret_access_key')
    },
  )
})

describe('Vertex AI', () => {
  const json = '{"type":"service_account","project_id":"p"}'

  it('takes a service account as JSON, as a mapping or by reference', () => {
    expect(deploymentOf('model: vertex_ai/gemini-2.5-pro')).toMatchObject({
      vertex: {
        project: { env: 'VERTEXAI_PROJECT', otherwise: '' },
        location: { env: 'VERTEXAI_LOCATION', otherwise: '' },
        credentials: { env: 'GOOGLE_APPLICATION_CREDENTIALS_JSON' },
      },
    })
    expect(needed('model: vertex_ai/gemini-2.5-pro')).toEqual(['GOOGLE_APPLICATION_CREDENTIALS_JSON'])
    const at = (credentials: string) =>
      deploymentOf(
        `model: vertex_ai/g, vertex_project: p, vertex_location: europe-west1, vertex_credentials: ${credentials}`,
      ).vertex
    expect(at('os.environ/GCP')).toEqual({ project: 'p', location: 'europe-west1', credentials: { env: 'GCP' } })
    expect(at(`'${json}'`)?.credentials).toBe(json)
    expect(at(json)?.credentials).toBe(json)
  })

  it('is told to put a file into a secret', () => {
    const [error] = of('error', file('model: vertex_ai/g, vertex_credentials: /etc/account.json').notices)
    expect(error?.path).toBe('model_list[0].litellm_params.vertex_credentials')
    expect(error?.message).toContain('secret')
  })

  it('needs no account beside an API key', () => {
    expect(needed('model: vertex_ai/gemini-2.5-flash, api_key: os.environ/K')).toEqual(['K'])
  })

  it('never lends the account of the environment to an address that the file names', () => {
    expect(deploymentOf('model: vertex_ai/g, api_base: "https://x.example"').vertex).not.toHaveProperty('credentials')
  })
})

it('says of a setting for another vendor that it has no effect', () => {
  const { notices } = file('model: openai/gpt-4o, vertex_project: p, watsonx_region_name: r')
  expect(of('notice', notices).map(({ path }) => path)).toEqual([
    'model_list[0].litellm_params.vertex_project',
    'model_list[0].litellm_params.watsonx_region_name',
  ])
})
