import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { replaced } from '../../../scripts/config/replaced.ts'
import { configFile } from '../../../scripts/config/schema/file.ts'
import { activeAdminFields } from '../../../src/config/active-admin-fields.ts'
import { capabilities, refuseInactive, unknownAdminField } from '../../../src/config/capabilities.ts'
import { GatewayError } from '../../../src/errors.ts'
import { gatewayParams, modelInfoKeys, rateKeys, vendorParams } from '../../../src/models/row/model-list.ts'

/** What has an effect today. A key that is in no list would be accepted and ignored: this test is against that. */
const active = [
  'litellm_settings.drop_params',
  ...['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks', 'default_fallbacks'].flatMap((key) => [
    `litellm_settings.${key}`,
    `router_settings.${key}`,
  ]),
  'model_list',
  'environment_variables',
  'credential_list',
  'files_settings',
  'vector_store_registry',
  'ledger_settings',
  'callback_settings',
  ...[
    'callbacks',
    'success_callback',
    'failure_callback',
    'redact_user_api_key_info',
    'turn_off_message_logging',
    'forward_traceparent_to_llm_provider',
    'require_auth_for_metrics_endpoint',
    'enable_end_user_cost_tracking_prometheus_only',
    'timezone',
    'request_timeout',
    'max_budget',
    'budget_duration',
    'max_end_user_budget',
    'max_end_user_budget_id',
    'max_internal_user_budget',
    'internal_user_budget_duration',
    'tag_budget_config',
    'responses_store',
    'include_cost_in_streaming_usage',
    'cost_discount_config',
    'cost_margin_config',
    'store_audit_logs',
    'cache',
    'cache_params',
    'num_retries',
    'allowed_fails',
    'default_internal_user_params',
    'default_team_params',
    'default_key_generate_params',
    'upperbound_key_generate_params',
    'key_generation_settings',
  ].map((key) => `litellm_settings.${key}`),
  ...[
    'timeout',
    'stream_timeout',
    'connect_timeout',
    'ttft_timeout',
    'stream_idle_timeout',
    'total_timeout',
    'model_group_alias',
    'default_litellm_params',
    'routing_strategy',
    'routing_strategy_args',
    'routing_groups',
    'max_fallbacks',
    'num_retries',
    'retry_after',
    'retry_policy',
    'model_group_retry_policy',
    'hedged_groups',
    'caching_groups',
    'allowed_fails',
    'allowed_fails_policy',
    'cooldown_time',
    'cooldown_wait',
    'disable_cooldowns',
    'enable_pre_call_checks',
    'optional_pre_call_checks',
    'enable_tag_filtering',
    'tag_filtering_match_any',
    'default_max_parallel_requests',
    'provider_budget_config',
    'mid_stream_fallback',
    'sticky_sessions',
  ].map((key) => `router_settings.${key}`),
  ...[
    'master_key',
    'database_url',
    'maximum_audit_logs_retention_period',
    'maximum_message_logs_retention_period',
    'maximum_spend_logs_retention_period',
    'background_health_checks',
    'background_health_check_model_groups',
    'health_check_interval',
    'redis_rest_url',
    'redis_rest_token',
    'allow_requests_on_db_unavailable',
    'litellm_key_header_name',
    'max_request_size_mb',
    'total_timeout',
    'salt_key',
    'alerting',
    'alert_types',
    'alert_to_webhook_url',
    'alerting_threshold',
    'alerting_args',
    'alert_type_config',
    'spend_report_frequency',
    'forward_client_headers_to_llm_api',
    'drain_timeout',
    'always_include_stream_usage',
    'user_url_allowed_hosts',
    'store_model_in_db',
    'legacy_budget_status',
    'token_rate_limit_type',
    'enforce_user_param',
    'enforced_params',
    'reject_clientside_metadata_tags',
    'allowed_routes',
    'public_routes',
    'admin_only_routes',
    'allowed_ips',
    'allow_master_key_llm',
    'use_x_forwarded_for',
    'trusted_proxy_ranges',
    'service_account_settings',
    'enable_jwt_auth',
    'litellm_jwtauth',
    'ui_access_mode',
    'pass_through_endpoints',
    'pass_through_request_timeout',
  ].map((key) => `general_settings.${key}`),
  ...[
    'model',
    'custom_llm_provider',
    'api_key',
    'api_base',
    'base_url',
    'organization',
    'extra_headers',
    'extra_body',
    'litellm_credential_name',
    'use_in_pass_through',
    'rpm',
    'tpm',
    'weight',
    'timeout',
    'stream_timeout',
    'connect_timeout',
    'ttft_timeout',
    'stream_idle_timeout',
    'total_timeout',
    'tags',
    'tag_regex',
    'order',
    'region_name',
    'max_parallel_requests',
    'num_retries',
    'cooldown_time',
    'allowed_fails',
    'allowed_fails_policy',
    'max_budget',
    'budget_duration',
    'drop_params',
    'additional_drop_params',
    'allowed_openai_params',
    'configurable_clientside_auth_params',
    'merge_reasoning_content_in_choices',
    'search_context_cost_per_query',
    ...rateKeys,
    ...Object.keys(vendorParams),
  ].map((key) => `model_list.*.litellm_params.${key}`),
  ...[
    'id',
    'base_model',
    'mode',
    'max_input_tokens',
    'max_output_tokens',
    'max_tokens',
    'team_id',
    'team_public_model_name',
    'access_groups',
    'reasons_in_silence',
    'health_check_model',
    'health_check_timeout',
    'health_check_max_tokens',
    'disable_background_health_check',
    'supports_vision',
    'supports_function_calling',
    'supports_response_schema',
    'supports_audio_input',
    'supports_audio_output',
    'supports_pdf_input',
    'supports_reasoning',
    'supports_web_search',
    ...rateKeys,
  ].map((key) => `model_list.*.model_info.${key}`),
]

