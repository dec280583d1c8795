import { expect, test } from 'vitest'
import { Inbox } from '../../../src/gateway/realtime-inbox.ts'

test('what waits is bounded, also where it says nothing', async () => {
  const gate = Promise.withResolvers<void>()
  const taken: string[] = []
  const inbox = new Inbox(1_000, async (data) => {
    await gate.promise
    taken.push(data)
  })
  const put = Array.from({ length: 20 }, () => inbox.put(''))
  expect(put.filter((fits) => fits)).toHaveLength(10)
  gate.resolve()
  await expect.poll(() => taken.length).toBe(10)
})

test('what was taken up makes room', async () => {
  const taken: string[] = []
  const inbox = new Inbox(150, async (data) => void taken.push(data))
  for (const data of ['one', 'two', 'three']) {
    expect(inbox.put(data)).toBe(true)
    await expect.poll(() => taken.at(-1)).toBe(data)
    await Promise.resolve()
  }
})
