import * as z from 'zod'
import {
  amount,
  anything,
  count,
  fileBudget,
  flag,
  mapping,
  mappingOf,
  mappings,
  number,
  oneOf,
  positive,
  seconds,
  section,
  text,
  textOrNumber,
  texts,
} from '../../../src/models/row/kinds.ts'
import { allowedFailsPolicy, timeouts } from '../../../src/models/row/model-list.ts'

/** `[{"group": ["other", …]}]`. */
export const fallbacks = z.array(
  mappingOf(z.array(z.union([text, mapping], 'the name of a group'), 'a list of groups')),
  'a list such as [{"gpt-4o": ["claude-sonnet"]}]',
)

const retryPolicy = section({
  BadRequestErrorRetries: count,
  AuthenticationErrorRetries: count,
  TimeoutErrorRetries: count,
  RateLimitErrorRetries: count,
  ContentPolicyViolationErrorRetries: count,
  InternalServerErrorRetries: count,
  ServiceUnavailableErrorRetries: count,
  NotFoundErrorRetries: count,
  DefaultRetries: count,
})

const strategy = oneOf([
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'usage-based-routing',
  'usage-based-routing-v2',
  'cost-based-routing',
  'lar1',
  'priority',
])

const strategyArgs = section({ ttl: positive, lowest_latency_buffer: amount, max_latency_list_size: count })

export const routerSettings = section({
  timeout: seconds,
  stream_timeout: seconds,
  model_group_alias: mappingOf(
    z.union([text, z.object({ model: text, hidden: flag.optional() })], 'the name of a group, or {model, hidden}'),
  ),
  default_litellm_params: mapping,

  ...timeouts,
  cooldown_wait: seconds,
  mid_stream_fallback: oneOf(['continue', 'error']),
  hedged_groups: texts,
  sticky_sessions: flag,

  routing_strategy: strategy,
  routing_strategy_args: strategyArgs,
  redis_host: text,
  redis_port: textOrNumber,
  redis_password: text,
  redis_url: text,
  redis_db: textOrNumber,
  num_retries: count,
  max_retries: count,
  retry_after: seconds,
  allowed_fails: count,
  cooldown_time: seconds,
  disable_cooldowns: flag,
  retry_policy: retryPolicy,
  model_group_retry_policy: mappingOf(retryPolicy),
  allowed_fails_policy: allowedFailsPolicy,
  fallbacks,
  context_window_fallbacks: fallbacks,
  content_policy_fallbacks: fallbacks,
  default_fallbacks: texts,
  max_fallbacks: count,
  enable_pre_call_checks: flag,
  optional_pre_call_checks: z.array(
    oneOf([
      'prompt_caching',
      'router_budget_limiting',
      'responses_api_deployment_check',
      'deployment_affinity',
      'session_affinity',
      'forward_client_headers_by_model_group',
      'enforce_model_rate_limits',
      'encrypted_content_affinity',
    ]),
    'a list of checks',
  ),
  enable_tag_filtering: flag,
  tag_filtering_match_any: flag,
  caching_groups: z.array(texts, 'a list of lists of groups'),
  cache_responses: flag,
  client_ttl: seconds,
  default_max_parallel_requests: count,
  default_priority: number,
  polling_interval: seconds,
  provider_budget_config: mappingOf(fileBudget),
  ignore_invalid_deployments: flag,
  set_verbose: flag,
  debug_level: text,
  alerting_config: mapping,
  assistants_config: mapping,
  router_general_settings: section({ async_only_mode: flag, pass_through_all_models: flag }),
  model_group_affinity_config: mapping,
  deployment_affinity_ttl_seconds: seconds,
  enable_health_check_routing: flag,
  guardrail_list: mappings,
  search_tools: mappings,
  routing_groups: z.array(
    section({
      group_name: text,
      models: texts,
      routing_strategy: strategy,
      routing_strategy_args: strategyArgs,
      model_priorities: anything,
    }),
    'a list of routing groups',
  ),
  allow_fail_open: flag,
})
