import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { build, of } from './world.ts'

const row = 'model_list:\n  - model_name: m\n    litellm_params: { model: openai/gpt-4o }\n'

describe('problems', () => {
  it('are told all at once, with path, line, what was found and what was expected', () => {
    const { notices } = build(`model_list:
  - model_name: m
    litellm_params:
      model: openai/gpt-4o
      rpm: many
  - litellm_params: { model: openai/gpt-4o }
  - model_name: n
    litellm_params: { model: openai/gpt-4o, timeout: -1 }
router_settings:
  num_retries: "2"
  routing_strategy: fastest
litellm_settings: [cache]
`)
    expect(of('error', notices).map(({ path, line, message }) => [path, line, message])).toEqual([
      ['model_list[0].litellm_params.rpm', 5, 'found the text "many", expected a whole number of zero or more'],
      ['model_list[1].model_name', 6, 'found nothing, expected a text'],
      ['model_list[2].litellm_params.timeout', 8, 'found -1, expected a number of seconds'],
      ['litellm_settings', 12, 'found a list, expected a mapping'],
      [
        'router_settings.routing_strategy',
        11,
        'found the text "fastest", expected one of simple-shuffle, least-busy, latency-based-routing, usage-based-routing, usage-based-routing-v2, cost-based-routing, lar1, priority',
      ],
      ['router_settings.num_retries', 10, 'found the text "2", expected a whole number of zero or more'],
    ])
  })

  it('of a required value are told once', () => {
    const { notices } = build('model_list: [{ model_name: 5, litellm_params: { model: openai/gpt-4o } }]')
    expect(notices.map(({ message }) => message)).toEqual(['found 5, expected a text'])
  })

  it('keep the lines of the rows behind a broken one', () => {
    const { notices } = build(`model_list:
  - model_name: broken
  - model_name: other
    litellm_params: { model: nobody/knows }
`)
    expect(notices.find(({ message }) => message.includes("'nobody' names no vendor"))).toMatchObject({
      path: 'model_list[1].litellm_params.model',
      line: 4,
    })
  })

  it('of an unknown key are a warning with the nearest known name, wherever it stands', () => {
    const { notices } = build(`modle_list: []
router_settings: { num_retires: 2 }
litellm_settings:
  cache_params: { tll: 5 }
model_list:
  - model_name: m
    litellm_param: {}
    litellm_params: { model: openai/gpt-4o, api_kye: x }
`)
    expect(of('error', notices)).toEqual([])
    expect(
      of('warning', notices).map(({ path, line, message }) => [path, line, message.match(/mean '(\w+)'/)?.[1]]),
    ).toEqual(
      expect.arrayContaining([
        ['modle_list', 1, 'model_list'],
        ['router_settings.num_retires', 2, 'num_retries'],
        ['litellm_settings.cache_params.tll', 4, 'ttl'],
        ['model_list[0].litellm_param', 7, 'litellm_params'],
        ['model_list[0].litellm_params.api_kye', 8, 'api_key'],
      ]),
    )
  })

  it('of a reference: fine where the value is not read yet, an error where it must be known now', () => {
    const fine = build('router_settings: { default_priority: os.environ/PRIORITY, redis_port: os.environ/PORT }')
    expect(of('error', fine.notices)).toEqual([])
    const [error] = of('error', build('router_settings: { timeout: os.environ/T }').notices)
    expect(error).toMatchObject({ path: 'router_settings.timeout', line: 1 })
    expect(error?.message).toContain('a reference')
  })

  it('of a fallback or alias that leads nowhere are warnings', () => {
    const { notices } = build(`${row}litellm_settings: { fallbacks: [{ m: [mm] }] }
router_settings: { model_group_alias: { a: n } }
`)
    expect(of('warning', notices).map(({ path }) => path)).toEqual([
      'router_settings.model_group_alias.a',
      'litellm_settings.fallbacks[0]',
    ])
  })

  it('of YAML itself have a line and quote nothing', () => {
    const { notices } = build('a: 1\nb: "unclosed hunter2-secret\n')
    expect(notices[0]).toMatchObject({ level: 'error', line: expect.any(Number) })
    expect(JSON.stringify(notices)).not.toContain('hunter2')
  })

  it.each([
    ['twice the same key', 'a: 1\na: 2'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['an alias of itself', 'a: &a [*a]'],
    [
      'a bomb of aliases',
      [
        'a: &a [x,x,x,x,x,x,x,x,x]',
        ...'bcdefghi'.split('').map((c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]},`.repeat(9)}]`),
      ].join('\n'),
    ],
    ['deep nesting', '['.repeat(20_000)],
    ['deep nesting that is closed', `${'['.repeat(500)}${']'.repeat(500)}`],
  ])('of %s end in an error, not in a crash', (_, yaml) => {
    expect(of('error', build(yaml).notices).length).toBeGreaterThan(0)
  })

  it('read YAML as LiteLLM does: yes is true, null is absent, anchors and merges work', () => {
    const { config, notices } = build(`base: &base { model: openai/gpt-4o, timeout: 5, stream_timeout: null }
model_list:
  - model_name: m
    litellm_params: { <<: *base, timeout: 7 }
litellm_settings: { drop_params: yes }
router_settings:
`)
    expect(of('error', notices)).toEqual([])
    expect(config.litellm.dropParams).toBe(true)
    expect(config.deployments[0]).toMatchObject({ model: 'gpt-4o', timeoutMs: 7000 })
    expect(config.deployments[0]).not.toHaveProperty('streamTimeoutMs')
  })
})

