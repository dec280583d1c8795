import { hex } from '../cache/key.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../ids.ts'
import { differences, NO_DISCOUNT, type Read, readCostMap } from '../models/cost-map.ts'
import type { ModelStore, Signature, Stored, StoredPriceSchedule } from '../models/port.ts'
import type { LastReading, ListedModel, PriceList, PriceLists } from '../models/price-lists.ts'
import { knownPrices, latestList } from '../models/repriced.ts'
import type { Price } from '../prices/price.ts'
import { textWithin } from '../streams/text-within.ts'
import type { GatewayDeps } from './deps.ts'
import { publicAddress, refusedAddress } from './outbound.ts'

/** LiteLLM's variable for the list's address, and where it is published. */
const URL_VARIABLE = 'LITELLM_MODEL_COST_MAP_URL'
const PUBLISHED = 'https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json'
const TIMEOUT_MS = 30_000
const MOST_BYTES = 16 * 1024 * 1024

export interface Reloading {
  readonly lists: PriceLists
  readonly store: Pick<ModelStore, 'read'>
  readonly gateway: Pick<GatewayDeps, 'fetch' | 'env' | 'clock' | 'config'>
}

export interface Reloaded {
  readonly version: string
  readonly models: number
  /** Zero where the list is the one that holds already. */
  readonly changed: number
  /** Models left out because what the list says of them is beyond reason. */
  readonly skipped: readonly string[]
}

/**
 * Reads the published prices and lays them over those that were built in: on every isolate within five seconds. A list
 * that cannot be read, has one price that is none, or has lost half of the models, or of those that cost something,
 * changes nothing, and the error says why. A model that cost something and is free now, or costs a fiftieth, stays as it
 * was, by the list before or by what was built in, and is named: a slip there would let its callers spend without a bound.
 */
export async function reloadPrices(signature: Signature, reloading: Reloading): Promise<Reloaded> {
  const { lists, gateway } = reloading
  // What cannot be told changes nothing of how it went: at worst the list is read again an hour later.
  const tell = (error?: string) =>
    lists.told({ atMs: gateway.clock(), ...(error !== undefined && { error }) }).catch(() => {})
  try {
    const done = await reloaded(signature, reloading)
    await tell()
    return done
  } catch (thrown) {
    await tell(thrown instanceof GatewayError ? thrown.message : 'The list could not be kept.')
    throw thrown
  }
}

async function reloaded(signature: Signature, { lists, store, gateway }: Reloading): Promise<Reloaded> {
  const url = addressOf(gateway)
  const text = await textFrom(url, gateway)
  const read = pricesIn(text, url)
  const version = `prices ${new Date(signature.nowMs).toISOString().slice(0, 10)} ${await shortHash(text)}`
  const held = latestList(await store.read(gateway.clock()))
  const before = held && (await lists.all(held.id))
  mustBeWhole(costing(read.prices), before, url)
  const builtIn = knownPrices(gateway.config)
  const priceBefore = (name: string) => before?.[name]?.price ?? builtIn(name)
  const fallen = Object.entries(read.prices).flatMap(([name, { price }]) =>
    isFallen(priceBefore(name), price) ? [name] : [],
  )
  const prices: Record<string, ListedModel> = { ...read.prices }
  for (const name of fallen) {
    const listed = before?.[name]
    // What no list had is left out, so that what was built in holds.
    if (listed) prices[name] = listed
    else delete prices[name]
  }
  const skipped = [...read.skipped, ...fallen]
  const models = Object.keys(prices).length
  const changed = before ? differences(before, prices) : models
  if (held && before && changed === 0) return { version: held.version, models, changed, skipped }
  await lists.keep({ id: newId(signature.nowMs), version, source: url.origin, models, changed, prices }, signature)
  return { version, models, changed, skipped }
}

