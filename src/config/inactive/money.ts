import { type Capability, is } from '../capability.ts'

/** Known and never done, of money and what is told of it. */
export const inactiveMoney: readonly Capability[] = [
  {
    capability: 'other budgets of the file',
    never:
      'what new keys and people get is said by default_key_generate_params and default_internal_user_params, and a user’s budget is over all keys of the user',
    // A user's budget counts over all keys of the user, those of teams too.
    config: [
      'litellm_settings.default_soft_budget',
      'litellm_settings.max_ui_session_budget',
      'general_settings.apply_user_budget_to_team_keys',
    ],
    alreadySo: { 'general_settings.apply_user_budget_to_team_keys': is(true) },
    restricts: ['litellm_settings.max_user_budget', 'litellm_settings.default_max_internal_user_budget'],
  },
  {
    capability: 'budgets set by a request',
    never: 'a budget is its key’s and its owners’; a request can say max_tokens',
    chat: ['max_budget', 'budget_duration'],
  },
  {
    capability: 'limits set by a request, for the whole gateway, or by the day; settings of limits in metadata',
    never:
      'a limit over everything would send every request to one place: max_parallel_requests, rpm and tpm are of keys, teams, people, customers, tags and deployments, budgets of all of them; limits stand beside metadata, and what was spent is counted, or set back by reset_spend',
    config: ['general_settings.disable_retry_on_max_parallel_request_limit_error'],
    restricts: [
      'general_settings.max_parallel_requests',
      'general_settings.global_max_parallel_requests',
      'model_list.*.litellm_params.default_api_key_tpm_limit',
      'model_list.*.litellm_params.default_api_key_rpm_limit',
    ],
    chat: ['max_parallel_requests', 'rpm', 'tpm'],
    key: [
      'budget_fallbacks',
      'budget_clamp',
      'tpd_limit',
      'mcp_rpm_limit',
      'tag_rpm_limit',
      'throttle_on_budget_exceeded',
      'default_estimated_output_tokens',
      'default_estimated_output_tokens_per_model',
      'spend',
      'metadata.model_rpm_limit',
      'metadata.model_tpm_limit',
      'metadata.model_max_budget',
    ],
    team: ['tpd_limit', 'mcp_rpm_limit', 'spend', 'metadata.model_rpm_limit', 'metadata.model_tpm_limit'],
    organization: ['tpd_limit', 'spend', 'metadata.model_rpm_limit', 'metadata.model_tpm_limit'],
    user: ['tpd_limit', 'tpm_limit_type', 'rpm_limit_type', 'spend'],
    customer: ['tpd_limit', 'spend', 'budget_reset_at'],
    tag: ['tpd_limit', 'spend'],
    budget: ['tpd_limit', 'budget_reset_at'],
    alreadySo: {
      spend: is(0),
      tpm_limit_type: is('best_effort_throughput'),
      rpm_limit_type: is('best_effort_throughput'),
    },
  },
  {
    capability: 'shares of capacity by priority',
    never: 'no request waits here for another; limits of keys and teams share what there is',
    config: ['litellm_settings.priority_reservation_settings', 'router_settings.default_priority'],
    restricts: ['litellm_settings.priority_reservation'],
    chat: ['priority'],
    key: ['metadata.priority'],
    team: ['metadata.priority'],
  },

  {
    capability: 'logging integrations of a request, and labels of metrics',
    never:
      'sinks are named by success_callback, failure_callback and callbacks, of a team or key by metadata.logging; labels are few, so that nobody can make their number grow',
    config: [
      'litellm_settings.service_callback',
      'litellm_settings.service_callbacks',
      'litellm_settings.langfuse_default_tags',
      'litellm_settings.redact_messages_in_exceptions',
      'litellm_settings.prometheus_metrics_config',
      'litellm_settings.custom_prometheus_metadata_labels',
      'litellm_settings.custom_prometheus_tags',
      'litellm_settings.prometheus_initialize_budget_metrics',
      'litellm_settings.prometheus_emit_stream_label',
      'litellm_settings.disable_end_user_cost_tracking_prometheus_only',
      'general_settings.otel',
    ],
    chat: ['callbacks', 'success_callback', 'failure_callback', 'logger_fn'],
    key: ['logging'],
    team: ['logging'],
    // No alert quotes what was asked, and customers are no label of metrics.
    alreadySo: {
      'litellm_settings.redact_messages_in_exceptions': is(true),
      'litellm_settings.disable_end_user_cost_tracking_prometheus_only': is(true),
    },
  },
  {
    capability: 'prompts and answers in the spend log; a log that is not kept',
    never:
      'the log is the account, and has no bodies; maximum_spend_logs_retention_period says how long it is kept, and whole days go at once',
    config: [
      'general_settings.store_prompts_in_spend_logs',
      'general_settings.disable_spend_logs',
      'general_settings.disable_spend_updates',
      'general_settings.disable_error_logs',
      'general_settings.maximum_spend_logs_retention_interval',
      'general_settings.maximum_spend_logs_cleanup_cron',
      'general_settings.maximum_spend_logs_cleanup_batch_size',
      'general_settings.maximum_spend_logs_cleanup_max_batches',
      'general_settings.maximum_spend_logs_cleanup_run_budget',
      'general_settings.maximum_spend_logs_cleanup_batch_timeout',
    ],
  },
  {
    capability: 'tags of entities, and customers who are not counted',
    never:
      'the tags of a key and of a team are in their metadata.tags, and an organization has none. A customer’s spend is what its budget goes by',
    config: [
      'litellm_settings.extra_spend_tag_headers',
      'litellm_settings.disable_add_user_agent_to_request_tags',
      'litellm_settings.disable_end_user_cost_tracking',
    ],
    key: ['tags', 'metadata.spend_logs_metadata'],
    team: ['tags', 'metadata.spend_logs_metadata'],
    organization: ['tags', 'metadata.tags'],
  },
  {
    capability: 'prices of video and of other units; prices that a request brings',
    never:
      'a price is by the token, second, character, picture, query or request, in the steps of the list and its tiers of service. Prices are the operator’s',
    config: [
      'model_list.*.litellm_params.tiered_pricing',
      'model_list.*.litellm_params.citation_cost_per_token',
      'model_list.*.litellm_params.output_cost_per_second',
      'model_list.*.litellm_params.input_cost_per_image',
      'model_list.*.litellm_params.output_cost_per_character',
      'model_list.*.litellm_params.input_cost_per_video_per_second',
      'model_list.*.litellm_params.output_cost_per_video_per_second',
    ],
    chat: ['input_cost_per_token', 'output_cost_per_token', 'input_cost_per_second', 'output_cost_per_second'],
  },
  {
    capability: 'alerts of the router',
    never: 'alerting of general_settings has them',
    config: ['router_settings.alerting_config'],
  },
]
