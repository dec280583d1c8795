import { GatewayError } from '../errors.ts'
import { nearestName } from './nearest.ts'

/** What brings the capabilities that are known and not there yet, in the order in which they come. */
export const milestones = {
  ledger: 'milestone 3, the full ledger',
  routing: 'milestone 4, routing',
  cache: 'milestone 5, cache',
  tenants: 'milestone 6, tenants and administration',
  signals: 'milestone 7, spend, signals and alerts',
  operations: 'milestone 8, the other operations',
  unplanned: 'no milestone plans it',
} as const

export type Milestone = keyof typeof milestones
export type Area = 'chat' | AdminArea
export type AdminArea =
  | 'admin.key'
  | 'admin.team'
  | 'admin.member'
  | 'admin.organization'
  | 'admin.user'
  | 'admin.customer'
  | 'admin.tag'
  | 'admin.budget'

/**
 * One capability that is not there yet, with every name that asks for it. When it comes, its row goes (or shrinks):
 * this table is the only place where a name is known to be inactive.
 */
export interface Capability {
  readonly capability: string
  readonly comes: Milestone
  /** Paths of `config.yaml`; `model_list.*.` stands for every row. */
  readonly config?: readonly string[]
  /** The same, where ignoring the key would let through what it forbids: an error instead of a notice. */
  readonly restricts?: readonly string[]
  /** Fields of a request; `metadata.tags` looks one level into an object. */
  readonly chat?: readonly string[]
  readonly key?: readonly string[]
  readonly team?: readonly string[]
  readonly member?: readonly string[]
  readonly organization?: readonly string[]
  readonly user?: readonly string[]
  readonly customer?: readonly string[]
  readonly tag?: readonly string[]
  readonly budget?: readonly string[]
  /** Values that ask for nothing we do not do already, beside null and what is empty or false. */
  readonly alreadySo?: Readonly<Record<string, (value: unknown) => boolean>>
}

const is =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value)

