import { describe, expect, it } from 'vitest'
import { build, deploymentOf, of } from './world.ts'

const groups = `model_list:
  - { model_name: m, litellm_params: { model: openai/gpt-4o } }
  - { model_name: n, litellm_params: { model: openai/gpt-4o } }
`
const router = (settings: string) => build(`${groups}router_settings: {${settings}}\n`)
const routerOf = (settings: string) => router(settings).config.router

describe('router_settings', () => {
  it.each([
    ['routing_strategy: least-busy', { strategy: 'least-busy' }],
    ['routing_strategy: usage-based-routing', { strategy: 'usage-based-routing-v2' }],
    [
      'routing_strategy_args: { ttl: 60, lowest_latency_buffer: 0.5 }',
      { strategyArgs: { ttlMs: 60_000, lowestLatencyBuffer: 0.5 } },
    ],
    [
      'routing_groups: [{ group_name: g, models: [m, n], routing_strategy: cost-based-routing }]',
      { groupStrategies: { m: 'cost-based-routing', n: 'cost-based-routing' } },
    ],
    ['fallbacks: [{ m: [n] }, { "*": [m] }]', { fallbacks: { m: ['n'], '*': ['m'] } }],
    ['context_window_fallbacks: [{ m: [n] }]', { contextWindowFallbacks: { m: ['n'] } }],
    ['content_policy_fallbacks: [{ m: [n] }]', { contentPolicyFallbacks: { m: ['n'] } }],
    ['default_fallbacks: [n]', { defaultFallbacks: ['n'] }],
    ['max_fallbacks: 0', { maxFallbacks: 0 }],
    ['num_retries: 0', { numRetries: 0 }],
    ['retry_after: 1.5', { retryAfterMs: 1500 }],
    [
      'retry_policy: { TimeoutErrorRetries: 1, ServiceUnavailableErrorRetries: 4, InternalServerErrorRetries: 2 }',
      { retryPolicy: { TimeoutError: 1, InternalServerError: 4 } },
    ],
    [
      'retry_policy: { RateLimitErrorRetries: 0, DefaultRetries: 2 }',
      {
        retryPolicy: {
          BadRequestError: 2,
          AuthenticationError: 2,
          TimeoutError: 2,
          RateLimitError: 0,
          ContentPolicyViolationError: 2,
          InternalServerError: 2,
        },
      },
    ],
    [
      'model_group_retry_policy: { m: { BadRequestErrorRetries: 3 } }',
      { groupRetryPolicies: { m: { BadRequestError: 3 } } },
    ],
    ['allowed_fails: 3', { allowedFails: 3 }],
    ['allowed_fails_policy: { RateLimitErrorAllowedFails: 10 }', { allowedFailsPolicy: { RateLimitError: 10 } }],
    ['cooldown_time: 30', { cooldownTimeMs: 30_000 }],
    ['cooldown_wait: 2', { cooldownWaitMs: 2000 }],
    ['disable_cooldowns: true', { disableCooldowns: true }],
    [
      'connect_timeout: 2, ttft_timeout: 8, stream_idle_timeout: 20, total_timeout: 60',
      { timeouts: { connectMs: 2000, ttftMs: 8000, streamIdleMs: 20_000, totalMs: 60_000 } },
    ],
    ['enable_pre_call_checks: true', { preCallChecks: true }],
    ['optional_pre_call_checks: [enforce_model_rate_limits]', { preCallChecks: true }],
    ['optional_pre_call_checks: [prompt_caching]', { promptCacheAffinity: true }],
    ['optional_pre_call_checks: [session_affinity]', { stickySessions: true }],
    ['sticky_sessions: true', { stickySessions: true }],
    ['enable_tag_filtering: true', { tagFiltering: { matchAny: true } }],
    ['enable_tag_filtering: true, tag_filtering_match_any: false', { tagFiltering: { matchAny: false } }],
    ['mid_stream_fallback: continue', { midStreamFallback: 'continue' }],
    ['hedged_groups: [m]', { hedgedGroups: ['m'] }],
    ['caching_groups: [[m, m]]', { cachingGroups: [['m', 'm']] }],
    [
      'provider_budget_config: { openai: { budget_limit: 5, time_period: 1d } }',
      { providerBudgets: { openai: { limitUsd: 5, duration: '1d' } } },
    ],
  ])('%s', (settings, expected) => {
    const { config, notices } = router(settings)
    const { timeoutMs: _, modelGroupAlias: __, ...said } = config.router
    expect(said).toEqual(expected)
    expect([...of('error', notices), ...of('warning', notices)]).toEqual([])
  })

  it('may stand in litellm_settings, where router_settings says nothing', () => {
    const both = build(`${groups}litellm_settings: { num_retries: 5, allowed_fails: 1, fallbacks: [{ m: [n] }] }
router_settings: { num_retries: 1, default_fallbacks: [] }
`)
    expect(both.config.router).toMatchObject({ numRetries: 1, allowedFails: 1, fallbacks: { m: ['n'] } })
    expect(both.config.router).not.toHaveProperty('defaultFallbacks')
  })

  it('of total_timeout is the longest call of all, unless general_settings says so', () => {
    expect(router('total_timeout: 60').config.general.totalTimeoutMs).toBe(60_000)
    const { config, notices } = build('general_settings: { total_timeout: 5 }\nrouter_settings: { total_timeout: 60 }')
    expect(config.general.totalTimeoutMs).toBe(5000)
    expect(of('warning', notices)[0]).toMatchObject({ path: 'router_settings.total_timeout', line: 2 })
  })

  it.each([
    ['routing_strategy: fastest', 'routing_strategy'],
    ['routing_strategy_args: { ttl: 0 }', 'routing_strategy_args.ttl'],
    ['routing_groups: [{ models: m }]', 'routing_groups[0].models'],
    ['fallbacks: { m: [n] }', 'fallbacks'],
    ['context_window_fallbacks: [{ m: n }]', 'context_window_fallbacks[0].m'],
    ['content_policy_fallbacks: [m]', 'content_policy_fallbacks[0]'],
    ['default_fallbacks: n', 'default_fallbacks'],
    ['max_fallbacks: -1', 'max_fallbacks'],
    ['num_retries: 1.5', 'num_retries'],
    ['retry_after: soon', 'retry_after'],
    ['retry_policy: { TimeoutErrorRetries: x }', 'retry_policy.TimeoutErrorRetries'],
    ['model_group_retry_policy: { m: 3 }', 'model_group_retry_policy.m'],
    ['allowed_fails: true', 'allowed_fails'],
    ['allowed_fails_policy: 3', 'allowed_fails_policy'],
    ['cooldown_time: -5', 'cooldown_time'],
    ['cooldown_wait: -5', 'cooldown_wait'],
    ['disable_cooldowns: 1', 'disable_cooldowns'],
    ['connect_timeout: 0', 'connect_timeout'],
    ['ttft_timeout: 0', 'ttft_timeout'],
    ['stream_idle_timeout: x', 'stream_idle_timeout'],
    ['total_timeout: -1', 'total_timeout'],
    ['enable_pre_call_checks: 1', 'enable_pre_call_checks'],
    ['optional_pre_call_checks: [prompt]', 'optional_pre_call_checks[0]'],
    ['enable_tag_filtering: some', 'enable_tag_filtering'],
    ['mid_stream_fallback: maybe', 'mid_stream_fallback'],
    ['hedged_groups: m', 'hedged_groups'],
    ['sticky_sessions: 1', 'sticky_sessions'],
    ['default_max_parallel_requests: x', 'default_max_parallel_requests'],
    ['provider_budget_config: { openai: { time_period: 1d } }', 'provider_budget_config.openai'],
    [
      'provider_budget_config: { openai: { max_budget: 1, time_period: monthly } }',
      'provider_budget_config.openai.time_period',
    ],
  ])('is an error with its path: %s', (settings, path) => {
    const errors = of('error', router(settings).notices)
    expect(errors.map((one) => one.path)).toEqual([`router_settings.${path}`])
  })

  it.each([
    ['fallbacks: [{ m: [nn] }]', 'fallbacks[0]'],
    ['context_window_fallbacks: [{ mm: [n] }]', 'context_window_fallbacks[0]'],
    ['default_fallbacks: [nn]', 'default_fallbacks'],
    ['hedged_groups: [mm]', 'hedged_groups'],
    ['caching_groups: [[m, mm]]', 'caching_groups[0]'],
    ['model_group_retry_policy: { mm: { TimeoutErrorRetries: 1 } }', 'model_group_retry_policy.mm'],
    ['routing_groups: [{ models: [mm], routing_strategy: least-busy }]', 'routing_groups[0].models'],
  ])('warns of a group that is not there, with the nearest name: %s', (settings, path) => {
    const [warning] = of('warning', router(settings).notices)
    expect(warning?.path).toBe(`router_settings.${path}`)
    expect(warning?.message).toMatch(/did you mean '[mn]'\?/)
  })

  it('knows a group by a wildcard that it fits', () => {
    const { notices } = build(`model_list: [{ model_name: "openai/*", litellm_params: { model: "openai/*" } }]
router_settings: { fallbacks: [{ openai/gpt-4o: [openai/o3] }] }
`)
    expect(of('warning', notices)).toEqual([])
  })

  it('warns of a vendor whom nobody uses', () => {
    const [warning] = of('warning', router('provider_budget_config: { opnai: { max_budget: 1 } }').notices)
    expect(warning?.message).toContain("did you mean 'openai'?")
  })

  it('says what it leaves out', () => {
    expect(of('warning', router('routing_strategy: lar1').notices)[0]?.message).toContain('simple-shuffle')
    expect(routerOf('routing_strategy: lar1')).not.toHaveProperty('strategy')
    const overriding = router('fallbacks: [{ m: [n, { model: n, temperature: 0 }] }]')
    expect(overriding.config.router.fallbacks).toEqual({ m: ['n'] })
    expect(of('warning', overriding.notices)[0]?.message).toContain('left out')
    for (const check of ['router_budget_limiting', 'deployment_affinity', 'encrypted_content_affinity'])
      expect(of('notice', router(`optional_pre_call_checks: [${check}]`).notices)[0]?.message).toContain(check)
  })
})

