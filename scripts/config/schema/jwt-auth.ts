import * as z from 'zod'
import { internalRoles } from '../../../src/config/identity.ts'
import { anything, flag, oneOf, seconds, section, text, texts } from '../../../src/models/row/kinds.ts'

const claims = {
  user_id_jwt_field: text,
  user_email_jwt_field: text,
  user_roles_jwt_field: text,
  team_id_jwt_field: text,
  team_ids_jwt_field: text,
  org_id_jwt_field: text,
  end_user_id_jwt_field: text,
  roles_jwt_field: text,
  object_id_jwt_field: text,
}

const issuer = section({ issuer: text, audience: text, jwks_url: text, ...claims })

const roleMapping = z.object({ role: text, internal_role: oneOf(internalRoles) }, 'a role and its internal_role')

/** LiteLLM's `litellm_jwtauth`. */
export const jwtAuth = section({
  ...claims,
  issuers: z.array(issuer, 'a list of issuers'),
  admin_jwt_scope: text,
  admin_allowed_routes: texts,
  team_allowed_routes: texts,
  public_key_ttl: seconds,
  user_id_upsert: flag,
  team_id_default: text,
  user_allowed_email_domain: text,
  user_allowed_roles: texts,
  enforce_rbac: flag,
  role_mappings: z.array(roleMapping, 'a list of roles'),

  public_allowed_routes: texts,
  team_id_upsert: flag,
  team_alias_jwt_field: text,
  org_alias_jwt_field: text,
  team_claim_fallback: flag,
  upsert_sso_user_to_team: flag,
  sync_user_role_and_teams: flag,
  jwt_litellm_role_map: anything,
  scope_mappings: anything,
  enforce_scope_based_access: flag,
  enforce_team_based_model_access: flag,
  custom_validate: text,
  routing_overrides: anything,
  virtual_key_claim_field: text,
  virtual_key_mapping_cache_ttl: seconds,
  oidc_userinfo_enabled: flag,
  oidc_userinfo_endpoint: text,
  oidc_userinfo_cache_ttl: seconds,
})
