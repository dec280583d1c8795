import { expect, it } from 'vitest'
import { post } from '../../../src/channels/post.ts'

it('of an answer without an end only the beginning is read', async () => {
  let pieces = 0
  const fetcher = async () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pieces += 1
          controller.enqueue(new Uint8Array(10_000).fill(97))
        },
      }),
    )
  const { text } = await post(fetcher, { url: 'https://sink.test', headers: {}, body: '{}' })
  expect(text).toBe('a'.repeat(20_000))
  expect(pieces).toBeLessThan(10)
})
