import { publicAddress } from '../gateway/outbound.ts'
import { type CallbacksOf, placeOf } from '../observe/callbacks.ts'
import { type DeliverDeps, deliver } from '../observe/deliver.ts'
import type { Delivery } from '../observe/deliveries.ts'
import type { KeyRing } from '../seal.ts'

/** Whoever set it decides how long it takes to answer, and what: others wait for it no longer, and read no more. */
const TIMEOUT_MS = 5_000
const MOST_BYTES = 64 * 1024

export interface OwnSinksDeps extends Omit<DeliverDeps, 'variable'> {
  readonly callbacks: CallbacksOf
  readonly ring: () => KeyRing
  /** What `os.environ/NAME` holds; a proxy admin alone could write such a name. */
  readonly variable: DeliverDeps['variable']
  /** Hosts that the operator has named (`user_url_allowed_hosts`). */
  readonly allowedHosts: readonly string[]
}

/**
 * Tells a sink of a team or a key, at a public address, with what its owner set and with nothing of the operator's. What
 * was taken away since is told no more. Rejects as `deliver` does.
 */
export async function deliverOwn(
  delivery: Delivery & { readonly of: string },
  id: string,
  deps: OwnSinksDeps,
): Promise<void> {
  const { callbacks, ring, variable, allowedHosts, ...rest } = deps
  const entry = (await callbacks([delivery.of])).get(delivery.of)?.find((one) => one.callback_name === delivery.sink)
  if (!entry) return
  const opened = await ring().open({ keyId: entry.key_id, text: entry.sealed }, placeOf(delivery.of, delivery.sink))
  if (opened === undefined) throw new Error('its values were sealed with another salt key; set them again')
  const vars = JSON.parse(opened) as Readonly<Record<string, string>>
  const own = (name: string) => {
    const value = Object.hasOwn(vars, name.toLowerCase()) ? vars[name.toLowerCase()] : undefined
    return value?.startsWith('os.environ/') ? variable(value.slice('os.environ/'.length)) : value
  }
  await deliver(delivery, id, { ...rest, variable: own, fetch: guarded(rest.fetch, allowedHosts) })
}

/** Goes to public https addresses alone, follows nobody elsewhere, and reads the beginning of what comes back. */
export function guarded(fetcher: typeof fetch, allowedHosts: readonly string[]): typeof fetch {
  return async (input, init) => {
    const url = publicAddress(input instanceof Request ? input.url : String(input), { allowedHosts, httpsOnly: true })
    if (url === undefined) throw new Error('not a public https address')
    const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(init?.signal ? [init.signal] : [])]
    const response = await fetcher(url.href, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) })
    return new Response(await beginningOf(response.body), { status: response.status })
  }
}

async function beginningOf(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null
  const read = new Uint8Array(MOST_BYTES)
  let bytes = 0
  for await (const chunk of body) {
    const part = chunk.subarray(0, MOST_BYTES - bytes)
    read.set(part, bytes)
    bytes += part.length
    if (bytes === MOST_BYTES) break
  }
  return read.slice(0, bytes)
}
