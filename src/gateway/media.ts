import { GatewayError } from '../errors.ts'
import { base64Of } from '../providers/base64.ts'
import type { InlineData } from '../providers/data-url.ts'
import { type Conversation, withMedia } from '../providers/remote-media.ts'
import type { GatewayDeps } from './deps.ts'
import { type AddressRules, publicAddress, refusedAddress } from './outbound.ts'

/** Of a runtime's six connections, so many are one request's. */
const AT_ONCE = 4
const WITHIN_MS = 20_000
const MOST_BYTES = 20 * 1024 * 1024
const MOST_HOPS = 3

interface Fetching extends Pick<GatewayDeps, 'fetch'> {
  readonly signal: AbortSignal
  readonly allowedHosts: readonly string[]
  /** What all files of the request may have together. */
  readonly mostBytes?: number
}

/**
 * The request with what its addresses hold in their place, for a vendor that fetches nothing itself. Every address and
 * every hop of it is judged; a file that cannot be had, is no medium or is too large refuses the request by its host.
 */
export async function withFetchedMedia<R extends Conversation>(
  request: R,
  urls: readonly string[],
  { fetch, signal, allowedHosts, mostBytes = MOST_BYTES }: Fetching,
): Promise<R> {
  const rules = { allowedHosts, httpsOnly: true }
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(WITHIN_MS)])
  const budget = { mostBytes, bytesLeft: mostBytes }
  const fetched = new Map<string, InlineData>()
  const waiting = [...urls]
  const worker = async () => {
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift())
      fetched.set(url, await fetchMedium(url, { fetch, signal: until, rules, budget }))
  }
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, urls.length) }, worker))
  } catch (error) {
    if (signal.aborted) throw new GatewayError('client_closed', 'The client closed the connection.', { cause: error })
    throw error
  } finally {
    ended.abort()
  }
  return withMedia(request, fetched)
}

interface Hop extends Pick<GatewayDeps, 'fetch'> {
  readonly signal: AbortSignal
  readonly rules: AddressRules
  readonly budget: { readonly mostBytes: number; bytesLeft: number }
}

async function fetchMedium(given: string, hop: Hop): Promise<InlineData> {
  let address = given
  for (let hops = 0; hops <= MOST_HOPS; hops++) {
    const url = publicAddress(address, hop.rules)
    if (url === undefined) throw refusedAddress(address, 'messages')
    const response = await asked(url, hop)
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null && URL.canParse(location, url.href)) {
      response.body?.cancel().catch(() => {})
      address = new URL(location, url).href
      continue
    }
    return await inlineOf(url, response, hop)
  }
  throw unusable(given, `was redirected more than ${MOST_HOPS} times`)
}

/** Asked as anybody: no key, no cookie, nothing of the caller's. */
async function asked(url: URL, { fetch, signal }: Hop): Promise<Response> {
  try {
    return await fetch(url.href, { redirect: 'manual', signal, headers: { accept: '*/*' } })
  } catch (cause) {
    throw unusable(url.href, signal.aborted ? 'took too long' : 'could not be reached', cause)
  }
}

async function inlineOf(url: URL, response: Response, { signal, budget }: Hop): Promise<InlineData> {
  const refuse = (why: string, cause?: unknown) => {
    response.body?.cancel().catch(() => {})
    return unusable(url.href, why, cause)
  }
  if (!response.ok) throw refuse(`answered ${response.status}`)
  if (Number(response.headers.get('content-length') ?? 0) > budget.bytesLeft) throw refuse(tooLarge(budget))
  const said = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (said !== '' && !UNSAID.has(said) && !MEDIA.test(said))
    throw refuse(`is ${said}, which is neither picture, sound, film nor document`)
  const pieces: Uint8Array[] = []
  const reader = response.body?.getReader()
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      budget.bytesLeft -= read.value.byteLength
      if (budget.bytesLeft < 0) break
      pieces.push(read.value)
    }
  } catch (cause) {
    throw unusable(url.href, signal.aborted ? 'took too long' : 'broke off', cause)
  }
  if (budget.bytesLeft < 0) {
    reader?.cancel().catch(() => {})
    throw unusable(url.href, tooLarge(budget))
  }
  const mediaType = UNSAID.has(said) || said === '' ? typeOf(pieces[0], url) : said
  if (mediaType === undefined) throw unusable(url.href, 'does not say what it is')
  return { mediaType, base64: base64Of(joined(pieces)) }
}

const tooLarge = ({ mostBytes }: Hop['budget']) =>
  `is too large: all files of a request together may have ${mostBytes / 1024 / 1024} MB`
const MEDIA =
  /^(?:(?:image|audio|video)\/|text\/(?:plain|csv|markdown|html)$|application\/(?:pdf|json|msword|ogg|vnd\.(?:ms-|openxmlformats-)))/
const UNSAID: ReadonlySet<string> = new Set([
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-download',
])

const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[\s\S]{4}WEBP/, 'image/webp'],
  [/^RIFF[\s\S]{4}WAVE/, 'audio/wav'],
  [/^%PDF-/, 'application/pdf'],
  [/^(?:ID3|\xff[\xfb\xf3\xf2])/, 'audio/mpeg'],
  [/^OggS/, 'audio/ogg'],
  [/^fLaC/, 'audio/flac'],
  [/^[\s\S]{4}ftyp/, 'video/mp4'],
]
const ENDINGS: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

/** By how the file begins, else by how its name ends, for servers that say only that it is bytes. */
function typeOf(first: Uint8Array | undefined, { pathname }: URL): string | undefined {
  const head = String.fromCharCode(...(first ?? []).slice(0, 16))
  return (
    BEGINNINGS.find(([pattern]) => pattern.test(head))?.[1] ?? ENDINGS[pathname.split('.').at(-1)?.toLowerCase() ?? '']
  )
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

function unusable(given: string, why: string, cause?: unknown): GatewayError {
  const { host } = new URL(given)
  return new GatewayError(
    'invalid_request',
    `A file at ${host} that messages names ${why}. Send the file itself as a data: URL.`,
    {
      param: 'messages',
      ...(cause !== undefined && { cause }),
    },
  )
}
