import { expect, it } from 'vitest'
import { consumeDeliveries, deliveryIn, enqueue } from '../../../src/observe/deliveries.ts'
import { Pauses } from '../../../src/observe/pauses.ts'
import { shares } from '../../../src/observe/plan.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const event = spendEventOf({ id: 'a', key_alias: 'nick', requester_ip_address: '1.2.3.4', team_alias: 'T' })
const bodyOf = (sink: string) => JSON.stringify({ v: 1, sink, events: [event] })

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
    message(JSON.stringify({ v: 1, sink: 'one', events: names.map((id) => ({ ...event, id })) }))
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

it('many events become messages and calls that the queue takes, none lost', async () => {
  const events = Array.from({ length: 400 }, (_, n) => spendEventOf({ id: `e${n}`, error_message: 'ü'.repeat(400) }))
  const calls: string[][] = []
  await enqueue(
    {
      sendBatch: async (messages) => {
        calls.push([...messages].map(({ body }) => String(body)))
      },
    },
    [
      { sink: 'a', events },
      { sink: 'b', events: events.slice(0, 1) },
    ],
  )
  const sizes = calls.map((bodies) => bodies.map((body) => new TextEncoder().encode(body).length))
  for (const call of sizes) {
    expect(Math.max(...call)).toBeLessThan(128_000)
    expect(call.reduce((sum, size) => sum + size, 0)).toBeLessThan(256_000)
  }
  const told = calls.flat().flatMap((body) => deliveryIn(body)!)
  expect(told.filter(({ sink }) => sink === 'a').flatMap((one) => one.events.map(({ id }) => id))).toEqual(
    events.map(({ id }) => id),
  )
  expect(told.filter(({ sink }) => sink === 'b')).toHaveLength(1)
})

it('who is told follows the lists, the caller and the redaction', () => {
  const wanted = [
    { name: 'all', told: 'all' },
    { name: 'good', told: 'success' },
    { name: 'bad', told: 'failure' },
  ] as const
  const events = [
    event,
    spendEventOf({ id: 'b', status: 'failure' }),
    spendEventOf({ id: 'c', unlogged: ['*'] }),
    spendEventOf({ id: 'd', status: 'cancelled', unlogged: ['all'] }),
  ]
  const ids = shares(wanted, events, false).map(({ sink, events }) => [sink, events.map(({ id }) => id).join('')])
  expect(ids).toEqual([
    ['all', 'ab'],
    ['good', 'ad'],
    ['bad', 'b'],
  ])
  const redacted = JSON.stringify(shares(wanted, [event], true))
  for (const who of ['hash-1', 'nick', 'key-1', '1.2.3.4', '"T"']) expect(redacted).not.toContain(who)
})
