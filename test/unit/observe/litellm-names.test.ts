import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { metrics } from '../../../src/observe/metrics.ts'
import { routerGauges } from '../../../src/routes/router-metrics.ts'

/** What LiteLLM's dashboards ask for, as its documentation lists them (docs.litellm.ai/docs/proxy/prometheus), without `litellm_`. */
const ASKED = `
proxy_total_requests_metric proxy_failed_requests_metric requests_metric llm_api_failed_requests_metric
spend_metric total_tokens_metric input_tokens_metric output_tokens_metric
input_cached_tokens_metric input_cache_creation_tokens_metric input_audio_tokens_metric
output_reasoning_tokens_metric output_audio_tokens_metric
provider_cache_read_input_tokens_metric provider_cache_creation_input_tokens_metric
cache_hits_metric cache_misses_metric cached_tokens_metric
request_total_latency_metric llm_api_latency_metric llm_api_time_to_first_token_metric overhead_latency_metric
deployment_success_responses deployment_failure_responses deployment_total_requests deployment_state
deployment_latency_per_output_token deployment_cooled_down deployment_successful_fallbacks deployment_failed_fallbacks
deployment_tpm_limit deployment_rpm_limit remaining_requests_metric remaining_tokens_metric
remaining_team_budget_metric team_max_budget_metric team_budget_remaining_hours_metric
remaining_api_key_budget_metric api_key_max_budget_metric api_key_budget_remaining_hours_metric
remaining_user_budget_metric user_max_budget_metric user_budget_remaining_hours_metric
remaining_org_budget_metric org_max_budget_metric org_budget_remaining_hours_metric
remaining_customer_budget_metric customer_max_budget_metric customer_budget_remaining_hours_metric
remaining_api_key_requests_for_model remaining_api_key_tokens_for_model provider_remaining_budget_metric
callback_logging_failures_metric total_users teams_count in_flight_requests
`
/** Those that there are not: each page of ours that names them says why. */
const NOT_HERE = [
  'request_queue_time_seconds',
  'overhead_with_guardrails_latency_metric',
  'guardrail_',
  'mcp_',
  'admission_',
]

it('has every metric of LiteLLM that can be known here, and says which there are not', () => {
  const here = new Set([...Object.keys(metrics), ...routerGauges([]).map(({ name }) => name)])
  const asked = ASKED.trim().split(/\s+/)
  expect(asked.map((name) => `litellm_${name}`).filter((name) => !here.has(name))).toEqual([])
  const page = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8')
  for (const name of NOT_HERE) expect(page).toContain(`litellm_${name}`)
})

it('has no metric whose labels a caller could multiply', () => {
  const labels = new Set(Object.values(metrics).flatMap((metric) => metric.labels as readonly string[]))
  for (const made of ['user_agent', 'client_ip', 'session_id', 'request_id', 'tag']) expect(labels).not.toContain(made)
})