function shapeOf(schema: unknown): Record<string, z.ZodType> {
  const inner = schema as { unwrap?: () => unknown; shape?: Record<string, z.ZodType> }
  return inner.shape ?? (inner.unwrap ? shapeOf(inner.unwrap()) : {})
}

const sections = ['litellm_settings', 'router_settings', 'general_settings'] as const
const known = [
  ...Object.keys(configFile.shape).filter((key) => !sections.some((section) => section === key)),
  ...sections.flatMap((section) => Object.keys(shapeOf(configFile.shape[section])).map((key) => `${section}.${key}`)),
  ...Object.keys(gatewayParams).map((key) => `model_list.*.litellm_params.${key}`),
  ...Object.keys(modelInfoKeys).map((key) => `model_list.*.model_info.${key}`),
]
const inactive = capabilities.flatMap(({ config = [], restricts = [] }) => [...config, ...restricts])

describe('the table', () => {
  it('has every key of the file exactly once: active, inactive or replaced', () => {
    const isDeeper = (path: string) => /(cache_params|litellm_jwtauth)\./.test(path)
    const places = [...active, ...inactive, ...Object.keys(replaced)].filter((path) => !isDeeper(path))
    expect(known.filter((path) => !places.includes(path))).toEqual([])
    expect(places.filter((path) => !known.includes(path))).toEqual([])
    expect(places.filter((path, index) => places.indexOf(path) !== index)).toEqual([])
  })

  it('has every field of an area once, and no field that is active', () => {
    for (const column of [
      'chat',
      'key',
      'team',
      'member',
      'organization',
      'user',
      'customer',
      'tag',
      'budget',
    ] as const) {
      const fields: string[] = capabilities.flatMap((row) => row[column] ?? [])
      const both = column === 'chat' ? [] : fields.filter((name) => activeAdminFields[`admin.${column}`].includes(name))
      expect([column, both, fields.filter((name, index) => fields.indexOf(name) !== index)]).toEqual([column, [], []])
    }
  })
})

describe('a request', () => {
  const refusal = (body: Record<string, unknown>, area: Parameters<typeof refuseInactive>[1] = 'chat') => {
    try {
      refuseInactive(body, area)
      return undefined
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return [error.status, error.code, error.details.param]
    }
  }

  it.each([
    [{ retry_policy: { TimeoutErrorRetries: 1 } }, 'retry_policy'],
    [{ cache_key: 'mine' }, 'cache_key'],
    [{ force_timeout: 2 }, 'force_timeout'],
    [{ guardrails: ['pii'] }, 'guardrails'],
    [{ azure_ad_token: 'x' }, 'azure_ad_token'],
    [{ mock_response: 'hi' }, 'mock_response'],
    [{ logger_fn: 'x' }, 'logger_fn'],
    [{ input_cost_per_token: 0 }, 'input_cost_per_token'],
  ])('for what is not there is refused with 501: %j', (body, param) => {
    expect(refusal(body)).toEqual([501, 'not_implemented', param])
  })

  it.each([
    {
      model: 'm',
      messages: [],
      temperature: 0,
      user: 'u',
      metadata: { order: '7' },
      top_k: 5,
      thinking: { type: 'enabled' },
    },
    { cache: { ttl: 60, 's-maxage': 5 }, metadata: { cache: { 'no-store': true } } },
    { fallbacks: null, tags: [], guardrails: [], mock_response: '', 'no-log': false },
    { num_retries: 2, timeout: 5, fallbacks: ['m'], mock_testing_fallbacks: true, disable_fallbacks: true },
    { metadata: null },
    { metadata: 'text' },
    JSON.parse('{"__proto__": {"tags": ["a"]}, "constructor": 1}'),
  ])('for nothing that is missing passes: %j', (body) => {
    expect(refusal(body)).toBeUndefined()
  })

  it('to an admin route is judged by the fields of its area', () => {
    expect(
      refusal({ models: ['m'], max_budget: 1, metadata: { a: 1 }, spend: 0, key_type: 'default' }, 'admin.key'),
    ).toBeUndefined()
    expect(refusal({ auto_rotate: true }, 'admin.key')).toEqual([501, 'not_implemented', 'auto_rotate'])
    expect(refusal({ members: [{ role: 'user' }] }, 'admin.team')?.[2]).toBe('members')
    expect(refusal({ password: 'p' }, 'admin.user')?.[2]).toBe('password')
    const nothing = { object_permission: { mcp_servers: [], vector_stores: [] } }
    expect(refusal(nothing, 'admin.key')).toBeUndefined()
    const some = { object_permission: { mcp_servers: ['m'], vector_stores: [] } }
    expect(refusal(some, 'admin.organization')?.[2]).toBe('object_permission')
    expect(refusal({ budget_id: 'b' }, 'admin.organization')).toBeUndefined()
    expect(refusal({ metadata: { model_rpm_limit: { m: 1 } } }, 'admin.key')?.[2]).toBe('metadata.model_rpm_limit')
  })
})

it('names the nearest field for one that does not exist, and nothing for one that does', () => {
  expect(unknownAdminField('admin.key', 'max_bugdet')).toBe('max_budget')
  expect(unknownAdminField('admin.key', 'max_budget')).toBeUndefined()
  expect(unknownAdminField('admin.key', 'auto_rotate')).toBeUndefined()
  expect(unknownAdminField('admin.team', 'key_alias')).toBe('team_alias')
  expect(unknownAdminField('admin.organization', 'zzz')).toBeTypeOf('string')
  expect(unknownAdminField('admin.key', 'metadata.tags')).toBeTypeOf('string')
})
