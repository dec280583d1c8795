import { expect, it } from 'vitest'
import { addresseesIn, deliveriesIn, enqueue } from '../../../src/observe/deliveries.ts'
import { shares } from '../../../src/observe/plan.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const event = spendEventOf({ id: 'a', key_alias: 'nick', requester_ip_address: '1.2.3.4', team_alias: 'T' })

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
      { sink: 'c', events },
      { sink: 'c', of: 'team:t', events },
    ],
  )
  const sizes = calls.map((bodies) => bodies.map((body) => new TextEncoder().encode(body).length))
  for (const call of sizes) {
    expect(Math.max(...call)).toBeLessThan(128_000)
    expect(call.reduce((sum, size) => sum + size, 0)).toBeLessThan(256_000)
  }
  const told = calls.flat().flatMap(deliveriesIn)
  for (const [sink, of] of [['a'], ['c'], ['c', 'team:t']]) {
    const mine = told.filter((one) => one.sink === sink && one.of === of)
    expect(mine.flatMap((one) => one.events.map(({ id }) => id))).toEqual(events.map(({ id }) => id))
  }
  expect(told.filter(({ sink }) => sink === 'b')).toHaveLength(1)
})

it('the operator’s sinks that are told the same share a message; an owner’s has its own', async () => {
  const sent: { body: unknown; delaySeconds?: number }[] = []
  const wanted = [
    { name: 'a', told: 'all' },
    { name: 'b', told: 'all' },
    { name: 'c', told: 'failure' },
    { name: 'd', told: 'success' },
  ] as const
  const failure = spendEventOf({ id: 'f', status: 'failure' })
  const queue = { sendBatch: async (messages: Iterable<{ body: unknown }>) => void sent.push(...messages) }
  await enqueue(queue, [...shares(wanted, [event, failure], true), { sink: 'a', of: 'team:t', events: [event] }])
  expect(sent.map(({ body }) => addresseesIn(body))).toEqual([
    { sinks: ['a', 'b'], events: [] },
    { sinks: ['c'], events: [] },
    { sinks: ['d'], events: [] },
    { sinks: ['a'], of: 'team:t', events: [] },
  ])
  expect(sent.some((one) => 'delaySeconds' in one)).toBe(false)
  expect(deliveriesIn(sent[0]?.body).map(({ sink, events }) => [sink, events.map(({ id }) => id)])).toEqual([
    ['a', ['a', 'f']],
    ['b', ['a', 'f']],
  ])
})

it('a message of the first kind, for one sink, is read as it was', () => {
  const body = JSON.stringify({ v: 1, sink: 'langfuse', of: 'team:t', events: [event] })
  expect(deliveriesIn(body)).toEqual([{ sink: 'langfuse', of: 'team:t', events: [event] }])
  expect(addresseesIn(body)).toMatchObject({ sinks: ['langfuse'], of: 'team:t' })
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
