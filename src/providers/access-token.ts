/** An access token and the time in which it may be used. */
export interface AccessToken {
  readonly token: string
  readonly expiresAtSeconds: number
}

/** Who gives a deployment its access tokens, where it is asked with those instead of a key. */
export type TokenSource =
  | {
      readonly kind: 'google'
      /** The JSON of a service account's key, or of an authorized user. */
      readonly credentials: string
    }
  | {
      readonly kind: 'entra'
      readonly tenantId: string
      readonly clientId: string
      readonly clientSecret: string
    }
