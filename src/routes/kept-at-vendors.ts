import type { VendorObject } from '../batches/port.ts'
import { type Fields, fields, isFields, parsed, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { BatchDeps } from '../gateway/batch-charge.ts'
import { keepingAccount, MOST_TOLD_BYTES, placeOf } from '../gateway/batch-results.ts'
import { passThrough } from '../gateway/pass-through.ts'
import type { Destination } from '../gateway/pass-through-destination.ts'
import type { PassCall } from '../gateway/passing.ts'
import { presentedKey } from '../middleware/credentials.ts'
import { textWithin } from '../streams/text-within.ts'
import { ownerOf } from './responses-stored.ts'
import type { Asked } from './route.ts'
import { isStorable } from './text.ts'

export type Keeping = Pick<
  Asked<'key', unknown, unknown>,
  'request' | 'principal' | 'deps' | 'requestId' | 'receivedAtMs' | 'params'
>

export function batchesOf({ deps }: Pick<Keeping, 'deps'>): BatchDeps {
  if (deps.batches) return deps.batches
  throw new GatewayError('not_found', 'This gateway keeps no files and batches: it has no Postgres.')
}

/** Who keeps files and batches in OpenAI's words. */
export const OPENAIS: readonly string[] = ['openai', 'azure']

/** What of somebody's is asked for; for everybody else it is not there. */
export async function mine(
  asked: Pick<Keeping, 'deps' | 'principal'>,
  kind: VendorObject['kind'],
  id: string,
  vendors: readonly string[],
): Promise<VendorObject> {
  const { objects } = batchesOf(asked)
  const found = isStorable(id) ? await objects.find(ownerOf(asked.principal), kind, id, vendors) : undefined
  if (found) return found
  throw new GatewayError('not_found', `No such ${kind === 'file' ? 'File object' : kind}: ${id.slice(0, 200)}`, {
    param: 'id',
    retry: false,
  })
}

interface Asking {
  readonly vendor: string
  readonly kind: 'files' | 'batches'
  /** Behind the collection's own path. */
  readonly below?: string
  readonly method?: string
  readonly body?: PassCall['body']
  readonly model?: string
  /** Where it is known already. */
  readonly destination?: Destination
}

/** Asks the vendor with the operator's account. It is counted like any request, and costs nothing by itself. */
export async function askKeeper(
  asked: Keeping,
  { vendor, kind, below = '', method, body, model, ...known }: Asking,
): Promise<Response> {
  const { request, principal, deps, requestId, receivedAtMs } = asked
  const { headers, signal } = request
  const url = new URL(request.url)
  const rest = placeOf(vendor, kind, below)
  const destination = known.destination ?? (await keepingAccount(vendor, rest, deps.gateway))
  const given = new URLSearchParams(url.searchParams)
  for (const name of VENDOR_NAMES) given.delete(name)
  return passThrough(
    {
      ...{ requestId, principal, rest, receivedAtMs, headers, signal, body, model },
      method: method ?? request.method,
      query: given,
      key: presentedKey(headers, deps.gateway.config.general.keyHeaderName),
      said: {},
      shape: undefined,
      pricePico: 0,
      here: url.origin,
    },
    model === undefined ? withoutModels(destination) : destination,
    deps.gateway,
  )
}

/** Files name no model, and are kept for whoever may use any. */
function withoutModels({ vendor: _, ...destination }: Destination) {
  return destination
}

const VENDOR_NAMES = ['custom_llm_provider', 'provider']

/** Where a new file or batch goes: by the path, the query or LiteLLM's header; OpenAI where nothing is said. */
export function vendorNamed({ request }: Keeping): string {
  const { pathname, searchParams } = new URL(request.url)
  if (pathname.startsWith('/azure/')) return 'azure'
  const [inQuery] = VENDOR_NAMES.flatMap((name) => searchParams.get(name) ?? [])
  const name = inQuery ?? request.headers.get('custom-llm-provider') ?? 'openai'
  if (OPENAIS.includes(name)) return name
  throw new GatewayError(
    'invalid_request',
    `Files and batches are kept at openai or azure, not at ${name.slice(0, 50)}. Anthropic's are at /v1/messages/batches.`,
    { param: 'custom_llm_provider' },
  )
}

/** The vendor's object, kept for whoever asked for it. */
export async function keptOf(
  asked: Pick<Keeping, 'deps' | 'principal' | 'receivedAtMs'>,
  response: Response,
  object: Pick<VendorObject, 'vendor' | 'kind'> & Partial<VendorObject>,
): Promise<VendorObject | undefined> {
  const said = await saidBy(response)
  const id = text(said.id)
  if (id === undefined) return undefined
  const made = { owner: ownerOf(asked.principal), createdAtMs: asked.receivedAtMs, ...object, id, said }
  await batchesOf(asked).objects.keep(made)
  return made
}

/** The body of an answer, which stays as it is. */
export async function saidBy(response: Response): Promise<Fields> {
  const { text: told } = await textWithin(response.clone().body, MOST_TOLD_BYTES)
  const said = parsed(told)
  return isFields(said) ? said : fields(undefined)
}

/** From where a page goes on; nothing that nobody can have been told. */
export function afterOf(query: URLSearchParams, names: readonly string[]): { readonly after?: string } {
  const [after] = names.flatMap((name) => query.get(name) ?? [])
  if (after === undefined) return {}
  if (isStorable(after)) return { after }
  throw new GatewayError('invalid_request', `${names[0]} is no id. Give the last_id of the page before.`, {
    ...(names[0] !== undefined && { param: names[0] }),
  })
}

export function limitOf(query: URLSearchParams, otherwise: number): number {
  const limit = Number(query.get('limit') ?? otherwise)
  if (!Number.isInteger(limit) || limit < 1)
    throw new GatewayError('invalid_request', 'limit must be a whole number above 0.', { param: 'limit' })
  return Math.min(limit, 100)
}

/** A page of them, as OpenAI lists things. */
export function listed(objects: readonly VendorObject[], limit: number): Fields {
  const data = objects.slice(0, limit).map(({ said }) => said)
  return {
    object: 'list',
    data,
    first_id: text(data[0]?.id) ?? null,
    last_id: text(data.at(-1)?.id) ?? null,
    has_more: objects.length > limit,
  }
}
