/** Who may come in, from where and by which routes, as `general_settings` says; each is absent where it says nothing. */
export interface AccessSettings {
  /** `allowed_ips`: addresses and networks (`10.0.0.0/8`). */
  readonly allowedIps?: readonly string[]
  /** Proxies before the gateway whose `x-forwarded-for` is believed (`use_x_forwarded_for`, `trusted_proxy_ranges`). */
  readonly trustedProxies?: readonly string[]
  /** The only routes there are, for everyone: paths, their beginnings (`/v1/*`), or names of groups. */
  readonly allowedRoutes?: readonly string[]
  readonly adminOnlyRoutes?: readonly string[]
  /** Routes that read and may be read without a key. */
  readonly publicRoutes?: readonly string[]
  /** What every call of a model must say (`user`, `metadata.generation_name`). */
  readonly enforcedParams?: readonly string[]
  /** The same for keys that belong to a team and no person (`service_account_settings.enforced_params`). */
  readonly serviceAccountParams?: readonly string[]
  /** `enforce_user_param`. */
  readonly enforcesUser?: true
  /** `reject_clientside_metadata_tags`: only keys have tags, requests bring none. */
  readonly refusesTags?: true
  /** `allow_master_key_llm: false`: the master key calls no models. */
  readonly masterKeyLlm?: false
}
