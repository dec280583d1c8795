import { batchesOf, type Keeping, keptOf, mine } from './kept-at-vendors.ts'
import { ownerOf } from './responses-stored.ts'

type Asking = Pick<Keeping, 'request' | 'principal' | 'deps' | 'receivedAtMs'>

/** Vendors whose files are reached by passing on alone, where each belongs to whoever put it there. */
const FILES: Readonly<Record<string, RegExp>> = {
  anthropic: /^(?:\/v1)?\/files(?:\/([^/]+)(?:\/content)?)?\/?$/,
  mistral: /^(?:\/v1)?\/files(?:\/([^/]+)(?:\/(?:content|url))?)?\/?$/,
}

/** Passes a request on unless it is for somebody else's file; what it puts there is its caller's from then on. */
export async function withOwnFiles(
  asked: Asking,
  { vendor, rest }: { readonly vendor: string; readonly rest: string },
  pass: () => Promise<Response>,
): Promise<Response> {
  const place = FILES[vendor]?.exec(rest)
  if (!place || !asked.deps.batches) return pass()
  const { method } = asked.request
  const [, id] = place
  if (id !== undefined && asked.principal.role !== 'proxy_admin') await mine(asked, 'file', id, [vendor])
  const response = await pass()
  if (!response.ok) return response
  if (id === undefined && method === 'POST') await keptOf(asked, response, { vendor, kind: 'file' })
  if (id !== undefined && method === 'DELETE')
    await batchesOf(asked).objects.forget(ownerOf(asked.principal), 'file', id, [vendor])
  return response
}