describe('restrictions that are not active', () => {
  it.each([
    'litellm_settings: { max_user_budget: 10 }',
    'litellm_settings: { default_max_internal_user_budget: 1 }',
    'general_settings: { enforce_rbac: true }',
    'general_settings: { max_parallel_requests: 5 }',
    'guardrails: [{ guardrail_name: pii }]',
    'include: [other.yaml]',
  ])('are errors: %s', (yaml) => {
    const errors = of('error', build(yaml).notices)
    expect(errors).toHaveLength(1)
    expect(errors[0]?.message).toContain('never active, and ignoring it would let through')
  })

  it.each([
    'litellm_settings: { max_budget: 0.0, cache: false, fallbacks: [], num_retries: 0, success_callback: [] }',
    'general_settings: { enforced_params: [], allowed_ips: null, enforce_user_param: false }',
    'router_settings: { routing_strategy: simple-shuffle, routing_strategy_args: {} }',
  ])('pass where they ask for nothing: %s', (yaml) => {
    expect(build(yaml).notices).toEqual([])
  })
})

it('never throws, whatever the file holds', () => {
  const key = fc.oneof(
    fc.constantFrom(
      'model_list',
      'litellm_params',
      'model_name',
      'model',
      'router_settings',
      'litellm_settings',
      'general_settings',
      'model_group_alias',
      'fallbacks',
      'environment_variables',
      'timezone',
      'model_info',
      'credential_list',
      'cache_params',
      '__proto__',
      'constructor',
      'toString',
    ),
    fc.string(),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('openai/gpt-4o', 'os.environ/X', '*'),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => void build(JSON.stringify(value) ?? '')),
    { numRuns: 150 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => void build(text)),
    { numRuns: 150 },
  )
  const line = fc.tuple(
    fc.nat(4),
    key,
    fc.constantFrom(': ', ':', ' - ', ': [', ': {', ': &a ', ': *a', ': |', ': !!set ', ': 2024-01-01'),
    fc.string({ maxLength: 8 }),
  )
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      (lines) =>
        void build(lines.map(([indent, name, mark, rest]) => `${'  '.repeat(indent)}${name}${mark}${rest}`).join('\n')),
    ),
    { numRuns: 200 },
  )
})
