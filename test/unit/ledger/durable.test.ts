import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { DurableLedger, type LedgerStub } from '../../../src/ledger/durable.ts'
import type { Grant, Settlement, Take, Taken } from '../../../src/ledger/port.ts'
import { takeOf } from '../../contract/ledger-world.ts'

const grant: Grant = {
  id: 'team:t:a',
  ledger: 'team:t',
  amountNano: 10n,
  single: true,
  windows: [],
  covered: [],
  startByMs: 2_000,
  settleByMs: 9_000,
}
const second = { name: 'team:t@2s', duration: '2s', timeZone: 'UTC', anchorMs: 0, limited: true }
const ofSecond: Grant = { ...grant, windows: [{ scope: second.name, startMs: 0 }], covered: [true], startByMs: 1_999 }
const turning: Taken = { granted: true, grant: ofSecond, rates: [] }
const ended: Settlement = { grantId: grant.id, paidNano: 1n, tokens: 0 }
const granted: Taken = { granted: true, grant, rates: [] }

function world(stub: Partial<LedgerStub>, nowMs = 0) {
  const names: string[] = []
  const deferred: Promise<unknown>[] = []
  const settled: Settlement[] = []
  const ledger = new DurableLedger({
    namespace: {
      getByName(name) {
        names.push(name)
        return {
          take: () => Promise.resolve(granted),
          allow: () => Promise.resolve(undefined),
          recall: () => Promise.resolve(),
          check: () => Promise.resolve({ windows: [], rates: [] }),
          reprice: () => Promise.resolve(granted),
          settle: (settlements) => Promise.resolve(void settled.push(...settlements)),
          ...stub,
        }
      },
    },
    timeoutMs: 20,
    clock: () => nowMs,
    warn: () => undefined,
    defer: (_, work) => deferred.push(work),
  })
  const take = () => ledger.take('team:t', takeOf({ now: () => nowMs }, { scopes: [second] }))
  return { ledger, take, names, settled, rest: () => Promise.all(deferred) }
}

describe("the Worker's half of a ledger", () => {
  it('asks the object of that name, with a stub of its own for each call', async () => {
    const { take, names } = world({})
    expect(names).toEqual([])
    expect(await take()).toEqual(granted)
    await take()
    expect(names).toEqual(['team:t', 'team:t'])
  })

  it.each([
    ['overloaded', () => Promise.reject(Object.assign(new Error('Too many requests queued'), { overloaded: true }))],
    ['silent', () => new Promise<Taken>(() => undefined)],
    ['broken', () => Promise.reject(new Error('reset'))],
  ])('says that a ledger is unavailable when it is %s', async (_, take) => {
    expect(await world({ take }).take()).toEqual({
      granted: false,
      refusal: { kind: 'ledger_unavailable', retryAfterMs: expect.any(Number) },
    })
  })

  it('exchanges a grant whose window turned on its way for one of now, which counts the request no second time', async () => {
    const asked: [Settlement, Take][] = []
    const now: Taken = { granted: true, grant: { ...grant, id: 'team:t:b', startByMs: 9_000 }, rates: [] }
    const reprice = (failed: Settlement, take: Take) => {
      asked.push([failed, take])
      return Promise.resolve(now)
    }
    const turned = world({ take: () => Promise.resolve(turning), reprice }, 2_001)
    expect(await turned.take()).toEqual(now)
    const [[failed, take] = []] = asked
    expect(failed).toEqual({ grantId: grant.id, paidNano: 0n, tokens: 0, untaken: true })
    expect(`team:t:${take?.attempt}`).not.toBe(grant.id)
    await turned.rest()
    expect(turned.settled).toEqual([])
  })

  it('counts the request of a fallback once, also when its grant came too late', async () => {
    const limits: Take[] = []
    const late = world(
      {
        reprice: (_, take) => {
          limits.push(take)
          return Promise.resolve(limits.length === 1 ? turning : { ...granted, grant: { ...grant, startByMs: 9_000 } })
        },
      },
      2_001,
    )
    const take = { ...takeOf({ now: () => 2_001 }), scopes: [second], limits: [{ entity: 'key:k', rpm: 1, tpm: 5 }] }
    expect(await late.ledger.reprice('team:t', ended, take)).toMatchObject({ granted: true })
    expect(limits.map((one) => one.limits)).toEqual([
      [{ entity: 'key:k', rpm: 1, tpm: 5 }],
      [{ entity: 'key:k', tpm: 5 }],
    ])
  })

  it.each([
    ['its window turned, and the second is too late as well', turning, ['team:t:a', 'team:t:b']],
    ['everybody was slow', granted, ['team:t:a']],
  ])('starts nothing on a grant whose time has passed on the way: %s', async (_, late, back) => {
    const slow = world(
      {
        take: () => Promise.resolve(late),
        reprice: () => Promise.resolve({ ...granted, grant: { ...ofSecond, id: 'team:t:b' } }),
      },
      2_001,
    )
    expect(await slow.take()).toMatchObject({ granted: false, refusal: { kind: 'ledger_unavailable' } })
    await slow.rest()
    expect(slow.settled.map(({ grantId }) => grantId).sort()).toEqual(back)
  })

  it('gives a grant back that comes after its caller was refused', async () => {
    const late = world({ take: () => new Promise((resolve) => setTimeout(() => resolve(granted), 60)) })
    expect(await late.take()).toMatchObject({ granted: false })
    await late.rest()
    expect(late.settled).toEqual([{ grantId: grant.id, paidNano: 0n, tokens: 0, untaken: true }])
  })

  it('recalls a few at a time, of very many only the first, and says in the end who did not hear it', async () => {
    let running = 0
    let most = 0
    let asked = 0
    const recall = async () => {
      const at = ++asked
      most = Math.max(most, ++running)
      await Promise.resolve()
      running -= 1
      if (at === 3) throw new Error('broken')
    }
    const all = Array.from({ length: 1_000 }, (_, at) => `key:${at}`)
    await expect(world({ recall }).ledger.recall(all, ['team:t@life'])).rejects.toThrow('1 of 1000')
    expect(most).toBeLessThanOrEqual(8)
    expect(asked).toBe(200)
  })

  it('throws when a settlement did not arrive, so that it is tried again', async () => {
    const { ledger } = world({ settle: () => Promise.reject(new Error('reset')) })
    await expect(ledger.settle('team:t', [ended])).rejects.toMatchObject({ kind: 'ledger_unavailable' })
    await expect(ledger.settle('team:t', [ended])).rejects.toBeInstanceOf(GatewayError)
  })
})
