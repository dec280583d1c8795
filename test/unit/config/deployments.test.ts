import { describe, expect, it } from 'vitest'
import { requiredVariables } from '../../../src/config/read.ts'
import { build, deploymentOf, of } from './world.ts'

describe('a deployment', () => {
  it('finds its vendor by prefix, by custom_llm_provider or by a well-known name', () => {
    const at = (params: string) => {
      const { provider, model } = deploymentOf(params)
      return [provider, model]
    }
    expect(at('model: openai/gpt-4o')).toEqual(['openai', 'gpt-4o'])
    expect(at('model: gpt-4o')).toEqual(['openai', 'gpt-4o'])
    expect(at('model: o3-mini')).toEqual(['openai', 'o3-mini'])
    expect(at('model: claude-sonnet-5')).toEqual(['anthropic', 'claude-sonnet-5'])
    expect(at('model: hosted_vllm/meta-llama/Llama-3, api_base: "http://x/v1"')).toEqual([
      'hosted_vllm',
      'meta-llama/Llama-3',
    ])
    expect(at('model: meta-llama/Llama-3, custom_llm_provider: custom_openai, api_base: "http://x/v1"')).toEqual([
      'custom_openai',
      'meta-llama/Llama-3',
    ])
    expect(at('model: openai/gpt-4o, custom_llm_provider: openai')).toEqual(['openai', 'gpt-4o'])
  })

  it('is disabled, with a reason, when nobody knows its vendor, its address or its operation', () => {
    expect(deploymentOf('model: opnai/gpt-4o').disabled).toContain("did you mean 'openai'?")
    expect(deploymentOf('model: custom_openai/x').disabled).toContain('set litellm_params.api_base')
    expect(deploymentOf('model: openai/*').disabled).toContain('model_name: openai/*')
    expect(deploymentOf('model: openai/gpt-4o', 'mode: video_generation').disabled).toContain("'video_generation'")
    for (const mode of ['completion', 'responses', 'embedding'])
      expect(deploymentOf('model: openai/gpt-4o', `mode: ${mode}`)).not.toHaveProperty('disabled')
    expect(deploymentOf('model: openai/toString', 'mode: toString').disabled).toBeDefined()
    expect(deploymentOf('model: toString/x').disabled).toContain('names no vendor')
  })

  it("takes its vendor's variables where the file says nothing", () => {
    expect(deploymentOf('model: openai/gpt-4o')).toMatchObject({
      apiKey: { env: 'OPENAI_API_KEY' },
      apiBase: { env: 'OPENAI_BASE_URL', otherwise: 'https://openai.example/v1' },
    })
    expect(deploymentOf('model: hosted_vllm/l')).toMatchObject({
      apiKey: { env: 'HOSTED_VLLM_API_KEY', otherwise: '' },
      apiBase: { env: 'HOSTED_VLLM_API_BASE' },
    })
  })

  it("never borrows the vendor's key for an address that the file names", () => {
    const { config, notices } = build(
      'model_list: [{ model_name: m, litellm_params: { model: openai/x, api_base: "https://other.example" } }]',
    )
    expect(config.deployments[0]).not.toHaveProperty('apiKey')
    expect(of('advice', notices).some(({ message }) => message.includes('no key is sent'))).toBe(true)
  })

  it('sends what is not for the gateway to the provider, and nothing else', () => {
    const { params } = deploymentOf(
      'model: openai/gpt-4o, api_key: os.environ/K, rpm: 5, order: 1, api_version: v1, temperature: 0.2, max_tokens: 100, reasoning_effort: low, extra_body: { top_k: 5 }',
    )
    expect(params).toEqual({ temperature: 0.2, max_tokens: 100, reasoning_effort: 'low', extra_body: { top_k: 5 } })
  })

  it('refuses a reference where it would be sent as it is', () => {
    const { config, notices } = build(
      'model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, team: os.environ/X } }]',
    )
    expect(of('error', notices)[0]?.path).toBe('model_list[0].litellm_params.team')
    expect(config.deployments[0]?.params).toEqual({})
  })

  it('keeps its id from build to build, has one of its own, and none that comes from a secret', () => {
    const yaml = `model_list:
  - { model_name: m, litellm_params: { model: openai/gpt-4o, api_key: sk-one-one-one } }
  - { model_name: m, litellm_params: { api_key: sk-two-two-two, model: openai/gpt-4o } }
  - { model_name: m, litellm_params: { model: openai/gpt-4o, api_key: os.environ/THREE } }
  - { model_name: m, litellm_params: { model: openai/gpt-4o }, model_info: { id: mine } }
`
    const ids = build(yaml).config.deployments.map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
    expect(ids[3]).toBe('mine')
    expect(build(yaml.replace('sk-one-one-one', 'sk-new-new-new')).config.deployments.map(({ id }) => id)).toEqual(ids)
  })

  it('may not take the id of another', () => {
    const row = '{ model_name: m, litellm_params: { model: openai/gpt-4o }, model_info: { id: x } }'
    const { config, notices } = build(`model_list: [${row}, ${row}]`)
    expect(of('error', notices)[0]?.path).toBe('model_list[1].model_info.id')
    expect(config.deployments).toHaveLength(1)
  })

  it('takes what credential_list and default_litellm_params hold for it', () => {
    const { config, notices } = build(`credential_list:
  - { credential_name: c, credential_values: { api_key: os.environ/CRED } }
router_settings: { default_litellm_params: { temperature: 0.1, timeout: 9 } }
model_list:
  - { model_name: m, litellm_params: { model: openai/gpt-4o, litellm_credential_name: c, timeout: 3 } }
  - { model_name: m, litellm_params: { model: openai/gpt-4o, litellm_credential_name: d } }
`)
    expect(config.deployments[0]).toMatchObject({
      apiKey: { env: 'CRED' },
      timeoutMs: 3000,
      params: { temperature: 0.1 },
    })
    expect(of('error', notices)[0]).toMatchObject({
      path: 'model_list[1].litellm_params.litellm_credential_name',
      line: 6,
    })
  })
})

