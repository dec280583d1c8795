import { GatewayError } from '../errors.ts'
import { passThroughVendors } from '../gateway/pass-through-account.ts'
import { leavesSomething, nameSaid, namesInBody, namesInPath } from '../operations/kept-names.ts'
import { decodedParts } from '../operations/pass-through-path.ts'
import { type Keeping, mine, saidBy } from './kept-at-vendors.ts'
import { ownerOf } from './responses-stored.ts'
import { isStorable } from './text.ts'

type Asking = Pick<Keeping, 'principal' | 'deps'>

/** Vendors whose files are reached by passing on alone. What nobody put there through here is not there. */
const FILE_KEEPERS: readonly string[] = ['anthropic', 'mistral']
const VENDORS = passThroughVendors.map(({ name }) => name)

interface Passed {
  readonly vendor: string
  readonly rest: string
  readonly body: unknown
  /** A chat or an embedding: its path names a model and nothing else. */
  readonly isShaped: boolean
}

/**
 * Passes a request on unless its path or its body names what somebody else made here. What it makes is its caller's from
 * then on; what an admin makes is for all, like what was made in the vendor's console. Files are their uploader's, always.
 */
export async function withOwnAtVendor(
  asked: Asking & Pick<Keeping, 'request' | 'receivedAtMs'>,
  { vendor, rest, body, isShaped }: Passed,
  pass: () => Promise<Response>,
): Promise<Response> {
  const { principal, deps, request, receivedAtMs: createdAtMs } = asked
  if (!deps.batches) return pass()
  const { objects } = deps.batches
  const { method } = request
  const isAdmin = principal.role === 'proxy_admin'
  const file = FILE_KEEPERS.includes(vendor) ? fileIn(rest) : undefined
  if (!isAdmin) {
    if (file?.id !== undefined) await mine(asked, 'file', file.id, [vendor])
    await mustBeOwn([...(isShaped || file ? [] : namesInPath(rest)), ...namesInBody(body)], asked, [vendor])
  }
  const response = await pass()
  if (!response.ok) return response
  const owner = ownerOf(principal)
  if (method === 'DELETE') {
    const [kind, ids] = file?.id === undefined ? (['other', lastNames(rest)] as const) : (['file', [file.id]] as const)
    const owners = isAdmin ? (await objects.owners(ids, [vendor])).map((one) => one.owner) : [owner]
    for (const one of owners) for (const id of ids) await objects.forget(one, kind, id, [vendor])
    return response
  }
  // An answer in events goes on as it comes: what it makes is known to whoever is told its name.
  const isTold = response.headers.get('content-type')?.includes('json') ?? false
  if (!isTold || !leavesSomething(method, rest) || (isAdmin && !file)) return response
  const said = await saidBy(response)
  const id = nameSaid(said)
  if (id === undefined || !isStorable(id)) return response
  const kept = file ? ({ kind: 'file', said } as const) : ({ kind: 'other', said: { id } } as const)
  await objects.keep({ vendor, id, owner, createdAtMs, ...kept })
  return response
}

/** Refuses names of what somebody else made here, as if it were not there. Names that nobody made here are the vendor's to judge. */
export async function mustBeOwn(
  names: readonly string[],
  { principal, deps }: Asking,
  vendors: readonly string[] = VENDORS,
): Promise<void> {
  const ids = names.filter(isStorable)
  if (!deps.batches || ids.length === 0 || principal.role === 'proxy_admin') return
  const own = ownerOf(principal)
  const found = await deps.batches.objects.owners(ids, vendors)
  const others = found.find(
    ({ id, owner }) => owner !== own && !found.some((one) => one.id === id && one.owner === own),
  )
  if (!others) return
  throw new GatewayError('not_found', `No such thing is kept for this key or its team: ${others.id.slice(0, 200)}`, {
    retry: false,
  })
}

/** Whether a path leads to a vendor's files, and to which; whatever is asked of it. */
function fileIn(rest: string): { readonly id: string | undefined } | undefined {
  const parts = decodedParts(rest)
  const [first, second] = /^v\d/i.test(parts[0] ?? '') ? parts.slice(1) : parts
  return first?.toLowerCase() === 'files' ? { id: second } : undefined
}

const lastNames = (rest: string) =>
  [decodedParts(rest).slice(-1), decodedParts(rest).slice(-2)].map((one) => one.join('/'))
