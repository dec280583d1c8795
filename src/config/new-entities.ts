/** What the makers of keys, users and teams need not say, and what they may not say. */
export interface NewEntityRules {
  /** `default_key_generate_params`: of a field that the body does not have. */
  readonly key?: Readonly<Record<string, unknown>>
  /** `upperbound_key_generate_params`: the most of each; who does not say gets it. */
  readonly keyMost?: KeyMost
  /** `key_generation_settings`: whom it lets make keys for itself, and in its teams. */
  readonly personalKeys?: KeyMakers
  readonly teamKeys?: KeyMakers
  /** `default_internal_user_params`. */
  readonly user?: Readonly<Record<string, unknown>>
  /** `default_team_params`. */
  readonly team?: Readonly<Record<string, unknown>>
}

export interface KeyMost {
  readonly max_budget?: number
  readonly budget_duration?: string
  readonly duration?: string
  readonly tpm_limit?: number
  readonly rpm_limit?: number
  readonly max_parallel_requests?: number
}

export interface KeyMakers {
  /** Roles of users, or of members. */
  readonly roles?: readonly string[]
  /** Fields that the body must have. */
  readonly required?: readonly string[]
}
