import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetDeltas, windowsIn } from '../../../src/observe/budget-metrics.ts'
import { exposition, formatFor } from '../../../src/observe/exposition.ts'
import { deltasOf, metrics } from '../../../src/observe/metrics.ts'
import { Series } from '../../../src/observe/series.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import { parseMetrics } from '../../support/prometheus-parser.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

const textOf = (events: readonly SpendEvent[], format: 'text' | 'openmetrics' = 'text') => {
  const series = new Series()
  series.add(deltasOf(events, { endUsers: false }))
  return exposition(series.values(), format, NOW)
}
const total = (text: string, name: string) =>
  (parseMetrics(text, 'text').get(name)?.samples ?? []).reduce((sum, { value }) => sum + value, 0)

const anyEvent = fc.record({
  key_alias: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
  model: fc.string(),
  error_type: fc.option(fc.string(), { nil: null }),
  status: fc.constantFrom('success' as const, 'failure' as const, 'cancelled' as const),
  cost_nano: fc.nat().map(String),
  end_ms: fc.nat({ max: 400_000 }).map((ms) => Date.UTC(2026, 10, 22, 12) + ms),
})

describe('the metrics', () => {
  it('are in both formats, whatever names hold, and every attempt is counted', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 4 }), (given) => {
        const events = given.map((more, n) => spendEventOf({ id: `e${n}`, ...more }))
        const text = textOf(events)
        parseMetrics(textOf(events, 'openmetrics'), 'openmetrics')
        expect(total(text, 'litellm_requests_metric_total')).toBe(events.length)
        const spent = events.reduce((sum, { cost_nano }) => sum + Number(cost_nano) / 1e9, 0)
        expect(total(text, 'litellm_spend_metric_total')).toBeCloseTo(spent, 6)
      }),
      { numRuns: 30 },
    )
  })

  it("have LiteLLM's names and labels", () => {
    const families = parseMetrics(
      textOf([spendEventOf({ id: 'a', api_key: 'hash', team_id: 't', key_alias: 'k' })]),
      'text',
    )
    const [sample] = families.get('litellm_proxy_total_requests_metric_total')!.samples
    expect(sample!.labels).toEqual({
      end_user: '',
      hashed_api_key: 'hash',
      api_key_alias: 'k',
      team: 't',
      team_alias: '',
      requested_model: 'fast',
      user: '',
      status_code: '200',
      model_id: 'deployment-1',
    })
  })

  it('count a request once, however many attempts it took', () => {
    const text = textOf([
      spendEventOf({ id: 'a', status: 'failure', elsewhere: true, http_status: 500 }),
      spendEventOf({ id: 'b' }),
    ])
    expect(total(text, 'litellm_proxy_total_requests_metric_total')).toBe(1)
    expect(total(text, 'litellm_proxy_failed_requests_metric_total')).toBe(0)
    expect(total(text, 'litellm_deployment_failure_responses_total')).toBe(1)
  })

  it('name no customer unless the operator wants it', () => {
    const events = [spendEventOf({ id: 'a', end_user: 'jane' })]
    expect(textOf(events)).not.toContain('jane')
    expect(JSON.stringify(deltasOf(events, { endUsers: true }))).toContain('jane')
  })

  it('stay bounded: what is beyond the bound is counted under other', () => {
    const series = new Series([], 3)
    const events = Array.from({ length: 10 }, (_, n) => spendEventOf({ id: `e${n}`, key_alias: `key-${n}` }))
    series.add(deltasOf(events, { endUsers: false }))
    const mine = series.values().filter(({ metric }) => metric === 'litellm_requests_metric')
    expect(mine.map(({ labels, value }) => [labels.api_key_alias, value])).toEqual([
      ['key-0', 1],
      ['key-1', 1],
      ['key-2', 1],
      ['other', 7],
    ])
    for (const metric of Object.keys(metrics))
      expect(series.values().filter((one) => one.metric === metric).length).toBeLessThanOrEqual(4)
  })

  it('count fallbacks by how they ended, and what the cache did not have where there is one', () => {
    const events = [
      spendEventOf({ id: 'a', status: 'failure', elsewhere: true, http_status: 500 }),
      spendEventOf({ id: 'b', fallbacks: 1, status: 'failure', elsewhere: true, http_status: 429, error_type: 'rate' }),
      spendEventOf({ id: 'c', fallbacks: 2, model_group: 'spare' }),
      spendEventOf({ id: 'd', cache_hit: true }),
    ]
    const text = textOf(events)
    const [failed] = parseMetrics(text, 'text').get('litellm_deployment_failed_fallbacks_total')!.samples
    expect(failed).toMatchObject({ value: 1, labels: { exception_status: '429', exception_class: 'rate' } })
    const [good] = parseMetrics(text, 'text').get('litellm_deployment_successful_fallbacks_total')!.samples
    expect(good).toMatchObject({ value: 1, labels: { fallback_model: 'spare' } })
    expect([total(text, 'litellm_cache_hits_metric_total'), total(text, 'litellm_cache_misses_metric_total')]).toEqual([
      1, 0,
    ])
    const misses = deltasOf(events, { endUsers: false, caches: true }).filter(
      ({ metric }) => metric === 'litellm_cache_misses_metric',
    )
    expect(misses.reduce((sum, { value }) => sum + value, 0)).toBe(1)
  })

  it('count parts of tokens, and as cached here only what came from the cache', () => {
    const usage = { ...noUsage, cacheReadTokens: 3, cacheWriteTokens: 4, cacheWrite1hTokens: 5, inputAudioTokens: 6 }
    const text = textOf([
      spendEventOf({ id: 'a', usage: { ...usage, reasoningTokens: 7, outputAudioTokens: 8 } }),
      spendEventOf({ id: 'b', usage, cache_hit: true, total_tokens: 18 }),
    ])
    const of = (name: string) => total(text, `litellm_${name}_tokens_metric_total`)
    expect([of('input_cached'), of('provider_cache_read_input')]).toEqual([3, 3])
    expect([of('input_cache_creation'), of('provider_cache_creation_input')]).toEqual([9, 9])
    expect([of('input_audio'), of('output_reasoning'), of('output_audio'), of('cached')]).toEqual([6, 7, 8, 18])
  })

  it("tell what is left of a key's own limits for a model, where there are some", () => {
    const text = textOf([
      spendEventOf({ id: 'a', api_key: 'h', key_remaining_requests: 9, key_remaining_tokens: 800 }),
      spendEventOf({ id: 'b', api_key: 'none' }),
    ])
    const [left, ...more] = parseMetrics(text, 'text').get('litellm_remaining_api_key_requests_for_model')!.samples
    expect([left, more]).toMatchObject([{ value: 9, labels: { hashed_api_key: 'h', model: 'gpt-4o-mini' } }, []])
    expect(total(text, 'litellm_remaining_api_key_tokens_for_model')).toBe(800)
  })

  it('tell what a vendor said is left of its limits, the last time it did', () => {
    const text = textOf([
      spendEventOf({ id: 'a', vendor_remaining_requests: 59, vendor_remaining_tokens: 90_000 }),
      spendEventOf({ id: 'b', vendor_remaining_requests: 58 }),
      spendEventOf({ id: 'c' }),
    ])
    expect([total(text, 'litellm_remaining_requests_metric'), total(text, 'litellm_remaining_tokens_metric')]).toEqual([
      58, 90_000,
    ])
  })

  it('tell what is left of budgets, and the hours until they begin anew at the moment of asking', () => {
    const event = spendEventOf({
      id: 'a',
      api_key: 'hash',
      team_id: 't',
      user: 'u',
      scopes: [
        'key:k@30d',
        'key:k:model=m@1d',
        'team:t@life',
        'user:u@1d',
        'org:o@1d',
        'provider:openai@1d',
        'key:k@life',
        'customer:c@1d',
      ],
      windows: [1, 2, 0, 3, 4, 5, 0, 6],
      organization_id: 'o',
      end_user: 'c',
    })
    const told = ['key:k@30d', 'team:t@life', 'user:u@1d', 'org:o@1d', 'provider:openai@1d', 'key:k@life']
    const windowsOf = (endUsers: boolean) => windowsIn([event, event], { endUsers }).map(({ scope }) => scope)
    expect(windowsOf(false)).toEqual(told)
    expect(windowsOf(true)).toEqual([...told, 'customer:c@1d'])
    const figure = (scope: string, startMs: number, more = {}) => ({
      scope,
      startMs,
      limitNano: '2000000000',
      spentNano: '500000000',
      ...more,
    })
    const series = new Series()
    series.add(
      budgetDeltas(
        [event],
        [
          figure('key:k@30d', 1, { endMs: NOW + 5_400_000 }),
          figure('team:t@life', 0, { spentNano: '2500000000' }),
          figure('user:u@1d', 3, { endMs: NOW - 1 }),
          figure('org:o@1d', 4, { alias: 'The org' }),
          figure('customer:c@1d', 6, { endMs: NOW + 3_600_000 }),
          figure('provider:openai@1d', 5),
          figure('team:other@1d', 6),
        ],
      ),
    )
    const families = parseMetrics(exposition(series.values(), 'openmetrics', NOW), 'openmetrics')
    const values = [...families].map(([name, { samples }]) => [name, samples.map(({ value }) => value)])
    expect(Object.fromEntries(values)).toEqual({
      litellm_remaining_api_key_budget_metric: [1.5],
      litellm_api_key_max_budget_metric: [2],
      litellm_api_key_budget_remaining_hours_metric: [1.5],
      litellm_remaining_team_budget_metric: [-0.5],
      litellm_team_max_budget_metric: [2],
      litellm_remaining_user_budget_metric: [1.5],
      litellm_user_max_budget_metric: [2],
      litellm_user_budget_remaining_hours_metric: [0],
      litellm_remaining_org_budget_metric: [1.5],
      litellm_org_max_budget_metric: [2],
      litellm_remaining_customer_budget_metric: [1.5],
      litellm_customer_max_budget_metric: [2],
      litellm_customer_budget_remaining_hours_metric: [1],
      litellm_provider_remaining_budget_metric: [1.5],
    })
    expect(families.get('litellm_org_max_budget_metric')!.samples[0]!.labels).toEqual({
      org_id: 'o',
      org_alias: 'The org',
    })
    expect(families.get('litellm_api_key_max_budget_metric')!.samples[0]!.labels).toEqual({
      hashed_api_key: 'hash',
      api_key_alias: '',
    })
  })

  it('of budgets beyond the bound are left out, since one number for many would be nobody’s', () => {
    const series = new Series([], 1)
    const gauge = (team: string) => ({
      metric: 'litellm_team_max_budget_metric',
      labels: { team, team_alias: '' },
      value: 1,
    })
    series.add([gauge('a'), gauge('b'), gauge('a')])
    expect(series.values().map(({ labels }) => labels.team)).toEqual(['a'])
  })

  it('go on from what was stored', () => {
    const first = new Series()
    const deltas = deltasOf([spendEventOf({ id: 'a' })], { endUsers: false })
    first.add(deltas)
    const second = new Series(JSON.parse(JSON.stringify(first.values())))
    second.add(deltas)
    expect(total(exposition(second.values(), 'text', NOW), 'litellm_requests_metric_total')).toBe(2)
    parseMetrics(exposition(second.values(), 'openmetrics', NOW), 'openmetrics')
  })
})

it('OpenMetrics is for those who ask for it', () => {
  expect(formatFor('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).toBe('openmetrics')
  expect(formatFor('text/plain')).toBe('text')
  expect(formatFor(null)).toBe('text')
})

it('the reader of these tests is strict', () => {
  const bad = [
    'a{x="1} 1\n',
    'x 1\n',
    '# TYPE a counter\na -1\n',
    '# TYPE a counter\na 1\na 1\n',
    '# TYPE a gauge\na{x="\\q"} 1\n',
    '# TYPE a gauge\na 1',
  ]
  for (const text of bad) expect(() => parseMetrics(text, 'text'), text).toThrow()
  expect(() => parseMetrics('# TYPE a gauge\na 1\n', 'openmetrics')).toThrow('EOF')
})
