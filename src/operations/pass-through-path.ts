import { GatewayError } from '../errors.ts'

/** Decoded more often than any server would, so that nothing hides in a second or third coat. */
const MOST_COATS = 4

/**
 * The rest of a path, as it may be put behind a vendor's address: it begins with a slash and leads nowhere but down.
 * Refuses parts that some server reads as "up", "here" or nothing, in whatever coats of percent signs, backslashes, and
 * what would begin a query.
 */
export function safeRest(rest: string): string {
  const path = rest.startsWith('/') ? rest : `/${rest}`
  const parts = path.slice(1).split('/')
  // A slash at the end is the vendor's to understand.
  if (parts.at(-1) === '') parts.pop()
  for (const part of parts) if (!leadsDown(part)) throw refused()
  return path
}

function leadsDown(part: string): boolean {
  const plain = decoded(part)
  if (plain === undefined || hasControls(plain) || /[?#\\]/.test(plain)) return false
  return plain.split('/').every((piece) => !/^\s*$/.test(piece) && !/^\.{1,2}(?:;.*)?$/.test(piece.trim()))
}

function decoded(part: string): string | undefined {
  let plain = part
  for (let coat = 0; coat < MOST_COATS; coat++) {
    let next: string
    try {
      next = decodeURIComponent(plain)
    } catch {
      // A percent sign that stands for itself, below the first coat.
      return coat === 0 ? undefined : plain
    }
    if (next === plain) return plain
    plain = next
  }
  return undefined
}

function hasControls(text: string): boolean {
  for (const sign of text) if (sign < ' ' || sign === '\u007f') return true
  return false
}

/** What percent signs never need to write (RFC 3986 §2.3), and percent signs themselves in a further coat. */
const NEEDLESS = /%(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae]|25[\da-f]{2})/i

/** Whether a path says what it is, so that what it is judged by here is what its server reads. */
export function isPlain(rest: string): boolean {
  return !NEEDLESS.test(rest)
}

/** A path as a server may understand it: without percent signs, in small letters. Only to be judged, never to be asked. */
export function plainPath(rest: string): string {
  return rest
    .split('/')
    .map((part) => decoded(part) ?? part)
    .join('/')
    .toLowerCase()
}

/** The parts of a path as a server may understand them, without percent signs. Only to be judged, never to be asked. */
export function decodedParts(path: string): readonly string[] {
  return path
    .split('/')
    .flatMap((part) => (decoded(part) ?? part).split('/'))
    .filter((part) => part !== '')
}

/** The vendor's address with the rest of the path behind it: always at the same origin and below the same path. */
export function addressOf(base: string, rest: string, query: URLSearchParams): URL {
  const root = new URL(base)
  const below = root.pathname.replace(/\/+$/, '')
  const path = rest === '' ? below : `${below}${safeRest(rest)}`

  const url = new URL(`${root.origin}${path}`)
  if (url.origin !== root.origin || url.pathname !== (path === '' ? '/' : path) || url.username !== '') throw refused()
  for (const [name, value] of root.searchParams) url.searchParams.append(name, value)
  for (const [name, value] of query) url.searchParams.append(name, value)
  return url
}

function refused(): GatewayError {
  return new GatewayError(
    'invalid_request',
    'This path may not be passed on: it must go down from the vendor’s address, part by part, without "..", "//", backslashes or "?" in any encoding.',
    { retry: false },
  )
}

/** Keys of the vendor's own for a while, and conversations that no gateway carries (OpenAI's realtime and ChatKit, Gemini's Live). */
const KEYS =
  /\/(?:realtime\/(?:client_secrets|sessions|transcription_sessions|calls)|chatkit\/sessions|auth_tokens|authtokens)(?:[/:]|$)/

/** Whether a request asks its vendor for a way past this gateway, where nothing is counted and nothing ends. */
export function leadsPast(method: string, rest: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && KEYS.test(plainPath(rest))
}

const VERSION = /^(?:v\d\w*|openai|upload)$/
/** Collections whose name has two parts. */
const PAIRS = /^(?:fine_tuning|fine-tuning|chat|messages|batch|embed|prompts|evals|beta)$/

/**
 * Whether a request asks for a list of everything that the operator's account at the vendor holds, or for the account
 * itself: the data of all who share it. What is asked for by its id is known to whom it belongs.
 */
export function listsAccount(method: string, rest: string): boolean {
  const parts = plainPath(rest)
    .replace(/^\/?v\d\w*\/projects\/[^/]+\/locations\/[^/]+/, '')
    .split('/')
    .filter((part) => part !== '' && !VERSION.test(part))
  const [first, second] = parts
  if (first === 'organization' || first === 'organizations') return true
  if ((method !== 'GET' && method !== 'HEAD') || first === 'models' || first === 'publishers') return false
  return parts.length < 2 || (PAIRS.test(first ?? '') && second !== undefined && parts.length === 2)
}
