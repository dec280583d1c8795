import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { deadlines } from '../../../src/gateway/deadlines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const watching = (drainMs?: number) => {
  const client = new AbortController()
  const patience = { headersMs: 5_000, silenceMs: 60_000, totalMs: 600_000, ...(drainMs !== undefined && { drainMs }) }
  return { leave: () => client.abort(), watch: deadlines('fast', patience, client.signal, () => Date.now()) }
}

it('nobody is read for a client that has left', () => {
  const { watch, leave } = watching()
  watch.heard()
  leave()
  expect(watch.ended()?.kind).toBe('client_closed')
})

it('an answer that has begun is read on where the operator says so, but not for ever', () => {
  const { watch, leave } = watching(30_000)
  watch.heard()
  leave()
  vi.advanceTimersByTime(29_999)
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(watch.signal.aborted).toBe(true)
})

it('a vendor that has not answered yet is never waited for', () => {
  const { watch, leave } = watching(30_000)
  leave()
  expect(watch.ended()?.kind).toBe('client_closed')
})

it('a vendor that has said everything has a moment more for what it counted, once', () => {
  const { watch } = watching()
  watch.heard()
  watch.begun()
  let isWhole = false
  watch.wholeBy(() => isWhole)
  vi.advanceTimersByTime(599_999)
  isWhole = true
  vi.advanceTimersByTime(6_000)
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(watch.ended()?.kind).toBe('timeout')
})

it('nothing is waited for any more once it is over, whoever still asks', () => {
  const { watch } = watching()
  watch.over()
  watch.wait()
  expect(vi.getTimerCount()).toBe(0)
})
