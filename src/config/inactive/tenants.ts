import { type Capability, is, namesNothing } from '../capability.ts'

/** Known and never done, of tenants and their administration. */
export const inactiveTenants: readonly Capability[] = [
  {
    capability: 'a choice of what is kept in the database',
    never: 'what admin routes make is kept',
    config: ['general_settings.supported_db_objects'],
  },
  {
    capability: 'projects, invitations and headers that name people',
    never: 'who asks is said by a key or a token, for whom by the field user; teams are projects, and nobody is mailed',
    config: [
      'general_settings.user_header_name',
      'general_settings.user_header_mappings',
      'general_settings.default_team_disabled',
      'general_settings.disable_auto_add_proxy_admin_to_teams',
    ],
    key: ['project_id', 'agent_id', 'send_invite_email'],
    member: ['all_users'],
    user: ['send_invite_email', 'sso_user_id', 'organization_id', 'team_id', 'prompts', 'password'],
    customer: ['default_model'],
    // An admin who makes a team is not in it.
    alreadySo: { 'general_settings.disable_auto_add_proxy_admin_to_teams': is(true) },
    team: ['members', 'admins', 'team_member_key_duration', 'user_id'],
    organization: ['members', 'users'],
  },
  {
    capability: 'settings of one team in the file; the shape of aliases',
    never: 'teams and their names are made by /team/new, with all that they may have',
    restricts: ['litellm_settings.default_team_settings', 'litellm_settings.enable_key_alias_format_validation'],
  },
  {
    capability: 'permissions by role and index; hosts and sizes of answers',
    never:
      'one table says what each role may ask (docs/routes.md), and keys and teams narrow it by allowed_routes; addresses are always checked, and answers bounded by what an isolate holds',
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
      'access_group_ids',
      'metadata.allowed_passthrough_routes',
    ],
    team: [
      'allowed_passthrough_routes',
      'allowed_vector_store_indexes',
      'access_group_ids',
      'enforced_file_expires_after',
      'enforced_batch_output_expires_after',
    ],
    user: ['allowed_routes', 'permissions', 'allowed_cache_controls', 'key_type'],
    alreadySo: { key_type: is('default') },
  },
  {
    capability: 'router settings of a tenant; a public list of models',
    never: 'routing is the operator’s, the same for everybody, and models are shown to who may call them',
    config: ['litellm_settings.public_model_groups', 'general_settings.enable_public_model_hub'],
    key: ['config', 'router_settings'],
    user: ['aliases', 'config', 'router_settings'],
    team: ['router_settings', 'secret_manager_settings', 'model_id'],
  },
  {
    capability: 'budgets of members of an organization',
    never: 'a member’s budget is its user’s, or that of its membership of a team (max_budget_in_team)',
    organization: ['max_budget_in_organization'],
  },
  {
    capability: 'object permissions of organizations, people and customers',
    never:
      'they are of keys and teams, and name vector stores; MCP servers and agents are not served here, so that nothing is to be forbidden',
    organization: ['object_permission'],
    user: ['object_permission'],
    customer: ['object_permission'],
    alreadySo: { object_permission: namesNothing },
  },
  {
    capability: 'rotation of keys by the clock',
    never: 'nobody would be shown the new text: POST /key/regenerate with a grace_period answers it to who asks',
    key: ['auto_rotate', 'rotation_interval', 'new_master_key'],
  },
  {
    capability: 'tokens that are no JWT; teams, scopes and keys made of claims',
    never: 'OIDC and JWTs are signed, and are read here; who may call what is said by the team that a claim names',
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
    capability: 'sinks of the audit log',
    never: 'GET /audit tells it, by pages',
    config: ['litellm_settings.audit_log_callbacks'],
  },
]