export const capabilities: readonly Capability[] = [
  // Dialects and vendors
  {
    capability: 'what a vendor cannot take is translated, or refused by name; nothing is made up for it',
    comes: 'unplanned',
    config: ['litellm_settings.modify_params', 'litellm_settings.enable_preview_features'],
  },
  {
    capability: 'answers are not checked against their schema here, which would hold streams back to their end',
    comes: 'unplanned',
    config: ['litellm_settings.enable_json_schema_validation'],
    chat: ['enable_json_schema_validation'],
  },
  {
    capability: 'which of OpenAI’s APIs a model is asked by is said per model (openai/responses/MODEL)',
    comes: 'unplanned',
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
    capability:
      'the account at a provider is the operator’s; configurable_clientside_auth_params of a model lets requests bring api_key, api_base or extra_headers',
    comes: 'unplanned',
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

  // The full ledger
  {
    capability: 'other budgets of the file',
    comes: 'ledger',
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
    comes: 'unplanned',
    chat: ['max_budget', 'budget_duration'],
  },
  {
    capability: 'limits per model, member and window; shared budgets; parallel requests',
    comes: 'ledger',
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
    team: ['mcp_rpm_limit', 'spend', 'metadata.model_rpm_limit', 'metadata.model_tpm_limit'],
    organization: ['spend', 'metadata.model_rpm_limit', 'metadata.model_tpm_limit'],
    user: ['tpm_limit_type', 'rpm_limit_type', 'spend'],
    customer: ['spend', 'budget_reset_at'],
    tag: ['spend'],
    budget: ['budget_reset_at'],
    alreadySo: {
      spend: is(0),
      tpm_limit_type: is('best_effort_throughput'),
      rpm_limit_type: is('best_effort_throughput'),
    },
  },
  {
    capability: 'shares of capacity by priority',
    comes: 'ledger',
    config: ['litellm_settings.priority_reservation_settings', 'router_settings.default_priority'],
    restricts: ['litellm_settings.priority_reservation'],
    chat: ['priority'],
    key: ['metadata.priority'],
    team: ['metadata.priority'],
  },

  // Routing
  {
    capability: 'order and weight set by the request; limits of input and output of a deployment apart',
    comes: 'unplanned',
    config: ['model_list.*.litellm_params.itpm', 'model_list.*.litellm_params.otpm'],
    chat: ['order', 'weight'],
  },
  {
    capability: "the router's own rules set by a request",
    comes: 'unplanned',
    chat: ['default_fallbacks', 'retry_policy', 'retry_strategy', 'force_timeout'],
  },
  {
    capability: 'health checks of deployments beside their traffic',
    comes: 'unplanned',
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
    comes: 'unplanned',
    config: [
      'router_settings.model_group_affinity_config',
      'router_settings.deployment_affinity_ttl_seconds',
      'router_settings.allow_fail_open',
      'model_list.*.model_info.tier',
    ],
    chat: ['region_name'],
  },
  {
    capability: 'mirrored, mocked and automatic models; several models at once',
    comes: 'routing',
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
    comes: 'unplanned',
    config: ['litellm_settings.enable_caching_on_provider_specific_optional_params', 'router_settings.cache_responses'],
    chat: ['caching_groups', 'cache_key', 'preset_cache_key', 'ttl'],
    key: ['enable_prompt_caching'],
    // Every field of a request counts, known or not.
    alreadySo: { 'litellm_settings.enable_caching_on_provider_specific_optional_params': is(true) },
  },

  // Tenants and administration
  {
    capability: 'a choice of what is kept in the database',
    comes: 'unplanned',
    config: ['general_settings.supported_db_objects'],
  },
  {
    capability: "projects, invitations and headers that name people; budgets of an organization's members",
    comes: 'unplanned',
    config: [
      'general_settings.user_header_name',
      'general_settings.user_header_mappings',
      'general_settings.default_team_disabled',
      'general_settings.disable_auto_add_proxy_admin_to_teams',
    ],
    key: ['project_id', 'agent_id', 'send_invite_email'],
    member: ['all_users'],
    user: ['organizations', 'send_invite_email', 'sso_user_id', 'organization_id', 'team_id', 'prompts', 'password'],
    customer: ['default_model'],
    // An admin who makes a team is not in it.
    alreadySo: { 'general_settings.disable_auto_add_proxy_admin_to_teams': is(true) },
    team: ['members', 'admins', 'team_member_key_duration', 'user_id'],
    organization: ['members', 'users', 'max_budget_in_organization'],
  },
  {
    capability: 'settings of one team in the file; the shape of aliases',
    comes: 'unplanned',
    restricts: ['litellm_settings.default_team_settings', 'litellm_settings.enable_key_alias_format_validation'],
  },
  {
    capability: 'permissions by object, role and index; hosts and sizes of answers',
    comes: 'unplanned',
    restricts: [
      'general_settings.enforce_rbac',
      'general_settings.role_permissions',
      'general_settings.max_response_size_mb',
      'general_settings.provider_url_destination_allowed_hosts',
    ],
    key: [
      'permissions',
      'allowed_passthrough_routes',
      'allowed_vector_store_indexes',
      'object_permission',
      'access_group_ids',
      'metadata.allowed_passthrough_routes',
    ],
    team: [
      'allowed_passthrough_routes',
      'allowed_vector_store_indexes',
      'object_permission',
      'access_group_ids',
      'enforced_file_expires_after',
      'enforced_batch_output_expires_after',
    ],
    organization: ['object_permission'],
    user: ['allowed_routes', 'object_permission', 'permissions', 'allowed_cache_controls', 'key_type'],
    customer: ['object_permission'],
    alreadySo: { key_type: is('default') },
  },
  {
    capability: 'router settings of a tenant; a public list of models',
    comes: 'unplanned',
    config: ['litellm_settings.public_model_groups', 'general_settings.enable_public_model_hub'],
    key: ['config', 'router_settings'],
    user: ['aliases', 'config', 'router_settings'],
    team: ['router_settings', 'secret_manager_settings', 'model_id'],
  },
  {
    // Nobody would be shown the new text: /key/regenerate with a grace period answers it to who asks.
    capability: 'rotation of keys by the clock',
    comes: 'unplanned',
    key: ['auto_rotate', 'rotation_interval', 'new_master_key'],
  },
  {
    capability: 'sign-in and tokens of an identity provider',
    comes: 'tenants',
    config: [
      'general_settings.enable_oauth2_auth',
      'general_settings.enable_oauth2_proxy_auth',
      'general_settings.oauth2_config_mappings',
      'general_settings.litellm_jwtauth.team_id_upsert',
      'general_settings.litellm_jwtauth.team_alias_jwt_field',
      'general_settings.litellm_jwtauth.org_alias_jwt_field',
      'general_settings.litellm_jwtauth.team_claim_fallback',
      'general_settings.litellm_jwtauth.upsert_sso_user_to_team',
      'general_settings.litellm_jwtauth.sync_user_role_and_teams',
      'general_settings.litellm_jwtauth.jwt_litellm_role_map',
      'general_settings.litellm_jwtauth.public_allowed_routes',
      'general_settings.litellm_jwtauth.routing_overrides',
      'general_settings.litellm_jwtauth.virtual_key_mapping_cache_ttl',
      'general_settings.litellm_jwtauth.oidc_userinfo_enabled',
      'general_settings.litellm_jwtauth.oidc_userinfo_endpoint',
      'general_settings.litellm_jwtauth.oidc_userinfo_cache_ttl',
    ],
    restricts: [
      'general_settings.litellm_jwtauth.scope_mappings',
      'general_settings.litellm_jwtauth.enforce_scope_based_access',
      'general_settings.litellm_jwtauth.enforce_team_based_model_access',
      'general_settings.litellm_jwtauth.custom_validate',
      'general_settings.litellm_jwtauth.virtual_key_claim_field',
    ],
  },
  {
    capability: 'audit log',
    comes: 'tenants',
    config: ['litellm_settings.audit_log_callbacks'],
  },

  // Spend, signals and alerts
  {
    capability: 'logging integrations',
    comes: 'signals',
    config: [
      'litellm_settings.service_callback',
      'litellm_settings.service_callbacks',
      'litellm_settings.langfuse_default_tags',
      'litellm_settings.turn_off_message_logging',
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
    key: ['logging', 'metadata.logging'],
    team: ['logging', 'metadata.logging'],
    alreadySo: { 'litellm_settings.turn_off_message_logging': is(true) },
  },
  {
    capability: 'prompts and answers in the spend log, and how long it is kept',
    comes: 'signals',
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
    capability: 'spend by tag and customer',
    comes: 'signals',
    config: [
      'litellm_settings.extra_spend_tag_headers',
      'litellm_settings.disable_add_user_agent_to_request_tags',
      'litellm_settings.disable_end_user_cost_tracking',
    ],
    chat: ['metadata.spend_logs_metadata'],
    key: ['tags', 'metadata.spend_logs_metadata'],
    team: ['tags', 'metadata.tags', 'metadata.spend_logs_metadata'],
    organization: ['metadata.tags'],
  },
  {
    capability: 'discounts, margins and prices beyond tokens and requests',
    comes: 'signals',
    config: [
      'litellm_settings.cost_discount_config',
      'litellm_settings.cost_margin_config',
      'model_list.*.litellm_params.tiered_pricing',
      'model_list.*.litellm_params.citation_cost_per_token',
      'model_list.*.litellm_params.output_cost_per_second',
      'model_list.*.litellm_params.input_cost_per_image',
      'model_list.*.litellm_params.output_cost_per_character',
      'model_list.*.litellm_params.input_cost_per_video_per_second',
      'model_list.*.litellm_params.output_cost_per_video_per_second',
      'model_list.*.litellm_params.input_cost_per_token_flex',
      'model_list.*.litellm_params.output_cost_per_token_flex',
      'model_list.*.litellm_params.cache_read_input_token_cost_flex',
      'model_list.*.litellm_params.input_cost_per_token_priority',
      'model_list.*.litellm_params.output_cost_per_token_priority',
      'model_list.*.litellm_params.cache_read_input_token_cost_priority',
      'model_list.*.litellm_params.input_cost_per_token_batches',
      'model_list.*.litellm_params.output_cost_per_token_batches',
    ],
    chat: ['input_cost_per_token', 'output_cost_per_token', 'input_cost_per_second', 'output_cost_per_second'],
  },
  {
    capability: 'alerts of the router',
    comes: 'signals',
    config: ['router_settings.alerting_config'],
  },

  // The other operations
  {
    capability: 'the other operations',
    comes: 'operations',
    config: [
      'general_settings.use_client_credentials_pass_through_routes',
      'general_settings.embedding_model',
      'general_settings.image_generation_model',
      'general_settings.moderation_model',
      'general_settings.max_batch_file_size_mb',
      'general_settings.proxy_batch_polling_interval',
      'general_settings.disable_responses_id_security',
      'model_list.*.litellm_params.max_file_size_mb',
      'model_list.*.litellm_params.s3_bucket_name',
      'model_list.*.litellm_params.gcs_bucket_name',
      'finetune_settings',
    ],
    chat: ['use_in_pass_through', 'model_file_id_mapping'],
  },

  // What no milestone brings
  {
    capability: 'guardrails and policies',
    comes: 'unplanned',
    config: ['router_settings.guardrail_list', 'litellm_settings.skip_system_message_in_guardrail'],
    restricts: ['guardrails', 'policies'],
    chat: ['guardrails', 'policies', 'metadata.guardrails'],
    key: ['guardrails', 'policies', 'disable_global_guardrails', 'metadata.guardrails'],
    team: ['guardrails', 'policies', 'disable_global_guardrails', 'metadata.guardrails'],
    organization: ['guardrails', 'policies', 'metadata.guardrails'],
    user: ['guardrails', 'policies'],
  },
  {
    capability: 'code of your own inside the gateway',
    comes: 'unplanned',
    config: ['general_settings.plugins', 'general_settings.custom_sso'],
    restricts: [
      'general_settings.custom_auth',
      'general_settings.custom_auth_run_common_checks',
      'general_settings.custom_key_generate',
    ],
  },
  {
    capability: 'several configuration files',
    comes: 'unplanned',
    // What an unread file forbids is unknown.
    restricts: ['include'],
  },
  {
    capability: 'prompt store, tools, agents, assistants and vector stores',
    comes: 'unplanned',
    config: [
      'prompts',
      'mcp_servers',
      'mcp_tools',
      'vector_store_registry',
      'search_tools',
      'assistant_settings',
      'router_settings.assistants_config',
      'router_settings.search_tools',
      'litellm_settings.public_mcp_servers',
      'litellm_settings.public_agent_groups',
      'general_settings.user_mcp_management_mode',
    ],
    chat: ['prompt_id', 'prompt_variables', 'prompt_version', 'prompt_label', 'search_tool_name', 'vector_store_ids'],
    key: ['prompts'],
    team: ['prompts'],
    organization: ['prompts'],
  },
]

/** The `mode`s of models that an operation serves today. */
export const servedModes: readonly string[] = [
  'chat',
  'completion',
  'responses',
  'embedding',
  'image_generation',
  'audio_speech',
  'audio_transcription',
  'moderation',
  'rerank',
  'realtime',
]

const limits = [
  'models',
  'max_budget',
  'budget_duration',
  'soft_budget',
  'model_max_budget',
  'budget_limits',
  'budget_id',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
  'model_rpm_limit',
  'model_tpm_limit',
  'metadata',
  'blocked',
]

/** The admin fields that have an effect today; a handler that reads another one adds it here. */
export const activeAdminFields: Readonly<Record<AdminArea, readonly string[]>> = {
  'admin.key': [
    'key',
    'keys',
    'key_aliases',
    'key_alias',
    'user_id',
    'team_id',
    'organization_id',
    'duration',
    'aliases',
    'allowed_routes',
    'key_type',
    'temp_budget_increase',
    'temp_budget_expiry',
    'rpm_limit_type',
    'tpm_limit_type',
    'allowed_cache_controls',
    'allowed_ips',
    'enforced_params',
    'new_key',
    'grace_period',
    'reset_to',
    ...limits,
  ],
  'admin.team': [
    'team_id',
    'team_ids',
    'team_alias',
    'organization_id',
    'allowed_cache_controls',
    'team_member_permissions',
    'members_with_roles',
    'enforced_params',
    'model_aliases',
    'team_member_budget',
    'team_member_budget_duration',
    'team_member_rpm_limit',
    'team_member_tpm_limit',
    'rpm_limit_type',
    'tpm_limit_type',
    ...limits,
  ],
  'admin.member': [
    'team_id',
    'user_id',
    'user_email',
    'member',
    'role',
    'max_budget_in_team',
    'members',
    'budget_duration',
    'rpm_limit',
    'tpm_limit',
  ],
  'admin.organization': [
    'organization_id',
    'organization_ids',
    'organization_alias',
    'litellm_budget_table',
    'member',
    'role',
    'user_id',
    'user_email',
    ...limits,
  ],
  'admin.user': [
    'user_id',
    'user_ids',
    'users',
    'user_alias',
    'user_email',
    'user_role',
    'teams',
    'auto_create_key',
    'key_alias',
    'duration',
    ...limits,
  ],
  'admin.customer': ['user_id', 'user_ids', 'alias', ...limits],
  'admin.tag': ['name', 'names', 'description', ...limits],
  'admin.budget': [
    'id',
    'budget_id',
    'budgets',
    'max_budget',
    'budget_duration',
    'soft_budget',
    'model_max_budget',
    'rpm_limit',
    'tpm_limit',
    'max_parallel_requests',
  ],
}

/** Whether a value of an inactive name asks for nothing: null, false, empty, or what is the case anyway. */
export function asksForNothing(row: Capability, name: string, value: unknown): boolean {
  return isEmpty(value) || row.alreadySo?.[name]?.(value) === true
}

/**
 * Refuses a body that asks for what the gateway knows and does not do yet: 501 with the field in `param`. Fields it
 * does not know pass, they are the provider's; so do values that ask for nothing.
 */
export function refuseInactive(body: Record<string, unknown>, area: Area): void {
  const inactive = inactiveFields(area)
  for (const [name, value] of Object.entries(body)) {
    refuse(inactive, name, value)
    if (!inactive.parents.has(name) || !isRecord(value)) continue
    for (const [field, inner] of Object.entries(value)) refuse(inactive, `${name}.${field}`, inner)
  }
}

/** The known name nearest to an admin field that does not exist; undefined when it does exist, active or not. */
export function unknownAdminField(area: AdminArea, name: string): string | undefined {
  const known = [...activeAdminFields[area], ...inactiveFields(area).rows.keys()].filter((k) => !k.includes('.'))
  return known.includes(name) ? undefined : nearestName(name, known)
}

interface InactiveFields {
  readonly rows: ReadonlyMap<string, Capability>
  /** Fields that are looked into. */
  readonly parents: ReadonlySet<string>
}

const byArea = new Map<Area, InactiveFields>()
const column = {
  chat: 'chat',
  'admin.key': 'key',
  'admin.team': 'team',
  'admin.member': 'member',
  'admin.organization': 'organization',
  'admin.user': 'user',
  'admin.customer': 'customer',
  'admin.tag': 'tag',
  'admin.budget': 'budget',
} as const satisfies Record<Area, keyof Capability>

/** The table is constant, so this is made once per isolate and never stale. */
function inactiveFields(area: Area): InactiveFields {
  const known = byArea.get(area)
  if (known) return known
  const rows = new Map(capabilities.flatMap((row) => (row[column[area]] ?? []).map((name) => [name, row] as const)))
  const parents = new Set([...rows.keys()].filter((name) => name.includes('.')).map((name) => name.split('.')[0] ?? ''))
  const made = { rows, parents }
  byArea.set(area, made)
  return made
}

function refuse(inactive: InactiveFields, name: string, value: unknown): void {
  const row = inactive.rows.get(name)
  if (!row || asksForNothing(row, name, value)) return
  throw new GatewayError(
    'not_implemented',
    `'${name}' is not available yet: ${row.capability} (${milestones[row.comes]}). Send the request without it.`,
    { param: name },
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isRecord(value) && Object.keys(value).length === 0
}
