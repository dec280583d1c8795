import { expect, it } from 'vitest'
import { ask, StoreFault } from '../../../src/vectors/rest.ts'

const MiB = 1024 * 1024

/** A body that goes on for as long as somebody reads it. */
function endless(read: { bytes: number }): Response {
  const piece = new Uint8Array(MiB).fill(32)
  return new Response(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        read.bytes += piece.length
        controller.enqueue(piece)
      },
    }),
  )
}

it('no answer is longer than an isolate can hold, and the rest of it is not read', async () => {
  const read = { bytes: 0 }
  const rest = { fetch: async () => endless(read), base: 'https://store.test', headers: {} }
  await expect(ask(rest, { path: '/search' })).rejects.toThrow(StoreFault)
  expect(read.bytes).toBeLessThan(40 * MiB)
})

it('nobody is followed elsewhere with the operator’s key', async () => {
  const fetched: RequestInit[] = []
  const fetch = async (_: unknown, init: RequestInit = {}) => {
    fetched.push(init)
    return new Response(null, { status: 302, headers: { location: 'https://elsewhere.test/' } })
  }
  await expect(ask({ fetch, base: 'https://store.test', headers: { 'api-key': 'k' } }, { path: '/x' })).rejects.toThrow(
    'status 302',
  )
  expect(fetched).toMatchObject([{ redirect: 'manual' }])
})