function addressOf({ env, config }: Reloading['gateway']): URL {
  const given = env[URL_VARIABLE]
  const named = typeof given === 'string' && given !== '' ? given : PUBLISHED
  const url = publicAddress(named, { allowedHosts: config.general.allowedHosts ?? [], httpsOnly: true })
  if (url === undefined) throw refusedAddress(named, URL_VARIABLE)
  return url
}

async function textFrom(url: URL, { fetch }: Reloading['gateway']): Promise<string> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    // Whoever redirects could lead to where nobody may be sent.
    const response = await fetch(url.href, { redirect: 'manual', signal, headers: { accept: 'application/json' } })
    if (!response.ok) {
      response.body?.cancel().catch(() => {})
      throw unread(url, `it answered ${response.status}`)
    }
    const { text, isWhole } = await textWithin(response.body, MOST_BYTES)
    if (isWhole) return text
    throw unread(url, `it is larger than ${MOST_BYTES} bytes`)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw unread(url, 'it did not answer in time, or broke off', cause)
  }
}

function pricesIn(text: string, url: URL): Extract<Read, { ok: true }> {
  let map: unknown
  try {
    map = JSON.parse(text)
  } catch {
    throw unread(url, 'it is not JSON')
  }
  const read = readCostMap(map)
  if (!read.ok) throw unread(url, read.why)
  return read
}

function mustBeWhole(models: number, before: PriceList | undefined, url: URL): void {
  if (models === 0) throw unread(url, 'it has no price of a vendor that is built here')
  const had = costing(before ?? {})
  if (models * 2 < had)
    throw unread(url, `it has ${models} models that cost something, and the list that holds has ${had}`)
}

function isFallen(was: Price | undefined, is: Price | undefined): boolean {
  if (was === undefined || is === undefined) return false
  if (hasCost(baseOf(was)) && !hasCost(baseOf(is))) return true
  return is.input * NO_DISCOUNT < was.input || is.output * NO_DISCOUNT < was.output
}

const baseOf = ({ tiers: _, ...base }: Price) => base

/** Models that are free do not count: a list of zeros would set every budget free. */
function costing(list: PriceList): number {
  return Object.values(list).filter(({ price }) => price !== undefined && hasCost(baseOf(price))).length
}

const hasCost = (rates: object): boolean =>
  Object.values(rates).some((rate: unknown) =>
    typeof rate === 'object' && rate !== null ? hasCost(rate) : typeof rate === 'number' && rate > 0,
  )

/** The address is said without its path and query, which may hold a secret. */
function unread(url: URL, why: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'upstream_failed',
    `The price list at ${url.host} changes nothing: ${why}. Correct it, or name another by ${URL_VARIABLE}.`,
    { retry: false, ...(cause === undefined ? {} : { cause }) },
  )
}

async function shortHash(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return hex(new Uint8Array(hash).subarray(0, 6))
}

const HOUR_MS = 3_600_000
/** The cron comes once an hour, a moment early or late. */
const SLACK_MS = 300_000

/** When the list is to be read next; undefined where nobody ordered it. */
export function nextReadingMs(
  schedule: StoredPriceSchedule | undefined,
  last: LastReading | undefined,
): number | undefined {
  if (schedule === undefined) return undefined
  return Math.max(schedule.updatedAtMs, last?.atMs ?? 0) + schedule.hours * HOUR_MS
}

/** Reads the list where a schedule says that it is time; who ordered the schedule signs for it. False where it is not. */
export async function reloadWhenDue(nowMs: number, reloading: Reloading): Promise<boolean> {
  const schedule = scheduleIn(await reloading.store.read(nowMs))
  if (schedule === undefined) return false
  const dueMs = nextReadingMs(schedule, await reloading.lists.last())
  if (dueMs === undefined || nowMs < dueMs - SLACK_MS) return false
  await reloadPrices({ by: schedule.updatedBy, nowMs }, reloading)
  return true
}

export const SCHEDULE_ID = 'model_cost_map'

export function scheduleIn({ rows }: Pick<Stored, 'rows'>): StoredPriceSchedule | undefined {
  return rows.find((row) => row.kind === 'price_schedule')
}
