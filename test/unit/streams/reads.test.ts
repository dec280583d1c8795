import { afterEach, expect, it, vi } from 'vitest'
import { lastRead } from '../../../src/streams/reads.ts'

afterEach(() => vi.useRealTimers())

it('hears what arrived while the isolate stood still, although its own timer is due first', async () => {
  const value = new Uint8Array([1])
  const read = () =>
    new Promise<{ done: false; value: Uint8Array }>((resolve) => setImmediate(resolve, { done: false, value }))
  const reading = lastRead({ read, cancel: () => Promise.resolve() }, 10)
  const untilMs = performance.now() + 20
  while (performance.now() < untilMs);
  expect(await reading).toEqual({ done: false, value })
})

it('waits no longer than a moment for a vendor that does not hang up', async () => {
  vi.useFakeTimers()
  const cancel = vi.fn(() => Promise.resolve())
  const reading = lastRead({ read: () => new Promise(() => undefined), cancel }, 1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await reading).toEqual({ done: true })
  expect(cancel).toHaveBeenCalledOnce()
})
