import type { JwtSettings } from '../config/identity.ts'
import type { Cookies } from './session.ts'
import type { SignIn } from './sign-in.ts'
import type { Tokens } from './tokens.ts'

/** Who callers and people are by what an identity provider says. One per isolate. */
export interface Identity {
  /** Absent unless the file has `enable_jwt_auth`. */
  readonly byToken?: { readonly tokens: Tokens; readonly settings: JwtSettings }
  /** Absent where nobody signs in. */
  readonly byCookie?: {
    readonly cookies: Cookies
    /** Throws what the operator must set. */
    readonly signIn: () => SignIn
  }
}
