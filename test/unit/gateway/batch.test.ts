import { describe, expect, it } from 'vitest'
import { memoryVendorObjects } from '../../../src/batches/memory.ts'
import type { VendorObject } from '../../../src/batches/port.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { beginBatch, dropBatch } from '../../../src/gateway/batch.ts'
import { chargeBatch } from '../../../src/gateway/batch-charge.ts'
import { chargeOpenBatches } from '../../../src/gateway/batch-results.ts'
import { passThroughVendors } from '../../../src/gateway/pass-through-account.ts'
import { vendorDestination } from '../../../src/gateway/pass-through-destination.ts'
import { newId } from '../../../src/ids.ts'
import { askedInLine, askedOfAnthropic, isBatchOver, linesOf, usedInLine } from '../../../src/operations/batch-lines.ts'
import { batchPrice } from '../../../src/prices/batch.ts'
import { noUsage } from '../../../src/prices/usage.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'
import type { Principal } from '../../../src/tenants/principal.ts'
import { modelName } from '../../../src/tenants/scope.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const MODEL = 'gpt-4o-mini'
const asked = (max_tokens = 100) => ({
  method: 'POST',
  rest: '/v1/chat/completions',
  body: { model: MODEL, max_tokens, messages: [{ role: 'user', content: 'hi' }] },
})
const used = (inputTokens: number) => ({
  model: `${MODEL}-2024-07-18`,
  usage: { ...noUsage, inputTokens, outputTokens: 10 },
})
async function* these<T>(...all: T[]) {
  await Promise.resolve()
  yield* all
}

async function world(limitNano?: bigint, models: readonly string[] = [], limits: Principal['limits'] = []) {
  const gateway = gatewayWorld(() => new Response('', { status: 404 }))
  const [vendor] = passThroughVendors
  if (!vendor) throw new Error('nobody')
  const deps = gateway.deps
  if (limitNano !== undefined) gateway.account.limits.set('key:k1@life', limitNano)
  const plain = keyWith(limitNano, limits)
  const perModel = models.map((model) => {
    const name = `${modelName('key:k1', model)}@life`
    gateway.account.limits.set(name, 1_000_000_000n)
    return { name, model, duration: 'life', timeZone: 'UTC', anchorMs: 0, limited: true } as const
  })
  const principal = { ...plain, scopes: [...plain.scopes, ...perModel] }
  const destination = await vendorDestination(
    vendor,
    { rest: '/v1/batches', model: undefined, teamId: undefined },
    deps,
  )
  const call = {
    ...{ requestId: newId(deps.clock()), principal, headers: new Headers(), dialect: openaiChat },
    ...{ signal: new AbortController().signal, receivedAtMs: deps.clock() },
  }
  const objects = memoryVendorObjects()
  const recorded: SpendEvent[] = []
  const batches = {
    objects,
    record: async (event: SpendEvent) => {
      recorded.push(event)
      await deps.handOver.add({ ledger: principal.ledger, event }, deps.defer)
    },
  }
  return {
    ...{ gateway, deps, objects, recorded, batches, principal },
    begin: (...requests: Parameters<typeof beginBatch>[1][]) =>
      beginBatch({ call, vendor, destination }, requests[0] ?? [asked()], deps),
    async kept(opening: NonNullable<VendorObject['opening']>, said = {}) {
      const batch: VendorObject = {
        vendor: 'openai',
        id: 'b',
        kind: 'batch',
        owner: 'key:k1',
        said,
        opening,
        createdAtMs: deps.clock(),
      }
      await objects.keep(batch)
      return batch
    },
  }
}