describe('its price', () => {
  it('is the list price, with the limits of the list', () => {
    expect(deploymentOf('model: openai/gpt-4o')).toMatchObject({
      price: { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000 },
      maxInputTokens: 128_000,
      maxOutputTokens: 16_384,
    })
  })

  it('of its own for input replaces what the list says of input, and the tiers', () => {
    const { price } = deploymentOf('model: openai/gpt-4o, input_cost_per_token: 1.0e-6')
    expect(price).toEqual({ input: 1_000_000, output: 10_000_000, reasoning: 11_000_000 })
  })

  it('is exact where a float is not, and read from model_info too', () => {
    const { price } = deploymentOf(
      'model: hosted_vllm/l',
      'input_cost_per_token: 0.00000011, output_cost_per_token: 3e-7',
    )
    expect(price).toEqual({ input: 110_000, output: 300_000 })
  })

  it('may have tiers, cached classes and a price per request', () => {
    const { price } = deploymentOf(
      'model: x/y, custom_llm_provider: custom_openai, api_base: "http://x", input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, cache_read_input_token_cost: 1e-7, input_cost_per_request: 0.001, input_cost_per_token_above_200k_tokens: 2e-6',
    )
    expect(price).toEqual({
      input: 1_000_000,
      output: 2_000_000,
      cacheRead: 100_000,
      request: 1_000_000_000,
      tiers: [{ aboveTokens: 200_000, input: 2_000_000, output: 2_000_000, cacheRead: 100_000 }],
    })
  })

  it('has the dearest of its prices of a search', () => {
    const { price } = deploymentOf(
      'model: x/y, custom_llm_provider: custom_openai, api_base: "http://x", input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, search_context_cost_per_query: { search_context_size_low: 0.03, search_context_size_medium: 0.035, search_context_size_high: 0.05 }',
    )
    expect(price).toEqual({ input: 1_000_000, output: 2_000_000, search: 50_000_000_000 })
  })

  it('is looked up under base_model when that is given', () => {
    const { price, maxOutputTokens, model } = deploymentOf(
      'model: openai/my-deployment',
      'base_model: gpt-4o, max_output_tokens: 99',
    )
    expect([price?.input, maxOutputTokens, model]).toEqual([2_500_000, 99, 'my-deployment'])
  })

  it('is absent, with advice, when only half of it is known', () => {
    const { config, notices } = build(
      'model_list: [{ model_name: m, litellm_params: { model: hosted_vllm/l, input_cost_per_token: 1.0e-6 } }]',
    )
    expect(config.deployments[0]).not.toHaveProperty('price')
    expect(of('advice', notices)[0]?.message).toContain('output_cost_per_token')
  })

  it('of nothing is a price', () => {
    expect(deploymentOf('model: hosted_vllm/l, input_cost_per_token: 0, output_cost_per_token: 0').price).toEqual({
      input: 0,
      output: 0,
    })
  })
})

