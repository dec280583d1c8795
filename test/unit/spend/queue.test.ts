import { expect, it } from 'vitest'
import { newId } from '../../../src/ids.ts'
import { eventsOf, messageIn } from '../../../src/spend/event.ts'
import { spendQueue } from '../../../src/spend/queue.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const NOW = Date.UTC(2026, 10, 22)
const events = (count: number, more = {}) =>
  Array.from({ length: count }, () => spendEventOf({ id: newId(NOW), ...more }))
const bytes = (body: unknown) => new TextEncoder().encode(String(body)).length

function binding() {
  const calls: unknown[][] = []
  return {
    calls,
    async sendBatch(messages: Iterable<{ body: unknown }>) {
      calls.push([...messages].map(({ body }) => body))
    },
  }
}

it('sends every event once, in messages of at most 128 KB and 100 rows, and calls of at most 256 KB', async () => {
  const sent = [...events(450), ...events(3, { error_message: 'é'.repeat(40_000) })]
  const fake = binding()
  await spendQueue(fake).send(sent)
  const messages = fake.calls.flat().map((body) => eventsOf(messageIn(body)) ?? [])
  expect(messages.flat()).toEqual(sent)
  for (const call of fake.calls) {
    expect(call.reduce<number>((sum, body) => sum + bytes(body), 0)).toBeLessThan(256_000)
    for (const body of call) expect(bytes(body)).toBeLessThan(128_000)
  }
  expect(Math.max(...messages.map((message) => message.length))).toBe(100)
})

it('calls nobody when there is nothing to send', async () => {
  const fake = binding()
  await spendQueue(fake).send([])
  expect(fake.calls).toEqual([])
})

it('passes the refusal of the queue on, so that the events find another way', async () => {
  const queue = spendQueue({ sendBatch: () => Promise.reject(new Error('queue is full')) })
  await expect(queue.send(events(1))).rejects.toThrow('queue is full')
})
