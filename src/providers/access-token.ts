import { fields, number, parsed, text } from '../dialects/loose-json.ts'
import { maskSecrets } from './mask.ts'

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
      /** Microsoft's public cloud where nothing is said, and what may be asked there. */
      readonly authority?: string
      readonly scope?: string
    }

const LIFE_SECONDS = 3600

/** The token in an answer of OAuth, and when it ends; else why there is none, in words that name no secret. */
export function accessTokenIn(body: string, nowSeconds: number): AccessToken | { readonly refused: string } {
  const answer = fields(parsed(body))
  const token = text(answer.access_token)
  if (token !== undefined) {
    const life = number(answer.expires_in) ?? (Number(text(answer.expires_in)) || LIFE_SECONDS)
    return { token, expiresAtSeconds: Math.floor(nowSeconds) + life }
  }
  const said = [text(answer.error), text(answer.error_description)?.split(/[\r\n]/, 1)[0]]
  const why = said.filter((part) => part !== undefined && part !== '').join(': ')
  return { refused: why === '' ? 'it gave no access token' : `it answered ${maskSecrets(why)}` }
}
