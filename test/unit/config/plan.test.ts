import { describe, expect, it } from 'vitest'
import { budgetLines, groupLines, routerLines } from '../../../scripts/config/plan.ts'
import { build, of } from './world.ts'

const { config, notices } = build(`model_list:
  - { model_name: fast, litellm_params: { model: openai/gpt-4o, weight: 3 } }
  - { model_name: fast, litellm_params: { model: hosted_vllm/l, api_base: "http://x/v1", weight: 1, max_budget: 5, budget_duration: 1d } }
  - { model_name: tiered, litellm_params: { model: hosted_vllm/l, api_base: "http://x/v1", order: 2 } }
  - { model_name: tiered, litellm_params: { model: openai/gpt-4o, order: 1 } }
router_settings:
  model_group_alias: { quick: fast }
  routing_groups: [{ models: [tiered], routing_strategy: least-busy }]
  fallbacks: [{ fast: [tiered] }]
  context_window_fallbacks: [{ fast: [tiered] }]
  default_fallbacks: [fast]
  num_retries: 1
  hedged_groups: [fast]
  cooldown_wait: 2
  mid_stream_fallback: continue
  provider_budget_config: { openai: { max_budget: 9, time_period: 1mo } }
litellm_settings: { max_budget: 100, tag_budget_config: { bot: { max_budget: 1, budget_duration: 7d } }, max_end_user_budget: 2 }
`)

it('says of each group who is asked, in which order, with which share, and who comes then', () => {
  const lines = groupLines(config)
  expect(lines[0]).toBe('fast: simple-shuffle, 1 retry, hedged')
  expect(lines[1]).toMatch(/^ {2}ready 75 % {2}openai\/gpt-4o, \$2\.5 in/)
  expect(lines[2]).toMatch(/^ {2}ready 25 % {2}hosted_vllm\/l/)
  expect(lines.slice(3, 5)).toEqual(['  then tiered', '  when the context is too long: tiered'])
  expect(lines[5]).toBe('tiered: least-busy, 1 retry')
  expect(lines[6]).toMatch(/^ {2}1\. ready {2}openai/)
  expect(lines[7]).toMatch(/^ {2}2\. ready {2}hosted_vllm/)
  expect(lines[8]).toBe('quick is another name for fast')
})

it('says what holds for all', () => {
  expect(routerLines(config)).toEqual(
    expect.arrayContaining([
      'any other group fails over to fast',
      'where all cool down, a request waits up to 2 s',
      'a stream that breaks off is completed by another deployment',
    ]),
  )
})

it('says every budget of the file', () => {
  expect(budgetLines(config)).toEqual([
    'all keys together: $100 in all',
    'the vendor openai: $9 each 1mo',
    'hosted_vllm/l of fast: $5 each 1d',
    'the tag bot: $1 each 7d',
    'a customer without one: $2',
  ])
})

it('shows what a row for every vendor stands for in one line', () => {
  const all = build('model_list: [{ model_name: "*", litellm_params: { model: "*" } }]').config
  expect(groupLines(all)).toHaveLength(1)
  expect(groupLines(all)[0]).toContain('openai/*, ')
})

describe('advice', () => {
  const two = `model_list:
  - { model_name: m, litellm_params: { model: openai/gpt-4o } }
  - { model_name: m, litellm_params: { model: openai/gpt-4o, temperature: 0 } }
`
  it.each([
    ['routing_strategy: latency-based-routing', 'least-busy'],
    ['disable_cooldowns: true', 'dead deployment'],
    ['enable_tag_filtering: true', 'no deployment has tags'],
    ['context_window_fallbacks: [{ m: [m] }]', 'no longer a prompt'],
  ])('of %s', (settings, text) => {
    const said = of('advice', build(`${two}router_settings: { ${settings} }`).notices)
    expect(said.map(({ message }) => message).join()).toContain(text)
  })

  it('of a mixed order, and of weights that say nothing', () => {
    const mixed = build(two.replace('temperature: 0', 'order: 1')).notices
    expect(of('advice', mixed)[0]?.message).toContain('those without come last')
    const zero = build(two.replace('gpt-4o }', 'gpt-4o, weight: 0 }').replace('temperature: 0', 'weight: 0')).notices
    expect(of('advice', zero)[0]?.message).toContain('weight 0')
  })

  it('is a warning where a group falls back to itself', () => {
    const { notices } = build(`${two}router_settings: { fallbacks: [{ m: [m] }] }`)
    expect(of('warning', notices)[0]?.message).toContain('falls back to itself')
  })

  it('is silent where nothing is to be feared', () => {
    expect(build(two).notices).toEqual([])
    expect(of('warning', notices)).toEqual([])
  })
})
