import { describe, expect, it } from 'vitest'
import { consumeDeliveries } from '../../../src/observe/consumer.ts'
import { deliveriesIn } from '../../../src/observe/deliveries.ts'
import { Pauses } from '../../../src/observe/pauses.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const event = spendEventOf({ id: 'a' })
const bodyOf = (...sinks: string[]) => JSON.stringify({ v: 2, sinks, events: [event] })

function message(body: unknown, attempts = 1) {
  const done: (string | number)[] = []
  return {
    body,
    attempts,
    done,
    ack: () => void done.push('ack'),
    retry: (options?: { delaySeconds?: number }) => void done.push(options?.delaySeconds ?? 0),
  }
}

it('a sink that fails is retried apart, with growing delays, and its other messages wait without being tried', async () => {
  const tried: string[] = []
  const failures: string[] = []
  const [bad, worse, good] = [message(bodyOf('bad')), message(bodyOf('bad'), 9), message(bodyOf('good'))]
  await consumeDeliveries([bad, worse, good], {
    deliver: (delivery) => {
      tried.push(delivery.sink)
      return delivery.sink === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve()
    },
    clock: () => 1_000,
    failed: (name) => failures.push(name),
    pauses: new Pauses(),
  })
  expect([bad.done, worse.done, good.done]).toEqual([[5], [512], ['ack']])
  expect(tried.sort()).toEqual(['bad', 'good'])
  expect(failures).toEqual(['sink bad'])
})

it('a sink that failed is tried again after its pause', async () => {
  const pauses = new Pauses()
  pauses.failed('sink bad', 1_000)
  const deps = { deliver: () => Promise.resolve(), failed: () => {}, pauses }
  const [early, late] = [message(bodyOf('bad')), message(bodyOf('bad'))]
  await consumeDeliveries([early], { ...deps, clock: () => 5_999 })
  await consumeDeliveries([late], { ...deps, clock: () => 6_000 })
  expect([early.done, late.done]).toEqual([[2], ['ack']])
})

it('is named by what it tells: the same when it comes again by another message, in another order', async () => {
  const ids: string[] = []
  const of = (...names: string[]) =>
    message(JSON.stringify({ v: 2, sinks: ['one'], events: names.map((id) => ({ ...event, id })) }))
  for (const given of [of('a', 'b'), of('b', 'a'), of('a'), of('a', 'b', 'c')])
    await consumeDeliveries([given], {
      deliver: async (_, id) => void ids.push(id),
      clock: () => 0,
      failed: () => {},
      pauses: new Pauses(),
    })
  expect(ids[0]).toMatch(/^a-[0-9a-f]{16}$/)
  expect(ids[1]).toBe(ids[0])
  expect(new Set(ids).size).toBe(3)
})

it('what is no delivery, or only begins as one, holds up nobody', async () => {
  const [one, broken] = [message('nonsense'), message(bodyOf('cut').slice(0, -2))]
  await consumeDeliveries([one, broken], {
    deliver: () => Promise.reject(new Error('never asked')),
    clock: () => 0,
    failed: () => {},
    pauses: new Pauses(),
  })
  expect([one.done, broken.done]).toEqual([['ack'], ['ack']])
})

it('reads no events for a sink that is left alone, whatever its name is', async () => {
  const name = 'odd "\\ name'
  const body = bodyOf(name)
  const unread = message(`${body.slice(0, -2)} is not read`)
  const pauses = new Pauses()
  pauses.failed(`sink ${name}`, 1_000)
  await consumeDeliveries([unread], {
    deliver: () => Promise.resolve(),
    failed: () => {},
    pauses,
    clock: () => 0,
  })
  // And it does not come before the sink is asked again.
  expect(unread.done).toEqual([6])
})

describe('a message for several sinks', () => {
  function world(refusing: readonly string[], sends = true) {
    const tried: string[] = []
    const sent: { body: unknown; delaySeconds?: number }[] = []
    let nowMs = 0
    const deps = {
      deliver: async ({ sink }: { sink: string }) => {
        tried.push(sink)
        if (refusing.includes(sink)) throw new Error('no')
      },
      queue: {
        async sendBatch(messages: Iterable<{ body: unknown; delaySeconds?: number }>) {
          if (!sends) throw new Error('no queue')
          sent.push(...messages)
        },
      },
      clock: () => nowMs,
      failed: () => {},
      pauses: new Pauses(),
    }
    return { deps, tried, sent, pass: (ms: number) => (nowMs += ms) }
  }

  it('goes on, apart and later, for those alone that did not take it', async () => {
    const w = world(['b', 'd'])
    const [first, second] = [message(bodyOf('a', 'b', 'c', 'd')), message(bodyOf('a', 'b'))]
    await consumeDeliveries([first, second], w.deps)
    expect([first.done, second.done]).toEqual([['ack'], ['ack']])
    expect(w.tried.sort()).toEqual(['a', 'a', 'b', 'c', 'd'])
    expect(w.sent.map(({ body, delaySeconds }) => [deliveriesIn(body).map(({ sink }) => sink), delaySeconds])).toEqual([
      [['b', 'd'], 5],
      [['b'], 5],
    ])
    expect(deliveriesIn(w.sent[0]?.body).map(({ events }) => events)).toEqual([[event], [event]])
  })

  it('that nobody took is not sent again but comes again, with growing delays, unread while all are left alone', async () => {
    const w = world(['a', 'b'])
    const whole = message(bodyOf('a', 'b'), 4)
    await consumeDeliveries([whole], w.deps)
    w.pass(1_000)
    const unread = message(`${bodyOf('b', 'a').slice(0, -2)} is not read`)
    await consumeDeliveries([unread], w.deps)
    expect([whole.done, unread.done, w.sent, w.tried.length]).toEqual([[16], [4], [], 2])
  })

  it('comes again for all where the queue does not take the rest', async () => {
    const w = world(['b'], false)
    const one = message(bodyOf('a', 'b'))
    await consumeDeliveries([one], w.deps)
    expect(one.done).toEqual([5])
  })

  it('is told to every one of them at last, by the same name, once they are back', async () => {
    const refusing = ['b', 'c']
    const w = world(refusing)
    const names = new Map<string, string[]>()
    const deliver = async (delivery: { sink: string }, id: string) => {
      await w.deps.deliver(delivery)
      names.set(delivery.sink, [...(names.get(delivery.sink) ?? []), id])
    }
    await consumeDeliveries([message(bodyOf('a', 'b', 'c'))], { ...w.deps, deliver })
    for (let time = 0; time < 5 && w.sent.length > 0; time++) {
      refusing.splice(0, 1)
      w.pass(60_000)
      await consumeDeliveries(
        w.sent.splice(0).map(({ body }) => message(body)),
        { ...w.deps, deliver },
      )
    }
    expect(w.sent).toEqual([])
    expect([...names.keys()].sort()).toEqual(['a', 'b', 'c'])
    expect(new Set([...names.values()].flat()).size).toBe(1)
    expect([...names.values()].map(({ length }) => length)).toEqual([1, 1, 1])
  })
})
