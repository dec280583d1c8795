import { expect, it } from 'vitest'
import { gaugeBlocks } from '../../../src/observe/exposition.ts'
import { routerGauges } from '../../../src/routes/router-metrics.ts'
import { unknownState } from '../../../src/routing/state.ts'
import { parseMetrics } from '../../support/prometheus-parser.ts'

it("what the file allows a deployment is there under LiteLLM's names, and no secret of its address", () => {
  const deployment = { id: 'd1', group: 'small', provider: 'openai', model: 'gpt-4o-mini', params: {}, mode: 'chat' }
  const limited = { ...deployment, rpm: 60, apiBase: 'https://user:hush@vendor.test/v1?code=hush' }
  const text = gaugeBlocks(
    routerGauges([
      { deployment: limited, state: unknownState },
      { deployment: { ...deployment, id: 'd2' }, state: unknownState },
    ]),
    'text',
  )
  const families = parseMetrics(text, 'text')
  expect(families.get('litellm_deployment_rpm_limit')?.samples).toEqual([
    {
      name: 'litellm_deployment_rpm_limit',
      value: 60,
      labels: {
        litellm_model_name: 'gpt-4o-mini',
        model_id: 'd1',
        api_base: 'https://vendor.test',
        api_provider: 'openai',
      },
    },
  ])
  expect(families.has('litellm_deployment_tpm_limit')).toBe(false)
  expect(families.get('tollgate_deployment_circuit')?.samples).toHaveLength(2)
  expect(text).not.toContain('hush')
})

it('a deployment is well, failing or cooling down, and how often it cooled down is counted', () => {
  const deployment = { group: 'small', provider: 'openai', model: 'gpt-4o-mini', params: {}, mode: 'chat' }
  const of = (id: string, more: object) => ({ deployment: { ...deployment, id }, state: { ...unknownState, ...more } })
  const gauges = routerGauges([
    of('well', { inFlight: 2 }),
    of('failing', { failures: 1, openings: 3, inFlight: 1 }),
    of('half', { circuit: 'half_open', failures: 1 }),
    of('cooling', { failures: 4, circuit: 'open', openings: 1 }),
  ])
  for (const format of ['text', 'openmetrics'] as const) {
    const end = format === 'openmetrics' ? '# EOF\n' : ''
    const families = parseMetrics(gaugeBlocks(gauges, format) + end, format)
    const valuesOf = (name: string) => families.get(name)?.samples.map(({ value }) => value)
    expect(valuesOf('litellm_deployment_state')).toEqual([0, 1, 1, 2])
    expect(valuesOf(`litellm_deployment_cooled_down${format === 'text' ? '_total' : ''}`)).toEqual([0, 3, 0, 1])
    expect(valuesOf('litellm_in_flight_requests')).toEqual([3])
  }
})
