import { GatewayError } from '../errors.ts'

export interface AddressRules {
  /** `host`, `host:port` or `*.domain`: hosts that the operator has named (`user_url_allowed_hosts`). */
  readonly allowedHosts: readonly string[]
  /** The gateway itself goes there, so that nothing may be read on the way. */
  readonly httpsOnly: boolean
}

/**
 * The address that a caller gave, if somebody may be sent there: a public host by name or number, or one that the
 * operator has named. Undefined for link-local, loopback, private, shared and reserved addresses in every notation, for
 * names that only a private network knows, and for credentials in the address. What a public name resolves to is not
 * known here; a Worker's own network leads nowhere private.
 */
export function publicAddress(given: string, rules: AddressRules): URL | undefined {
  const url = parsedUrl(given)
  if (url === undefined) return undefined
  if (url.username !== '' || url.password !== '') return undefined
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  if (rules.allowedHosts.some((pattern) => isNamed(url, pattern))) return url
  if (rules.httpsOnly && url.protocol !== 'https:') return undefined
  return isPublicHost(url.hostname) ? url : undefined
}

/** Why an address was refused, and what would help. The address is said without its path, which may hold a secret. */
export function refusedAddress(given: string, param: string): GatewayError {
  const url = parsedUrl(given)
  const where = url === undefined || url.host === '' ? 'The address' : `The address ${url.protocol}//${url.host}`
  return new GatewayError(
    'invalid_request',
    `${where} in ${param} may not be used: only public https addresses are. The operator can name a host in general_settings.user_url_allowed_hosts.`,
    { param },
  )
}

function parsedUrl(given: string): URL | undefined {
  return URL.canParse(given) ? new URL(given) : undefined
}

function isNamed(url: URL, pattern: string): boolean {
  const wanted = pattern.trim().toLowerCase()
  const host = bare(url.hostname)
  if (wanted === '') return false
  if (wanted.startsWith('*.')) return host.endsWith(wanted.slice(1))
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return wanted === host || wanted === `[${host}]` || wanted === url.host || wanted === `${host}:${port}`
}

/** In lower case, without the dot that may end a name and without an IPv6 address's brackets. */
function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[|\]$/g, '')
}

/** Judges what the URL parser made of a host: numbers in decimal, octal or hex are dotted fours there already. */
function isPublicHost(hostname: string): boolean {
  const host = bare(hostname)
  if (host.includes(':')) return isPublicIpv6(host)
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return isPublicIpv4(host.split('.').map(Number))
  if (!host.includes('.') || host.includes('..')) return false
  return !PRIVATE_NAMES.test(host)
}

/** Suffixes that only private networks know, and public services that lead any name to a private address. */
const PRIVATE_NAMES =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|svc|test|invalid|onion|home\.arpa|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|nip\.io|sslip\.io|xip\.io)$/

/** First bits, as four numbers and their count (IANA's special-purpose registry), and Azure's own host. */
const RESERVED: readonly (readonly [readonly number[], number])[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[168, 63, 129, 16], 32],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 88, 99, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  [[224, 0, 0, 0], 3],
]

function isPublicIpv4(parts: readonly number[]): boolean {
  const address = numberOf(parts)
  return !RESERVED.some(([base, bits]) => address >>> (32 - bits) === numberOf(base) >>> (32 - bits))
}

function numberOf([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

/** Only global unicast, without the parts of it that tunnel to IPv4 (6to4, Teredo) or are kept for documents. */
function isPublicIpv6(host: string): boolean {
  const [first = 0, second = 0] = groupsOf(host)
  if (first >>> 13 !== 1) return false
  if (first === 0x2002 || (first === 0x3fff && second < 0x1000)) return false
  return !(first === 0x2001 && (second < 0x200 || second === 0xdb8))
}

/** The first groups of an address as the URL parser writes it; `::` stands for zeros. */
function groupsOf(host: string): number[] {
  const [head = ''] = host.split('::', 1)
  return head === '' ? [0, 0] : head.split(':').map((group) => Number.parseInt(group, 16))
}
