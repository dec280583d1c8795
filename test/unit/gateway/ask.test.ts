import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { ask } from '../../../src/gateway/ask.ts'
import type { Attempt } from '../../../src/gateway/attempt.ts'
import type { GatewayDeps } from '../../../src/gateway/deps.ts'
import { chat } from '../../../src/operations/chat-operation.ts'
import { upstreamOf } from '../../../src/operations/chat-tongue.ts'
import { openai } from '../../../src/providers/openai.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A vendor that answers when it is told to, asked for with these deadlines. */
function asked(timeoutMs: number, totalTimeoutMs: number, elsewhere = false) {
  let respond: (response: Response) => void = () => {}
  let signal: AbortSignal | undefined
  const fetch = (_url: string, init: RequestInit) => {
    signal = init.signal ?? undefined
    return new Promise<Response>((resolve, reject) => {
      respond = resolve
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  }
  const attempt = {
    call: {
      signal: new AbortController().signal,
      headers: new Headers(),
      body: {},
      dialect: openaiChat,
      operation: chat,
    },
    provider: openai,
    request: { model: 'small', messages: [], stream: elsewhere },
    elsewhere,
    target: { model: 'gpt-4o-mini', extraHeaders: {}, params: {} },
    deployment: { group: 'small', id: 'small-1', timeoutMs },
  } as unknown as Attempt
  const deps = {
    config: { router: {}, general: { totalTimeoutMs } },
    fetch,
    clock: () => Date.now(),
  } as unknown as GatewayDeps
  const answer = ask(attempt, upstreamOf(attempt), deps)
  answer.catch(() => {})
  return { answer, respond: () => respond(new Response('{}')), aborted: () => signal?.aborted }
}

it('waits for headers as long as the deployment allows', async () => {
  const { answer, aborted } = asked(1_000, 5_000)
  await vi.advanceTimersByTimeAsync(999)
  expect(aborted()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await expect(answer).rejects.toMatchObject({ kind: 'timeout', message: 'small did not answer within 1 s.' })
})

it.each([
  [1_000, 5_000],
  [5_000, 5_000],
  [9_000, 5_000],
])('ends an answer whose body takes too long altogether (%i ms for silence, %i ms for all)', async (first, total) => {
  const { answer, respond, aborted } = asked(first, total)
  respond()
  const { watch } = await answer
  for (const silentMs of [900, 900, 900, 900, 900, 499]) {
    watch.wait()
    await vi.advanceTimersByTimeAsync(silentMs)
    watch.heard()
  }
  expect([aborted(), watch.ended()]).toEqual([false, undefined])
  await vi.advanceTimersByTimeAsync(1)
  expect([aborted(), watch.ended()?.message]).toEqual([true, 'small did not finish within 5 s.'])
})

it('ends a silence in the middle, and only one that somebody waits through', async () => {
  const { answer, respond, aborted } = asked(1_000, 60_000)
  respond()
  const { watch } = await answer
  await vi.advanceTimersByTimeAsync(10_000)
  for (const silentMs of [900, 10, 999]) {
    watch.wait()
    await vi.advanceTimersByTimeAsync(silentMs)
    watch.heard()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(aborted()).toBe(false)
  }
  watch.wait()
  await vi.advanceTimersByTimeAsync(999)
  expect(aborted()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(watch.ended()).toMatchObject({ kind: 'timeout', message: 'small said nothing more within 1 s.' })
})

it('waits for a first word no longer than it has to, and for later ones as long as ever', async () => {
  for (const begins of [true, false]) {
    const { answer, respond, aborted } = asked(60_000, 90_000, true)
    respond()
    const { watch } = await answer
    watch.wait()
    await vi.advanceTimersByTimeAsync(11_999)
    if (begins) watch.begun()
    await vi.advanceTimersByTimeAsync(1)
    expect([aborted(), watch.ended()?.message]).toEqual(
      begins ? [false, undefined] : [true, 'small did not begin to answer within 12 s.'],
    )
    watch.over()
  }
})

it('lets go of every deadline when the body is over', async () => {
  for (const afterMs of [0, 900]) {
    const { answer, respond, aborted } = asked(1_000, 5_000)
    respond()
    const { watch } = await answer
    watch.wait()
    await vi.advanceTimersByTimeAsync(afterMs)
    watch.over()
    await vi.advanceTimersByTimeAsync(10_000)
    expect([aborted(), vi.getTimerCount()]).toEqual([false, 0])
  }
})
