import { textWithin } from '../streams/text-within.ts'

const TIMEOUT_MS = 5_000
const MOST_BYTES = 512 * 1024

export type Fetch = typeof fetch

/** It answered, and not with what was asked for. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer'
  readonly status: number

  constructor(address: string, status: number) {
    super(`${address} answered ${status}`)
    this.status = status
  }
}

/**
 * A JSON object from an identity provider, over TLS alone (a test's issuer on this machine excepted). Throws with the
 * address and the status, never with what was sent.
 */
export async function fetchedJson(
  fetching: Fetch,
  url: string,
  init: RequestInit = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { protocol, hostname, origin, pathname } = new URL(url)
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1'
  if (protocol !== 'https:' && !isLocal) throw new Error(`${origin} is not reached over TLS`)
  const response = await fetching(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  const { text, isWhole } = await textWithin(response.body, MOST_BYTES)
  if (!response.ok) throw new BadAnswer(`${origin}${pathname}`, response.status)
  if (!isWhole) throw new Error(`${origin}${pathname} answered more than ${MOST_BYTES} bytes`)
  const value: unknown = parsed(text)
  if (!isObject(value)) throw new Error(`${origin}${pathname} answered no JSON object`)
  return value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
