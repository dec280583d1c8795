import type { NewEntityRules } from '../../src/config/new-entities.ts'
import { given } from '../../src/models/row/given.ts'
import type { ConfigFile } from './schema/file.ts'

/** Undefined where the file has no rules for what is made. */
export function newEntitiesOf({ litellm_settings: litellm = {} }: ConfigFile): NewEntityRules | undefined {
  const { personal_key_generation: personal, team_key_generation: team } = litellm.key_generation_settings ?? {}
  const rules: NewEntityRules = {
    ...given('key', litellm.default_key_generate_params),
    ...given('keyMost', litellm.upperbound_key_generate_params as NewEntityRules['keyMost']),
    ...given(
      'personalKeys',
      personal && { ...given('roles', personal.allowed_user_roles), ...given('required', personal.required_params) },
    ),
    ...given(
      'teamKeys',
      team && { ...given('roles', team.allowed_team_member_roles), ...given('required', team.required_params) },
    ),
    ...given('user', litellm.default_internal_user_params),
    ...given('team', litellm.default_team_params),
  }
  return Object.keys(rules).length === 0 ? undefined : rules
}
