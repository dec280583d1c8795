import { textWithin } from '../streams/text-within.ts'

/** Something to be sent, made by pure code and sent by `post`. */
export interface Post {
  readonly url: string
  readonly method?: 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer>
}

export interface Posted {
  readonly status: number
  /** The beginning of it. */
  readonly text: string
}

const TIMEOUT_MS = 10_000
const MOST_BYTES = 20_000

/**
 * Sends and answers what came back, within ten seconds, and follows no redirect. Throws for a receiver that cannot be
 * reached or refuses; the message names the host and the status, never the address, a header or the body.
 */
export async function post(fetcher: typeof fetch, { url, method = 'POST', headers, body }: Post): Promise<Posted> {
  const host = hostOf(url)
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  let response: Response
  try {
    response = await fetcher(url, { method, headers, body, redirect: 'manual', signal })
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    throw new Error(late ? `${host} did not answer within ${TIMEOUT_MS / 1000} s` : `${host} could not be reached`)
  }
  const { text } = await textWithin(response.body, MOST_BYTES).catch(() => ({ text: '' }))
  if (response.ok) return { status: response.status, text }
  throw new Error(`${host} answered ${response.status}`)
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL'
}
