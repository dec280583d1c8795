import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exposition, formatFor } from '../../../src/observe/exposition.ts'
import { deltasOf, metrics } from '../../../src/observe/metrics.ts'
import { Series } from '../../../src/observe/series.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import { parseMetrics } from '../../support/prometheus-parser.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const textOf = (events: readonly SpendEvent[], format: 'text' | 'openmetrics' = 'text') => {
  const series = new Series()
  series.add(deltasOf(events, { endUsers: false }))
  return exposition(series.values(), format)
}
const total = (text: string, name: string) =>
  (parseMetrics(text, 'text').get(name)?.samples ?? []).reduce((sum, { value }) => sum + value, 0)

const anyEvent = fc.record({
  key_alias: fc.option(fc.string({ unit: 'grapheme' }), { nil: null }),
  model: fc.string(),
  error_type: fc.option(fc.string(), { nil: null }),
  status: fc.constantFrom('success' as const, 'failure' as const, 'cancelled' as const),
  cost_nano: fc.nat().map(String),
  end_ms: fc.nat({ max: 400_000 }).map((ms) => Date.UTC(2026, 10, 22, 12) + ms),
})

describe('the metrics', () => {
  it('are in both formats, whatever names hold, and every attempt is counted', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 8 }), (given) => {
        const events = given.map((more, n) => spendEventOf({ id: `e${n}`, ...more }))
        const text = textOf(events)
        parseMetrics(textOf(events, 'openmetrics'), 'openmetrics')
        expect(total(text, 'litellm_requests_metric_total')).toBe(events.length)
        const spent = events.reduce((sum, { cost_nano }) => sum + Number(cost_nano) / 1e9, 0)
        expect(total(text, 'litellm_spend_metric_total')).toBeCloseTo(spent, 6)
      }),
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

  it('go on from what was stored', () => {
    const first = new Series()
    const deltas = deltasOf([spendEventOf({ id: 'a' })], { endUsers: false })
    first.add(deltas)
    const second = new Series(JSON.parse(JSON.stringify(first.values())))
    second.add(deltas)
    expect(total(exposition(second.values(), 'text'), 'litellm_requests_metric_total')).toBe(2)
    parseMetrics(exposition(second.values(), 'openmetrics'), 'openmetrics')
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
