import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { keptBodies } from '../../src/gateway/kept-bodies.ts'
import { type Bucket, bodiesIn } from '../../src/observe/bodies.ts'
import { keyRing, sealer } from '../../src/seal.ts'
import { spendEventOf } from '../support/spend-event.ts'

const { BODIES } = env as unknown as { readonly BODIES: Bucket }
const ring = keyRing([sealer('salt', (bytes) => crypto.getRandomValues(bytes))])
const NOW = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000

it('what was asked and answered is read out of R2 as it was, packed and sealed there, until its day is dropped', async () => {
  const store = bodiesIn(BODIES, () => ring)
  const deferred: Promise<unknown>[] = []
  const call = {
    requestId: 'request-a',
    receivedAtMs: NOW,
    body: { messages: [{ role: 'user', content: 'a planted prompt, đ' }] },
    headers: new Headers(),
  }
  const parts = ['data: {"a":1}\n\n', 'data: [DONE]\n\n'].map((part) => new TextEncoder().encode(part))
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(part)
      controller.close()
    },
  })
  const answer = new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  const response = await keptBodies(call, Promise.resolve(answer), {
    bodies: store,
    defer: (_, work) => void deferred.push(work),
  })
  expect(await response.text()).toBe('data: {"a":1}\n\ndata: [DONE]\n\n')
  await Promise.all(deferred)
  const event = spendEventOf({ id: 'a', received_ms: NOW })
  const kept = { request: JSON.stringify(call.body.messages), response: 'data: {"a":1}\n\ndata: [DONE]\n\n' }
  expect(await store.of([event])).toEqual(new Map([['request-a', kept]]))
  const { objects } = await BODIES.list({ prefix: '', limit: 10 })
  expect(objects.map(({ key }) => key)).toEqual(['bodies/2026-11-22/request-a'])
  expect(await (await BODIES.get('bodies/2026-11-22/request-a'))!.text()).not.toContain('planted')
  await store.drop(NOW)
  expect((await store.of([event])).size).toBe(1)
  await store.drop(NOW + DAY_MS)
  expect((await store.of([event])).size).toBe(0)
})

it('what a client had heard when it left is kept', async () => {
  const store = bodiesIn(BODIES, () => ring)
  const deferred: Promise<unknown>[] = []
  const call = { requestId: 'request-b', receivedAtMs: NOW, body: { prompt: 'hi' }, headers: new Headers() }
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: {"a":1}\n\n')),
  })
  const answer = new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  const defer = (_: string, work: Promise<unknown>) => void deferred.push(work)
  const response = await keptBodies(call, Promise.resolve(answer), { bodies: store, defer })
  const reader = response.body!.getReader()
  await reader.read()
  await reader.cancel()
  await Promise.all(deferred)
  const found = await store.of([spendEventOf({ id: 'b', request_id: 'request-b', received_ms: NOW })])
  expect(found.get('request-b')).toMatchObject({ request: '"hi"', response: expect.stringMatching(/^data: /) })
})
