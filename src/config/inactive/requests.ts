import { type Capability, is } from '../capability.ts'

/** Known and never done, of requests: dialects, vendors, routing, cache. */
export const inactiveRequests: readonly Capability[] = [
  {
    capability: 'requests changed until a vendor takes them',
    never: 'what a vendor cannot take is translated, or refused by name; nothing is made up for it',
    config: ['litellm_settings.modify_params', 'litellm_settings.enable_preview_features'],
  },
  {
    capability: 'answers checked against their schema',
    never: 'it would hold streams back to their end; a strict schema is kept by its vendor',
    config: ['litellm_settings.enable_json_schema_validation'],
    chat: ['enable_json_schema_validation'],
  },
  {
    capability: 'one choice of OpenAI’s API for all models',
    never: 'which of them a model is asked by is said with the model (openai/responses/MODEL)',
    config: [
      'litellm_settings.use_chat_completions_url_for_anthropic_messages',
      'litellm_settings.route_all_chat_openai_to_responses',
      'litellm_settings.return_response_headers',
    ],
    alreadySo: {
      'litellm_settings.use_chat_completions_url_for_anthropic_messages': is(true),
      'litellm_settings.return_response_headers': is(true),
    },
  },
  {
    capability: 'accounts at providers that requests bring',
    never:
      'an account is the operator’s; configurable_clientside_auth_params of a model lets requests bring api_key, api_base or extra_headers',
    config: [
      'general_settings.allow_client_side_credentials',
      'general_settings.forward_openai_org_id',
      'general_settings.forward_llm_provider_auth_headers',
    ],
    chat: [
      'api_version',
      'organization',
      'custom_llm_provider',
      'litellm_credential_name',
      'user_config',
      'model_list',
      'azure_ad_token',
      'tenant_id',
      'client_id',
      'client_secret',
      'azure_username',
      'azure_password',
      'azure_scope',
    ],
  },

  // Routing
  {
    capability: 'order and weight set by the request; limits of input and output of a deployment apart',
    never: 'which deployment comes first is the operator’s to say, and tpm of a deployment counts both',
    config: ['model_list.*.litellm_params.itpm', 'model_list.*.litellm_params.otpm'],
    chat: ['order', 'weight'],
  },
  {
    capability: 'rules of the router set by a request',
    never: 'what protects providers is the operator’s; a request brings fallbacks and num_retries',
    chat: ['default_fallbacks', 'retry_policy', 'retry_strategy', 'force_timeout'],
  },
  {
    capability: 'health checks beside background_health_checks and its interval',
    never: 'results are shared by all isolates and told by /health; what traffic shows is what routing goes by',
    config: [
      'router_settings.enable_health_check_routing',
      'model_list.*.model_info.health_check_voice',
      'general_settings.health_check_details',
      'general_settings.use_shared_health_check',
      'general_settings.enable_health_check_routing',
      'general_settings.health_check_staleness_threshold',
      'general_settings.health_check_ignore_transient_errors',
      'general_settings.health_check_concurrency',
      'general_settings.model_list_healthy_only',
    ],
    chat: ['cooldown_time'],
  },
  {
    capability: 'tiers of models; affinity of other kinds',
    never: 'order and fallbacks say what comes first and next; affinity is of sessions, and of answers that are kept',
    config: [
      'router_settings.model_group_affinity_config',
      'router_settings.deployment_affinity_ttl_seconds',
      'router_settings.allow_fail_open',
      'model_list.*.model_info.tier',
    ],
    chat: ['region_name'],
  },
  {
    capability: 'mirrored, made-up and automatic answers; several models at once',
    never:
      'each call is one that somebody asked for, and pays; a made-up answer would be counted like a true one. npm run dev has a provider without a key, and a hedge asks a second deployment only when the first is slow',
    config: [
      'model_list.*.litellm_params.mock_response',
      'model_list.*.litellm_params.silent_model',
      'model_list.*.litellm_params.auto_router_config',
      'model_list.*.litellm_params.auto_router_config_path',
      'model_list.*.litellm_params.auto_router_default_model',
      'model_list.*.litellm_params.auto_router_embedding_model',
      'model_list.*.litellm_params.keepalive_seconds',
      'general_settings.completion_model',
      'general_settings.infer_model_from_keys',
      'router_settings.router_general_settings',
    ],
    restricts: ['model_list.*.litellm_params.access_windows', 'model_list.*.model_info.supported_environments'],
    chat: ['mock_response', 'mock_timeout', 'fastest_response', 'silent_model', 'base_model', 'model_info'],
  },

  // Cache
  {
    capability: 'cache keys of a caller, and a cache of the router’s own',
    never: 'a key of a caller’s choice could meet another’s answer; the gateway’s cache is the router’s too',
    config: ['litellm_settings.enable_caching_on_provider_specific_optional_params', 'router_settings.cache_responses'],
    chat: ['caching_groups', 'cache_key', 'preset_cache_key', 'ttl'],
    key: ['enable_prompt_caching'],
    // Every field of a request counts, known or not.
    alreadySo: { 'litellm_settings.enable_caching_on_provider_specific_optional_params': is(true) },
  },
]