it('has a default for everything a file leaves out', () => {
  const { config, notices } = build('')
  expect(notices).toEqual([])
  expect(config).toMatchObject({
    deployments: [],
    router: { timeoutMs: 6_000_000, modelGroupAlias: {} },
    litellm: { dropParams: false, timeZone: 'UTC' },
    general: {
      masterKey: { env: 'LITELLM_MASTER_KEY' },
      databaseUrl: { env: 'DATABASE_URL' },
      redisUrl: { env: 'UPSTASH_REDIS_REST_URL' },
      redisToken: { env: 'UPSTASH_REDIS_REST_TOKEN' },
      allowRequestsOnDbUnavailable: false,
      totalTimeoutMs: 900_000,
    },
    ledger: { grantLifeMs: 2_000 },
  })
})

it('reads what the gateway itself is told', () => {
  const { config } =
    build(`general_settings: { max_request_size_mb: 2, total_timeout: 5, litellm_key_header_name: x-key, redis_rest_url: os.environ/R }
ledger_settings: { grant_life_ms: 50, skew_ms: 0 }
litellm_settings: { timezone: Europe/Berlin }
router_settings: { timeout: 30, stream_timeout: 10 }
`)
  expect(config.general).toMatchObject({
    maxRequestBytes: 2_097_152,
    totalTimeoutMs: 5000,
    keyHeaderName: 'x-key',
    redisUrl: { env: 'R' },
  })
  expect(config.ledger).toMatchObject({ grantLifeMs: 50, skewMs: 0, horizonMs: 349_200_000 })
  expect(config.router).toMatchObject({ timeoutMs: 30_000, streamTimeoutMs: 10_000 })
  expect(config.litellm.timeZone).toBe('Europe/Berlin')
  expect(of('error', build('litellm_settings: { timezone: Mars/North }').notices)[0]?.message).toContain('IANA')
})

it('reads the rest of what the gateway itself is told', () => {
  const { config, notices } =
    build(`general_settings: { salt_key: os.environ/SALT, drain_timeout: 30, forward_client_headers_to_llm_api: true, token_rate_limit_type: output, user_url_allowed_hosts: [intranet.example] }
litellm_settings: { responses_store: true }
`)
  expect(of('error', notices)).toEqual([])
  expect(config.general).toMatchObject({
    saltKey: { env: 'SALT' },
    drainMs: 30_000,
    forwardClientHeaders: true,
    tokenRateLimitType: 'output',
    allowedHosts: ['intranet.example'],
  })
  expect(config.litellm.responsesStore).toBe(true)
  expect([...requiredVariables(config).keys()]).toContain('SALT')
  expect([...requiredVariables(build('').config).keys()]).not.toContain('LITELLM_SALT_KEY')
  const wrong = build(
    'general_settings: { salt_key: 1, drain_timeout: -1, forward_client_headers_to_llm_api: x, token_rate_limit_type: some, user_url_allowed_hosts: x }\nlitellm_settings: { responses_store: 1 }',
  )
  expect(of('error', wrong.notices)).toHaveLength(6)
})
