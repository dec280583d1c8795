import type { Opening, VendorObject, VendorObjects } from '../batches/port.ts'
import { fields, number } from '../dialects/loose-json.ts'
import { minNano } from '../money.ts'
import { type BatchUsed, isBatchOver } from '../operations/batch-lines.ts'
import type { Price } from '../prices/price.ts'
import { completionTokens, noUsage, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'
import { openaiResponsesUsage } from '../providers/openai-responses-usage.ts'
import type { SpendEvent } from '../spend/event.ts'
import { type Charge, chargeAt, together, toldOfCharge } from './charge.ts'
import { tokensUsed } from './counted-tokens.ts'
import type { GatewayDeps } from './deps.ts'
import { sum } from './stitch.ts'

/** What charging a batch stands on. */
export interface BatchDeps {
  readonly objects: VendorObjects
  /** Returns when the row is where no fault can lose it. Safe to repeat. */
  readonly record: (event: SpendEvent) => Promise<void>
}

/**
 * Charges a batch that is over, by what its results say was used: once, whoever does it and however often, because its
 * row has had its id since it was begun. Log first, then the hold's end, if it has not expired before.
 */
export async function chargeBatch(
  batch: VendorObject,
  results: AsyncIterable<BatchUsed | undefined> | undefined,
  { objects, record }: BatchDeps,
  deps: GatewayDeps,
): Promise<void> {
  const { opening, vendor, id } = batch
  if (!opening || batch.chargedAtMs !== undefined) return
  const nowMs = deps.clock()
  const { usage, charge, isTold } =
    results === undefined ? withoutResults(batch, opening) : await usedBy(results, opening)
  // Of batches nobody tells what the prompt alone costs.
  const { input_cost_nano: _, ...event } = opening.event
  const { costNano: cost } = charge
  const hold = BigInt(opening.holdNano ?? 0)
  await record({
    ...event,
    usage: tokensIn(usage),
    prompt_tokens: promptTokens(usage),
    completion_tokens: completionTokens(usage),
    total_tokens: totalTokens(usage),
    usage_estimated: !isTold,
    cost_nano: String(cost),
    hold_nano: String(cost > 0n ? hold : 0n),
    overrun: event.covered.includes(true) && cost > hold,
    end_ms: nowMs,
    ...toldOfCharge(charge),
  })
  if (event.grant_id !== null && event.ledger !== null) {
    const tokens = tokensUsed(usage, deps.config.general)
    const close = { grantId: event.grant_id, attempt: event.id, paidNano: minNano(cost, hold), tokens }
    deps.handOver.add({ ledger: event.ledger, close }, deps.defer)
  }
  await objects.charged(vendor, id, nowMs)
}

interface Sum {
  readonly usage: Usage
  readonly charge: Charge
  /** By its vendor. */
  readonly isTold: boolean
}

/**
 * What a batch costs whose results nobody can read any more: by the sum that its vendor tells (OpenAI, of batches since
 * September 2025), else what was held for it, else as many of its first request as it had, so that nobody is free of charge.
 */
function withoutResults({ said }: VendorObject, { holdNano, eachNano, prices }: Opening): Sum {
  const usage = openaiResponsesUsage(said)
  const [price, ...others] = Object.values(prices)
  if (usage && price && others.length === 0 && totalTokens(usage) > 0)
    return { usage, charge: chargeAt(price, usage), isTold: true }
  const costNano = holdNano === undefined ? BigInt(eachNano ?? 0) * BigInt(requestsOf(said)) : BigInt(holdNano)
  return { usage: noUsage, charge: { costNano }, isTold: false }
}

/** How many requests of a batch may have been answered: what its vendor counted, in OpenAI's words or Anthropic's. */
function requestsOf(said: VendorObject['said']): number {
  const { total, completed, succeeded, processing } = fields(said.request_counts)
  const answered = number(completed) ?? number(succeeded)
  if (isBatchOver(said) && answered !== undefined) return Math.max(0, Math.ceil(answered))
  return Math.max(1, Math.ceil(number(total) ?? number(processing) ?? 1))
}

async function usedBy(results: AsyncIterable<BatchUsed | undefined>, { prices }: Opening): Promise<Sum> {
  let usage: Usage = noUsage
  let charge: Charge = { costNano: 0n }
  for await (const used of results) {
    if (!used) continue
    usage = sum(usage, used.usage)
    const price = priceOf(used.model, prices)
    charge = together([charge, price ? chargeAt(price, used.usage) : { costNano: 0n, unpriced: true }])
  }
  return { usage, charge, isTold: true }
}

/** A vendor may answer under a longer name than it was asked by; where several could be meant, the dearest is. */
function priceOf(model: string | undefined, prices: Opening['prices']): Price | undefined {
  if (model !== undefined && prices[model]) return prices[model]
  const names = Object.keys(prices)
  const alike = names.filter((name) => model?.startsWith(name)).sort((a, b) => b.length - a.length)[0]
  if (alike !== undefined) return prices[alike]
  return Object.values(prices).sort((a, b) => b.output - a.output)[0]
}

/** A row's usage has the classes of tokens alone. */
function tokensIn({ webSearches: _, serviceTier: __, ...tokens }: Usage): SpendEvent['usage'] {
  return tokens
}
