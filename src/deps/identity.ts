import type { Config, Text } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Identity } from '../identity/identity.ts'
import { cookies } from '../identity/session.ts'
import { type SignIn, signIn } from '../identity/sign-in.ts'
import { isSignInSet, signInSettings } from '../identity/sign-in-settings.ts'
import { tokens } from '../identity/tokens.ts'
import type { KeyRing } from '../seal.ts'

interface Given {
  readonly config: Config
  readonly text: (text: Text) => string | undefined
  /** Throws where there is no salt key. */
  readonly ring: () => KeyRing
}

/** Undefined where callers have keys alone and nobody signs in. */
export function identityOver({ config, text, ring }: Given): Identity | undefined {
  const { jwt } = config.general
  const fetching: typeof fetch = (input, init) => fetch(input, init)
  const read = (name: string) => text({ env: name })
  const byToken = jwt && { settings: jwt, tokens: tokens(jwt, { fetch: fetching, read: text }) }
  if (!isSignInSet(read)) return byToken && { byToken }
  const jar = cookies(ring)
  let made: SignIn | undefined
  const byCookie = {
    cookies: jar,
    signIn: () => {
      made ??= set(() => {
        // Without the salt key there are no cookies: say so before anyone is sent away.
        ring()
        const settings = signInSettings(read)
        const randomBytes = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
        return signIn(settings, { fetch: fetching, cookies: jar, randomBytes })
      })
      return made
    },
  }
  return { byCookie, ...(byToken ? { byToken } : {}) }
}

/** What is not set is the operator's to know, and no secret. */
function set<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new GatewayError('internal', `Nobody can sign in yet: ${(error as Error).message}`, { cause: error })
  }
}
