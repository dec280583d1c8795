import { describe, expect, it } from 'vitest'
import { HandOver } from '../../../src/gateway/hand-over.ts'
import type { Settlement } from '../../../src/ledger/port.ts'
import type { SpendEvent } from '../../../src/spend/event.ts'

const event = (id: string) => ({ id }) as SpendEvent
const close = (grantId: string) => ({ grantId, paidNano: 5n, tokens: 3 })

/** A hand-over in a world where time passes only by sleeping, and where queue and ledgers fail on demand. */
function world() {
  const state = {
    now: 0,
    queueUp: true,
    ledgersUp: true,
    logged: [] as string[],
    settled: [] as (Settlement & { ledger: string })[],
    order: [] as string[],
    warnings: [] as string[],
    deferred: [] as Promise<unknown>[],
  }
  const handOver = new HandOver({
    clock: () => state.now,
    sleep: async (ms) => {
      await Promise.resolve()
      state.now += ms
    },
    warn: (message) => state.warnings.push(message),
    spend: {
      send: async (events) => {
        if (!state.queueUp) throw new Error('queue down')
        state.logged.push(...events.map(({ id }) => id))
        state.order.push('log')
      },
    },
    ledger: {
      check: () => Promise.reject(new Error('nothing is checked here')),
      reprice: () => Promise.reject(new Error('nothing is repriced here')),
      take: () => Promise.reject(new Error('not asked here')),
      settle: async (ledger, settlements) => {
        if (!state.ledgersUp) throw new Error('ledger down')
        state.settled.push(...settlements.map((one) => ({ ...one, ledger })))
        state.order.push(`settle ${ledger}`)
      },
    },
  })
  const defer = (_: string, work: Promise<unknown>) => void state.deferred.push(work)
  const rest = async () => {
    while (state.deferred.length > 0) await Promise.all(state.deferred.splice(0))
  }
  return { state, handOver, defer, rest }
}

describe('hand-over', () => {
  it('logs before it settles, one message and one call a ledger for all that ended together', async () => {
    const { state, handOver, defer, rest } = world()
    for (const n of [1, 2, 3]) {
      handOver.add({ event: event(`e${n}`), ledger: n < 3 ? 'org:a' : 'org:b', close: close(`g${n}`) }, defer)
    }
    await rest()
    expect(state.logged).toEqual(['e1', 'e2', 'e3'])
    expect(state.order).toEqual(['log', 'settle org:a', 'settle org:b'])
    expect(state.settled.every((one) => one.event === undefined)).toBe(true)
  })

  it('sends the rows with the settle call when the queue refuses them', async () => {
    const { state, handOver, defer, rest } = world()
    state.queueUp = false
    handOver.add({ event: event('e1'), ledger: 'org:a', close: close('g1') }, defer)
    await rest()
    expect(state.settled).toMatchObject([{ grantId: 'g1', event: { id: 'e1' }, ledger: 'org:a' }])
  })

  it('gives a row without a grant to the ledger when the queue refuses it', async () => {
    const { state, handOver, defer, rest } = world()
    state.queueUp = false
    handOver.add({ ledger: 'proxy', event: event('e1') }, defer)
    await rest()
    expect(state.settled).toMatchObject([{ grantId: 'e1', event: { id: 'e1' }, ledger: 'proxy' }])
  })

  it('asks again until a ledger has settled, without logging twice', async () => {
    const { state, handOver, defer, rest } = world()
    state.ledgersUp = false
    handOver.add({ event: event('e1'), ledger: 'org:a', close: close('g1') }, defer)
    setTimeout(() => {
      state.ledgersUp = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    handOver.add({ ledger: 'org:a', event: event('e2') }, defer)
    await rest()
    expect(state.logged).toEqual(['e1', 'e2'])
    expect(state.settled.map(({ grantId }) => grantId)).toEqual(['g1'])
  })

  it('keeps what nobody takes, and sends it with a later request', async () => {
    const { state, handOver, defer, rest } = world()
    state.queueUp = false
    state.ledgersUp = false
    handOver.add({ event: event('e1'), ledger: 'org:a', close: close('g1') }, defer)
    handOver.add({ ledger: 'org:a', event: event('e2') }, defer)
    await rest()
    expect(state.settled).toEqual([])
    expect(state.warnings).toContain('ends of requests wait for the next flush')

    state.queueUp = true
    state.ledgersUp = true
    handOver.add({ ledger: 'org:a', event: event('e3') }, defer)
    await rest()
    expect(state.logged.toSorted()).toEqual(['e1', 'e2', 'e3'])
    expect(state.settled.map(({ grantId }) => grantId)).toEqual(['g1'])
  })

  it('takes over from a request that died while gathering', async () => {
    const { state, handOver, defer, rest } = world()
    const lost: Promise<unknown>[] = []
    const dying = new HandOver({
      clock: () => state.now,
      sleep: () => new Promise(() => {}),
      warn: () => {},
      spend: { send: () => Promise.reject(new Error('dead')) },
      ledger: {
        take: () => Promise.reject(new Error('dead')),
        reprice: () => Promise.reject(new Error('dead')),
        check: () => Promise.reject(new Error('dead')),
        settle: () => Promise.reject(new Error('dead')),
      },
    })
    dying.add({ ledger: 'org:a', event: event('e1') }, (_, work) => void lost.push(work))
    dying.add({ ledger: 'org:a', event: event('e2') }, (_, work) => void lost.push(work))
    expect(lost).toHaveLength(1)
    state.now += 1_001
    dying.add({ ledger: 'org:a', event: event('e3') }, (_, work) => void lost.push(work))
    expect(lost).toHaveLength(2)
    handOver.add({ ledger: 'org:a', event: event('e4') }, defer)
    await rest()
    expect(state.logged).toEqual(['e4'])
  })
})
