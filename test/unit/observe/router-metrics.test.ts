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
