import { textWithin } from '../streams/text-within.ts'

/** A few entries with all that they keep. */
const MOST_BYTES = 32 * 1024 * 1024

export interface Rest {
  readonly fetch: typeof fetch
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
  /** For writes, which nobody waits for. */
  readonly timeoutMs?: number
}

export interface RestCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** Statuses that are an answer and no fault. */
  readonly also?: readonly number[]
}

export interface RestAnswer {
  readonly status: number
  readonly json: unknown
}

/** A vector store did not do as asked. Its message has the status and the path, never the body: that is somebody's question. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
}

/** One try, JSON both ways. Throws `StoreFault`, or what `fetch` throws. */
export async function ask(rest: Rest, call: RestCall): Promise<RestAnswer> {
  const { method = 'POST', path, body, signal = AbortSignal.timeout(rest.timeoutMs ?? 2_000), also = [] } = call
  const response = await rest.fetch(`${rest.base.replace(/\/+$/, '')}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...rest.headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // Whoever redirects would be sent the operator's key.
    redirect: 'manual',
    signal,
  })
  const { text, isWhole } = await textWithin(response.body, MOST_BYTES)
  if (!isWhole) throw new StoreFault(`more than ${MOST_BYTES} bytes at ${path}`)
  if (!response.ok && !also.includes(response.status)) throw new StoreFault(`status ${response.status} at ${path}`)
  return { status: response.status, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Makes the promise once; a failure is tried again by the next. */
export function once(make: () => Promise<void>): () => Promise<void> {
  let made: Promise<void> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}