describe('a batch', () => {
  it('is held for at half the worst case of all its requests, or not begun', async () => {
    const { begin } = await world(1_000_000_000n)
    const one = BigInt((await begin([asked()])).opening.holdNano ?? 0)
    const three = BigInt((await begin([asked(), asked(), asked()])).opening.holdNano ?? 0)
    expect(one).toBeGreaterThan((100n * 600n) / 2n)
    expect(three).toBe(3n * one)
    await expect((await world(3n * one - 1n)).begin([asked(), asked(), asked()])).rejects.toMatchObject({
      kind: 'budget_exceeded',
    })
  })

  it('is held for where its model alone has a budget, and asks models under one budget only', async () => {
    const { begin } = await world(undefined, [MODEL])
    expect(BigInt((await begin([asked()])).opening.holdNano ?? 0)).toBeGreaterThan(0n)
    const other = { ...asked(), body: { ...asked().body, model: 'gpt-4o' } }
    await expect(begin([asked(), other])).rejects.toMatchObject({ kind: 'invalid_request' })
    await expect(begin([other, asked()])).rejects.toMatchObject({ kind: 'invalid_request' })
  })

  it('is refused where a request has no bound, no model, or there is none', async () => {
    const { begin } = await world(1_000_000_000n)
    await expect(begin([asked(), { ...asked(), rest: '/v1/videos' }])).rejects.toMatchObject({
      kind: 'model_without_price',
    })
    await expect(begin([asked(), undefined])).rejects.toMatchObject({ kind: 'invalid_request' })
    await expect(begin([])).rejects.toMatchObject({ kind: 'invalid_request' })
    expect((await (await world()).begin([{ ...asked(), rest: '/v1/videos' }])).grant).toBeUndefined()
  })

  it('costs what its results say, once, however many charge it', async () => {
    const { begin, kept, batches, deps, recorded, gateway, principal } = await world(1_000_000_000n)
    const { opening } = await begin([asked(), asked()])
    const batch = await kept(opening)
    await Promise.all([1, 2, 3].map(() => chargeBatch(batch, these(used(1000), undefined, used(500)), batches, deps)))
    await gateway.rest()
    const cost = String((1500 * 150 + 20 * 600) / 2)
    expect(recorded.map(({ cost_nano }) => cost_nano)).toEqual([cost, cost, cost])
    expect(gateway.rows()).toMatchObject([
      { id: opening.event.id, cost_nano: cost, prompt_tokens: 1500, call_type: 'acreate_batch' },
    ])
    expect(
      (
        await deps.ledger.check(principal.ledger, {
          attempt: 'x',
          scopes: principal.scopes,
          limits: [],
          amountNano: 0n,
          tokens: 0,
          callMs: 1,
        })
      ).windows[0],
    ).toMatchObject({ heldNano: 0n })
    await chargeBatch({ ...batch, chargedAtMs: 1 }, these(used(9)), batches, deps)
    expect(recorded.length).toBe(3)
  })

  it('tells what was taken off and put on, of all its answers together, and what nobody could price', async () => {
    const { begin, kept, batches, deps, recorded } = await world()
    const { opening } = await begin([asked()])
    const terms = { discount: 500_000_000, margin: 200_000_000, fixedPico: 0 }
    const prices = Object.fromEntries(
      Object.entries(opening.prices).map(([model, price]) => [model, { ...price, terms }]),
    )
    await chargeBatch(await kept({ ...opening, prices }), these(used(1000), used(500)), batches, deps)
    const original = (1500 * 150 + 20 * 600) / 2
    expect(recorded[0]).toMatchObject({
      cost_nano: String(original * 0.6),
      original_cost_nano: String(original),
      discount_nano: String(original / 2),
      margin_nano: String(original / 10),
    })
    expect(recorded[0]).not.toHaveProperty('unpriced')
    await chargeBatch(await kept({ ...opening, prices: {} }), these(used(1)), batches, deps)
    expect(recorded[1]).toMatchObject({ cost_nano: '0', unpriced: true })
  })

  it('gives back what was held where its vendor does not begin it', async () => {
    const { begin, deps, principal, gateway } = await world(1_000_000_000n)
    dropBatch(await begin([asked()]), principal, deps)
    await gateway.rest()
    const { windows } = await deps.ledger.check(principal.ledger, {
      attempt: 'x',
      scopes: principal.scopes,
      limits: [],
      amountNano: 0n,
      tokens: 0,
      callMs: 1,
    })
    expect(windows[0]).toMatchObject({ heldNano: 0n, spentNano: 0n })
  })

  it('whose results are gone, or that never ends, is charged as it was held for', async () => {
    const { begin, kept, batches, deps, recorded, gateway } = await world(1_000_000_000n)
    const { opening } = await begin([asked()])
    await kept(opening, { status: 'completed', output_file_id: 'file-gone' })
    await chargeOpenBatches(batches, deps, () => {})
    expect(recorded).toMatchObject([{ cost_nano: opening.holdNano, usage_estimated: true }])
    const lost = await begin([asked()])
    await batches.objects.keep({
      vendor: 'openai',
      id: 'lost',
      kind: 'batch',
      owner: 'key:k1',
      said: {},
      opening: lost.opening,
      createdAtMs: deps.clock(),
    })
    await chargeOpenBatches(batches, deps, () => {})
    expect(recorded.length).toBe(1)
    gateway.pass(15 * 86_400_000)
    await chargeOpenBatches(batches, deps, () => {})
    expect(recorded.length).toBe(2)
  })

  it('without a budget is not free of charge either where its results are gone', async () => {
    const { begin, kept, batches, deps, recorded } = await world()
    const { opening } = await begin([asked(), asked()])
    expect(opening.holdNano).toBeUndefined()
    const each = BigInt(opening.eachNano ?? 0)
    expect(each).toBeGreaterThan((100n * 600n) / 2n)
    const gone = { status: 'completed', output_file_id: 'gone', request_counts: { total: 3, completed: 2, failed: 1 } }
    await chargeBatch(await kept(opening, gone), undefined, batches, deps)
    await chargeBatch(await kept(opening), undefined, batches, deps)
    const told = { usage: { input_tokens: 1000, output_tokens: 10 } }
    await chargeBatch({ ...(await kept(opening)), said: told }, undefined, batches, deps)
    expect(recorded.map(({ cost_nano, usage_estimated }) => [cost_nano, usage_estimated])).toEqual([
      [String(2n * each), true],
      [String(each), true],
      [String((1000 * 150 + 10 * 600) / 2), false],
    ])
  })

  it('counts its tokens in the minute in which it begins, at the most that whole minute, and no slot', async () => {
    const limit = { entity: 'key:k1', rpm: 1, tpm: 1000, maxParallel: 1 }
    const few = await world(undefined, [], [limit])
    for (let twice = 0; twice < 2; twice++) {
      expect((await few.begin([asked()])).grant).toBeUndefined()
      await few.gateway.rest()
    }
    await expect(few.begin([asked()])).rejects.toMatchObject({ kind: 'rate_limited' })
    few.gateway.pass(61_000)
    const many = Array.from({ length: 20 }, () => asked())
    await few.begin(many)
    await few.gateway.rest()
    await expect(few.begin([asked()])).rejects.toMatchObject({ kind: 'rate_limited' })
    const budgeted = await world(1_000_000_000n, [], [limit])
    expect((await budgeted.begin(many)).grant).toBeDefined()
    await expect(budgeted.begin([asked()])).rejects.toMatchObject({ kind: 'rate_limited' })
  })
})

