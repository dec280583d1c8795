import type { VendorObject } from '../batches/port.ts'
import { isFields, parsed, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { type BatchUsed, isBatchOver, linesOf, usedInLine } from '../operations/batch-lines.ts'
import { addressOf } from '../operations/pass-through-path.ts'
import { textWithin } from '../streams/text-within.ts'
import { type BatchDeps, chargeBatch } from './batch-charge.ts'
import type { GatewayDeps } from './deps.ts'
import { passThroughVendors } from './pass-through-account.ts'
import { type Destination, vendorDestination } from './pass-through-destination.ts'

const FILE_WITHIN_MS = 120_000
const STATUS_WITHIN_MS = 10_000
/** A batch is told of in a few kilobytes. */
export const MOST_TOLD_BYTES = 1024 * 1024

/** Below the vendor's address: where its files and batches are. */
export function placeOf(vendor: string, kind: 'files' | 'batches', below = ''): string {
  if (vendor === 'anthropic') return `/v1/messages/batches${below}`
  return vendor === 'azure' ? `/openai/v1/${kind}${below}` : `/v1/${kind}${below}`
}

/** The account in which a vendor keeps what callers give it. */
export async function keepingAccount(name: string, rest: string, deps: GatewayDeps): Promise<Destination> {
  const vendor = passThroughVendors.find((one) => one.name === name)
  if (!vendor)
    throw new GatewayError(
      'invalid_request',
      `No files and batches are kept at ${name.slice(0, 50)} here: openai, azure and anthropic are.`,
    )
  const destination = await vendorDestination(vendor, { rest, model: undefined, teamId: undefined, keeps: true }, deps)
  const version = deps.config.passThrough?.filesAccounts.find(({ provider }) => provider === name)?.apiVersion
  return typeof version === 'string' ? { ...destination, query: { 'api-version': version } } : destination
}

/** Something of a vendor's, for the gateway itself. A redirect is no answer. */
export async function lookedUp(
  vendor: string,
  rest: string,
  deps: GatewayDeps,
  withinMs = FILE_WITHIN_MS,
): Promise<Response> {
  const { base, headers, query, ...destination } = await keepingAccount(vendor, rest, deps)
  const url = addressOf(base, destination.rest, new URLSearchParams(query))
  return deps.fetch(url.href, { method: 'GET', headers, redirect: 'manual', signal: AbortSignal.timeout(withinMs) })
}

/** What the vendor says of a batch now; undefined where it says nothing that could be one. */
export async function batchNow(
  { vendor, id }: VendorObject,
  deps: GatewayDeps,
): Promise<VendorObject['said'] | undefined> {
  const place = placeOf(vendor, 'batches', `/${encodeURIComponent(id)}`)
  const response = await lookedUp(vendor, place, deps, STATUS_WITHIN_MS)
  if (response.ok) {
    const said = parsed((await textWithin(response.body, MOST_TOLD_BYTES)).text)
    return isFields(said) && said.id === id ? said : undefined
  }
  response.body?.cancel().catch(() => {})
  return undefined
}

/**
 * Charges a batch if it is over; whether it is charged by now. Results that its vendor has no more are charged as they
 * were held for. Throws where the vendor or Postgres could not be asked, and then it may be done again.
 */
export async function chargeIfOver(batch: VendorObject, batches: BatchDeps, deps: GatewayDeps): Promise<boolean> {
  if (batch.chargedAtMs !== undefined || !batch.opening) return true
  if (!isBatchOver(batch.said)) return false
  await chargeBatch(batch, await resultsOf(batch, deps), batches, deps)
  return true
}

/** Undefined where there are results, and they cannot be had any more. */
async function resultsOf(
  { vendor, id, said }: VendorObject,
  deps: GatewayDeps,
): Promise<AsyncIterable<BatchUsed | undefined> | undefined> {
  const file = text(said.output_file_id)
  if (vendor !== 'anthropic' && file === undefined) return used(new Response('').body)
  const rest =
    vendor === 'anthropic'
      ? placeOf(vendor, 'batches', `/${encodeURIComponent(id)}/results`)
      : placeOf(vendor, 'files', `/${encodeURIComponent(file ?? '')}/content`)
  const response = await lookedUp(vendor, rest, deps)
  if (response.ok) return used(response.body)
  response.body?.cancel().catch(() => {})
  if (response.status === 404 || response.status === 410) return undefined
  throw new GatewayError('upstream_failed', `${vendor} did not show the results of a batch (${response.status}).`, {
    retry: true,
  })
}

async function* used(body: Response['body']): AsyncGenerator<BatchUsed | undefined> {
  if (body === null) return
  for await (const line of linesOf(body)) yield usedInLine(line)
}

const AT_A_TIME = 200
/**
 * Vendors end a batch within days. What is not over by then is charged as it was held for, while the row of its expired
 * hold is surely there to melt: days of the log are kept for at least fifteen (drop_spend_partitions).
 */
const LOST_AFTER_MS = 14 * 86_400_000

/** The cron's part: batches whose makers never come back are charged all the same. One that fails waits for the next time. */
export async function chargeOpenBatches(
  batches: BatchDeps,
  deps: GatewayDeps,
  failed: (name: string, error: unknown) => void,
): Promise<void> {
  for (const batch of await batches.objects.open(AT_A_TIME)) {
    const isOld = batch.createdAtMs < deps.clock() - LOST_AFTER_MS
    try {
      const said = (await batchNow(batch, deps)) ?? batch.said
      const now = { ...batch, said }
      await batches.objects.keep(now)
      if (isOld && !isBatchOver(said)) await chargeBatch(now, undefined, batches, deps)
      else await chargeIfOver(now, batches, deps)
    } catch (error) {
      failed('charging a batch', error)
      // Whose vendor says nothing of it any more is no less lost.
      if (isOld) await chargeBatch(batch, undefined, batches, deps).catch((cause) => failed('charging a batch', cause))
    }
  }
}
