import * as z from 'zod'
import {
  amount,
  anything,
  count,
  duration,
  flag,
  mapping,
  mappingOf,
  mappings,
  number,
  positive,
  seconds,
  section,
  text,
  textOrMapping,
  texts,
  usd,
  usdPerUnit,
} from './kinds.ts'

export const allowedFailsPolicy = section({
  BadRequestErrorAllowedFails: count,
  AuthenticationErrorAllowedFails: count,
  TimeoutErrorAllowedFails: count,
  RateLimitErrorAllowedFails: count,
  ContentPolicyViolationErrorAllowedFails: count,
  InternalServerErrorAllowedFails: count,
  ServiceUnavailableErrorAllowedFails: count,
  BadGatewayErrorAllowedFails: count,
  NotFoundErrorAllowedFails: count,
})

/** Ours, in seconds: how long silences may be, and the whole. */
export const timeouts = {
  connect_timeout: positive,
  ttft_timeout: positive,
  stream_idle_timeout: positive,
  total_timeout: positive,
}

/** Prices in USD per token that the gateway bills by. */
const rates = {
  input_cost_per_token: usdPerUnit,
  output_cost_per_token: usdPerUnit,
  input_cost_per_request: usdPerUnit,
  cache_read_input_token_cost: usdPerUnit,
  cache_read_input_audio_token_cost: usdPerUnit,
  cache_creation_input_token_cost: usdPerUnit,
  cache_creation_input_token_cost_above_1hr: usdPerUnit,
  output_cost_per_reasoning_token: usdPerUnit,
  input_cost_per_audio_token: usdPerUnit,
  output_cost_per_audio_token: usdPerUnit,
  input_cost_per_image_token: usdPerUnit,
  output_cost_per_image_token: usdPerUnit,
  input_cost_per_token_above_128k_tokens: usdPerUnit,
  output_cost_per_token_above_128k_tokens: usdPerUnit,
  input_cost_per_token_above_200k_tokens: usdPerUnit,
  output_cost_per_token_above_200k_tokens: usdPerUnit,
  cache_read_input_token_cost_above_200k_tokens: usdPerUnit,
  cache_creation_input_token_cost_above_200k_tokens: usdPerUnit,
  input_cost_per_token_batches: usdPerUnit,
  output_cost_per_token_batches: usdPerUnit,
  input_cost_per_token_flex: usdPerUnit,
  output_cost_per_token_flex: usdPerUnit,
  cache_read_input_token_cost_flex: usdPerUnit,
  input_cost_per_token_priority: usdPerUnit,
  output_cost_per_token_priority: usdPerUnit,
  cache_read_input_token_cost_priority: usdPerUnit,
  input_cost_per_second: usdPerUnit,
  input_cost_per_audio_per_second: usdPerUnit,
  output_cost_per_image: usdPerUnit,
  input_cost_per_pixel: usdPerUnit,
  output_cost_per_pixel: usdPerUnit,
  input_cost_per_character: usdPerUnit,
  input_cost_per_query: usdPerUnit,
}

const otherPrices = {
  output_cost_per_second: usdPerUnit,
  input_cost_per_image: usdPerUnit,
  output_cost_per_character: usdPerUnit,
  input_cost_per_video_per_second: usdPerUnit,
  output_cost_per_video_per_second: usdPerUnit,
  search_context_cost_per_query: mapping,
  citation_cost_per_token: usdPerUnit,
  tiered_pricing: mappings,
}

/** Where the vendor is and who we are there; a vendor reads those that are its own. */
export const vendorParams = {
  api_version: text,
  vertex_project: text,
  vertex_location: text,
  vertex_credentials: textOrMapping,
  aws_access_key_id: text,
  aws_secret_access_key: text,
  aws_session_token: text,
  aws_region_name: text,
  aws_session_name: text,
  aws_profile_name: text,
  aws_role_name: text,
  aws_web_identity_token: text,
  aws_sts_endpoint: text,
  aws_external_id: text,
  aws_bedrock_runtime_endpoint: text,
  watsonx_region_name: text,
  azure_ad_token: text,
  azure_username: text,
  azure_password: text,
  azure_scope: text,
  tenant_id: text,
  client_id: text,
  client_secret: text,
}