describe('a deployment', () => {
  it.each([
    ['order: 2', { order: 2 }],
    ['weight: 0', { weight: 0 }],
    ['max_parallel_requests: 4', { maxParallelRequests: 4 }],
    ['region_name: eu', { regionName: 'eu' }],
    ['num_retries: 1', { numRetries: 1 }],
    ['cooldown_time: 0', { cooldownTimeMs: 0 }],
    ['allowed_fails: 0', { allowedFails: 0 }],
    ['allowed_fails_policy: { TimeoutErrorAllowedFails: 2 }', { allowedFailsPolicy: { TimeoutError: 2 } }],
    ['tags: [paid], tag_regex: ["^User-Agent: x"]', { tags: ['paid'], tagRegex: ['^User-Agent: x'] }],
    ['ttft_timeout: 3, total_timeout: 9', { timeouts: { ttftMs: 3000, totalMs: 9000 } }],
    ['max_budget: 5, budget_duration: 1d', { budget: { limitUsd: 5, duration: '1d' } }],
    ['max_budget: 5', { budget: { limitUsd: 5, duration: 'life' } }],
    ['drop_params: true', { dropParams: true }],
    ['additional_drop_params: [seed]', { additionalDropParams: ['seed'] }],
    ['allowed_openai_params: [tools]', { allowedOpenaiParams: ['tools'] }],
    ['configurable_clientside_auth_params: [api_key]', { clientsideAuthParams: ['api_key'] }],
  ])('is told %s', (params, expected) => {
    const deployment = deploymentOf(`model: openai/gpt-4o, ${params}`)
    expect(deployment).toMatchObject(expected)
    expect(deployment.params).toEqual({})
  })

  it.each([
    ['order: first', 'order'],
    ['max_parallel_requests: -1', 'max_parallel_requests'],
    ['region_name: 1', 'region_name'],
    ['num_retries: x', 'num_retries'],
    ['cooldown_time: x', 'cooldown_time'],
    ['allowed_fails: x', 'allowed_fails'],
    ['allowed_fails_policy: { TimeoutErrorAllowedFails: x }', 'allowed_fails_policy.TimeoutErrorAllowedFails'],
    ['tag_regex: ["("]', 'tag_regex'],
    ['connect_timeout: 0', 'connect_timeout'],
    ['max_budget: -1', 'max_budget'],
    ['budget_duration: monthly', 'budget_duration'],
    ['drop_params: 1', 'drop_params'],
    ['additional_drop_params: seed', 'additional_drop_params'],
    ['allowed_openai_params: 1', 'allowed_openai_params'],
    ['configurable_clientside_auth_params: [{ api_base: "^https" }]', 'configurable_clientside_auth_params[0]'],
  ])('may not be told %s', (params, path) => {
    const { notices } = build(`model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, ${params} } }]`)
    expect(of('error', notices).map((one) => one.path)).toEqual([`model_list[0].litellm_params.${path}`])
  })

  it('has as many requests at once as default_max_parallel_requests says, unless it says so itself', () => {
    const { config } = build(`router_settings: { default_max_parallel_requests: 7 }
model_list:
  - { model_name: m, litellm_params: { model: openai/gpt-4o } }
  - { model_name: m, litellm_params: { model: openai/gpt-4o, max_parallel_requests: 2 } }
`)
    expect(config.deployments.map(({ maxParallelRequests }) => maxParallelRequests)).toEqual([7, 2])
  })

  it('can what model_info says, over what is known', () => {
    const info =
      'supports_vision: false, supports_function_calling: true, supports_response_schema: true, supports_audio_input: false, supports_audio_output: false, supports_pdf_input: true, supports_reasoning: true, supports_web_search: false, reasons_in_silence: true'
    expect(deploymentOf('model: openai/gpt-4o', info)).toMatchObject({
      supports: {
        vision: false,
        tools: true,
        jsonSchema: true,
        audioInput: false,
        audioOutput: false,
        pdfInput: true,
        reasoning: true,
        webSearch: false,
      },
      reasonsInSilence: true,
    })
    expect(deploymentOf('model: hosted_vllm/l')).not.toHaveProperty('supports')
  })

  it('may be that of one team', () => {
    expect(deploymentOf('model: openai/gpt-4o', 'team_id: t, team_public_model_name: fast')).toMatchObject({
      teamId: 't',
      teamModelName: 'fast',
    })
  })
})
