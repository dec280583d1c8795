import type { Text } from './config.ts'

/** Which claims of a token say what; a dot goes one level into an object (LiteLLM's `*_jwt_field`). */
export interface JwtClaimNames {
  readonly userId?: string
  readonly userEmail?: string
  readonly userRoles?: string
  readonly teamId?: string
  readonly teamIds?: string
  readonly organizationId?: string
  readonly endUserId?: string
  readonly roles?: string
  /** The team or the person, as the role in `roles` says. */
  readonly objectId?: string
}

export interface JwtIssuer {
  readonly issuer: Text
  /** One, or several with commas between them. */
  readonly audience: Text
  /** Where its keys are; by its discovery document where nothing is said. */
  readonly keysUrl?: Text
  readonly claims: JwtClaimNames
}

/** `enable_jwt_auth` and `litellm_jwtauth`: tokens of an identity provider in the place of keys. */
export interface JwtSettings {
  readonly issuers: readonly JwtIssuer[]
  readonly adminScope: string
  readonly adminRoutes: readonly string[]
  /** What who acts for a team may call. */
  readonly teamRoutes: readonly string[]
  readonly keysTtlMs: number
  /** People and members who are not there yet are made. */
  readonly upsertsUsers: boolean
  readonly teamIdDefault?: string
  readonly allowedEmailDomain?: string
  /** A person's token must have one of these roles. */
  readonly userAllowedRoles?: readonly string[]
  readonly enforceRbac?: true
  readonly roleMappings?: readonly { readonly role: string; readonly internalRole: InternalRole }[]
}

export const internalRoles = ['proxy_admin', 'internal_user', 'team'] as const
export type InternalRole = (typeof internalRoles)[number]