export type VendorParam = keyof typeof vendorParams
export const vendorParamKeys = Object.keys(vendorParams) as VendorParam[]

/** Everything of `litellm_params` that is for the gateway. What is not here goes to the provider as it is. */
export const gatewayParams = {
  model: text,
  custom_llm_provider: text,
  api_key: text,
  api_base: text,
  base_url: text,
  organization: text,
  extra_headers: mappingOf(text),
  extra_body: mapping,
  litellm_credential_name: text,
  rpm: count,
  tpm: count,
  weight: amount,
  timeout: seconds,
  stream_timeout: seconds,
  ...timeouts,
  tags: texts,
  ...rates,
  ...otherPrices,
  ...vendorParams,
  region_name: text,
  order: number,
  itpm: count,
  otpm: count,
  max_parallel_requests: count,
  max_retries: count,
  num_retries: count,
  cooldown_time: seconds,
  allowed_fails: count,
  allowed_fails_policy: allowedFailsPolicy,
  max_budget: usd,
  budget_duration: duration,
  default_api_key_tpm_limit: count,
  default_api_key_rpm_limit: count,
  access_windows: anything,
  keepalive_seconds: seconds,
  tag_regex: texts,
  configurable_clientside_auth_params: texts,
  use_in_pass_through: flag,
  use_litellm_proxy: flag,
  merge_reasoning_content_in_choices: flag,
  mock_response: anything,
  drop_params: flag,
  additional_drop_params: texts,
  allowed_openai_params: texts,
  auto_router_config: anything,
  auto_router_config_path: text,
  auto_router_default_model: text,
  auto_router_embedding_model: text,
  max_file_size_mb: positive,
  s3_bucket_name: text,
  gcs_bucket_name: text,
  silent_model: text,
}

const litellmParams = z.looseObject({ ...optional(gatewayParams), model: text }, 'a mapping')

/** What a model can, in LiteLLM's words. */
const abilities = {
  supports_vision: flag,
  supports_function_calling: flag,
  supports_response_schema: flag,
  supports_audio_input: flag,
  supports_audio_output: flag,
  supports_pdf_input: flag,
  supports_reasoning: flag,
  supports_web_search: flag,
}

/** `model_info` may hold anything besides; people keep notes there. */
export const modelInfoKeys = {
  id: text,
  db_model: flag,
  base_model: text,
  mode: text,
  tier: text,
  team_id: text,
  team_public_model_name: text,
  access_groups: texts,
  supported_environments: texts,
  max_input_tokens: count,
  max_output_tokens: count,
  max_tokens: count,
  health_check_model: text,
  health_check_timeout: seconds,
  health_check_max_tokens: count,
  health_check_voice: text,
  disable_background_health_check: flag,
  reasons_in_silence: flag,
  ...abilities,
  ...rates,
}

const modelInfo = z.looseObject(optional(modelInfoKeys), 'a mapping')

/** One deployment. */
export const modelRow = z.strictObject(
  { model_name: text, litellm_params: litellmParams, model_info: modelInfo.optional() },
  { error: ({ code }) => (code === 'unrecognized_keys' ? 'model_name litellm_params model_info' : 'a mapping') },
)

export type ModelRow = z.infer<typeof modelRow>
export type RateKeys = keyof typeof rates
export const rateKeys = Object.keys(rates) as RateKeys[]

export const credential = section({ credential_name: text, credential_values: mapping, credential_info: mapping })

function optional<Shape extends z.ZodRawShape>(shape: Shape): { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> } {
  return z.object(shape).partial().shape as { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> }
}
