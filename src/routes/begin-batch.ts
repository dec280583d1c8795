import { anthropic } from '../dialects/anthropic.ts'
import { type Fields, text } from '../dialects/loose-json.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import { beginBatch, dropBatch } from '../gateway/batch.ts'
import { keepingAccount, placeOf } from '../gateway/batch-results.ts'
import { type PassThroughVendor, passThroughVendors } from '../gateway/pass-through-account.ts'
import { askKeeper, type Keeping, keptOf, saidBy } from './kept-at-vendors.ts'
import { callerOf } from './others.ts'
import type { Asked } from './route.ts'

type Beginning = Asked<'key', unknown, Fields>

/** Held at its worst case, given to the vendor, and kept for its owner with the row that it will be charged by. */
export async function begin(
  asked: Beginning,
  name: string,
  requests: Parameters<typeof beginBatch>[1],
): Promise<Response> {
  const { body, deps, requestId, receivedAtMs, request } = asked
  const { headers, signal } = request
  const { gateway } = deps
  const dialect = name === 'anthropic' ? anthropic : openaiChat
  const vendor = vendorOf(name)
  const destination = await keepingAccount(name, placeOf(name, 'batches'), gateway)
  const moment = { nowMs: receivedAtMs, defer: gateway.defer }
  const principal = await callerOf(asked.principal, { headers, body: {} }, deps.tenants, moment)
  const call = { requestId, principal, headers, signal, receivedAtMs, dialect }
  const begun = await beginBatch({ call, vendor, destination }, requests, gateway)
  let response: Response
  try {
    const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(body)))
    response = await askKeeper(
      { ...asked, principal },
      { vendor: name, kind: 'batches', body: bytes, model: begun.model, destination },
    )
  } catch (thrown) {
    const error = toGatewayError(thrown)
    if (MAY_HAVE_BEGUN.includes(error.kind)) throw unsure(error, name)
    dropBatch(begun, principal, gateway)
    throw error
  }
  if (!response.ok) {
    if (response.status >= 500 || response.status === 408) return notAgain(response)
    dropBatch(begun, principal, gateway)
    return response
  }
  await keptOf(asked, response, { vendor: name, kind: 'batch', opening: begun.opening })
  return shown(asked, response, name)
}

/** Nobody knows whether a vendor has begun what it did not answer well: it stays charged as it was held for. */
const MAY_HAVE_BEGUN: readonly string[] = ['timeout', 'client_closed', 'upstream_failed', 'internal']

function unsure(error: GatewayError, vendor: string): GatewayError {
  const message = `${error.message} ${vendor} may have begun the batch all the same, so it counts as begun: ask the operator to look for it there before you begin it again.`
  return new GatewayError(error.kind, message, { ...error.details, retry: false })
}

/** SDKs would begin it again by themselves. */
function notAgain(response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set('x-should-retry', 'false')
  return new Response(response.body, { status: response.status, headers })
}

function vendorOf(name: string): PassThroughVendor {
  const vendor = passThroughVendors.find((one) => one.name === name)
  if (vendor) return vendor
  throw new GatewayError('internal', `Nobody knows the vendor ${name}.`)
}

/** Anthropic's SDK asks for results where the batch says that they are: here. */
export async function shown(asked: Keeping, response: Response, name: string): Promise<Response> {
  if (name !== 'anthropic') return response
  const said = await saidBy(response)
  const headers = new Headers(response.headers)
  return Response.json(here(said, asked), { status: response.status, headers })
}

export function here(said: Fields, { request }: Keeping): Fields {
  const id = text(said.id)
  if (id === undefined || text(said.results_url) === undefined) return said
  return {
    ...said,
    results_url: `${new URL(request.url).origin}/v1/messages/batches/${encodeURIComponent(id)}/results`,
  }
}