describe('what batches say', () => {
  it('is read line by line', async () => {
    const line = JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/embeddings', body: { model: 'm' } })
    const lines = []
    for await (const one of linesOf(new Response(`${line}\n\n${line}`).body as ReadableStream<Uint8Array>))
      lines.push(askedInLine(one))
    expect(lines).toEqual([1, 2].map(() => ({ method: 'POST', rest: '/v1/embeddings', body: { model: 'm' } })))
    expect(askedInLine('no json')).toBeUndefined()
    expect(askedInLine(line.replace('"model"', '"model":"cheap","model"'))).toBeUndefined()
    expect(askedOfAnthropic([{ params: { model: 'c' } }, 7])).toEqual([
      { method: 'POST', rest: '/v1/messages', body: { model: 'c' } },
      undefined,
    ])
  })

  it('tells usage of what was answered, in the words of each vendor', () => {
    const body = { model: 'm', usage: { prompt_tokens: 3, completion_tokens: 4 } }
    expect(usedInLine(JSON.stringify({ response: { status_code: 200, body } }))).toMatchObject({
      model: 'm',
      usage: { inputTokens: 3, outputTokens: 4 },
    })
    const said = { model: 'm', usage: { input_tokens: 3, output_tokens: 4 } }
    expect(usedInLine(JSON.stringify({ response: { body: said } }))?.usage).toMatchObject({
      inputTokens: 3,
      outputTokens: 4,
    })
    expect(usedInLine(JSON.stringify({ result: { type: 'succeeded', message: said } }))?.usage).toMatchObject({
      inputTokens: 3,
    })
    for (const nothing of [
      { result: { type: 'errored', error: {} } },
      { response: { status_code: 400, body: { error: {} } } },
      { error: {} },
    ])
      expect(usedInLine(JSON.stringify(nothing))).toBeUndefined()
  })

  it('is over in every way that ends one', () => {
    for (const status of ['completed', 'failed', 'expired', 'cancelled']) expect(isBatchOver({ status })).toBe(true)
    for (const status of ['validating', 'in_progress', 'finalizing', 'cancelling'])
      expect(isBatchOver({ status })).toBe(false)
    expect(isBatchOver({ processing_status: 'ended' })).toBe(true)
    expect(isBatchOver({ processing_status: 'canceling' })).toBe(false)
  })

  it('costs half a token, rounded up, and a search in full', () => {
    expect(
      batchPrice({ input: 3, output: 4, cacheRead: 1, search: 10, tiers: [{ input: 7, output: 8, aboveTokens: 5 }] }),
    ).toEqual({
      ...{ input: 2, output: 2, cacheRead: 1, search: 10 },
      tiers: [{ input: 4, output: 4, aboveTokens: 5 }],
    })
  })
})
