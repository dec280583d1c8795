import type { Capability } from '../capability.ts'

/** Known and never done, of other operations. */
export const inactiveOthers: readonly Capability[] = [
  {
    capability: 'models of the file for each operation; files kept by the gateway',
    never: 'a request names its model, and a file lies at its vendor; max_request_size_mb bounds what comes',
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

  {
    capability: 'guardrails and policies',
    never: 'they would hold every stream back until they have judged it; /v1/moderations asks those that vendors have',
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
    never: 'a Worker runs what it was deployed with; a strategy, a sink or a vendor is one file and one line',
    config: ['general_settings.plugins', 'general_settings.custom_sso'],
    restricts: [
      'general_settings.custom_auth',
      'general_settings.custom_auth_run_common_checks',
      'general_settings.custom_key_generate',
    ],
  },
  {
    capability: 'several configuration files',
    never: 'one file says all: join them before the deploy',
    // What an unread file forbids is unknown.
    restricts: ['include'],
  },
  {
    capability: 'prompt store, tools, agents and assistants',
    never: 'they are the application’s, or their vendor’s by pass-through',
    config: [
      'prompts',
      'mcp_servers',
      'mcp_tools',
      'search_tools',
      'assistant_settings',
      'router_settings.assistants_config',
      'router_settings.search_tools',
      'litellm_settings.public_mcp_servers',
      'litellm_settings.public_agent_groups',
      'general_settings.user_mcp_management_mode',
    ],
    chat: ['prompt_id', 'prompt_variables', 'prompt_version', 'prompt_label', 'search_tool_name'],
    key: ['prompts'],
    team: ['prompts'],
    organization: ['prompts'],
  },
]
