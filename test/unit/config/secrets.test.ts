import fc from 'fast-check'
import { expect, it } from 'vitest'
import { budgetLines, groupLines, routerLines } from '../../../scripts/config/plan.ts'
import { noticeLines } from '../../../scripts/config/print.ts'
import { build, of } from './world.ts'

const literals: readonly [string, string][] = [
  ['an api key', 'model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, api_key: @@ } }]'],
  [
    'a key of a vendor not built',
    'model_list: [{ model_name: m, litellm_params: { model: bedrock/x, aws_secret_access_key: @@ } }]',
  ],
  [
    'a header',
    'model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, extra_headers: { authorization: @@ } } }]',
  ],
  ['the master key', 'general_settings: { master_key: @@ }'],
  ['a password', 'litellm_settings: { cache_params: { password: @@ } }'],
  ['a password in an address', 'general_settings: { database_url: "postgres://u:@@@db/x" }'],
  ['a webhook', 'general_settings: { alert_to_webhook_url: { slack: "https://chat.example.com/@@" } }'],
  ['a token in an address', 'environment_variables: { HOOK: "https://example.com/?token=@@" }'],
  ['a variable', 'environment_variables: { LANGFUSE_SECRET_KEY: @@ }'],
  [
    'a key under the wrong name',
    'model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, api_kye: sk-@@ } }]',
  ],
  ['a key in an unknown section', 'other_settings: { deep: [{ password: @@ }] }'],
  ['a credential', 'credential_list: [{ credential_name: c, credential_values: { api_key: @@ } }]'],
]
const secret = 'hunter2hunter2XYZ'

it.each(literals)('%s written out is a warning in dev, an error in deploy, and never printed', (_, template) => {
  const yaml = template.replaceAll('@@', secret)
  for (const [target, level] of [
    ['dev', 'warning'],
    ['deploy', 'error'],
  ] as const) {
    const { config, notices } = build(yaml, target)
    const found = of(level, notices).filter(({ message }) => message.includes('a secret is written into'))
    expect(found).toHaveLength(1)
    expect(found[0]?.line).toBe(1)
    expect(
      [noticeLines('config.yaml', notices), groupLines(config), routerLines(config), budgetLines(config)].join(),
    ).not.toContain('hunter2')
    expect(JSON.stringify(config.deployments.map(({ id }) => id))).not.toContain('hunter2')
  }
})

it('takes references, and names that only sound like secrets, for what they are', () => {
  const { notices } = build(
    `general_settings: { master_key: os.environ/K, litellm_key_header_name: x-my-key }
litellm_settings: { langfuse_default_tags: [cache_key, proxy_base_url] }
model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, max_tokens: 100 } }]
environment_variables: { LANGFUSE_PUBLIC_KEY: pub, LANGFUSE_HOST: "https://example.com" }
`,
    'deploy',
  )
  expect(of('error', notices)).toEqual([])
})

it('shows no secret in an error about a wrong type, wherever it was put', () => {
  const places = [
    'router_settings: { timeout: "X" }',
    'litellm_settings: { cache: "X" }',
    'general_settings: { alerting: { k: "X" } }',
    'model_list: "X"',
    '"X": 1',
    'model_list: [{ model_name: m, litellm_params: { model: "X/y", rpm: "X" } }]',
    'litellm_settings: { timezone: "X" }',
    'router_settings: { routing_strategy: "X", model_group_alias: { a: "X" } }',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.stringMatching(/^sk-[a-z]{4}[A-Z]{4}[0-9]{8}$/), (place, key) => {
      for (const target of ['dev', 'deploy'] as const) {
        const { notices, config } = build(place.replaceAll('X', key), target)
        expect(noticeLines('config.yaml', notices).join('\n')).not.toContain(key)
        expect(config.deployments.map(({ disabled }) => disabled).join()).not.toContain(key)
      }
    }),
  )
})
