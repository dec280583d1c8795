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
function asked(timeoutMs: number, totalTimeoutMs: number) {
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
    call: { signal: new AbortController().signal, dialect: openaiChat, operation: chat },
    provider: openai,
    request: { model: 'small', messages: [] },
    target: { model: 'gpt-4o-mini', extraHeaders: {}, params: {} },
    deployment: { group: 'small', id: 'small-1', timeoutMs },
  } as unknown as Attempt
  const deps = { config: { router: {}, general: { totalTimeoutMs } }, fetch } as unknown as GatewayDeps
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
])('ends an answer whose body takes too long altogether (%i ms for headers, %i ms for all)', async (first, total) => {
  const { answer, respond, aborted } = asked(first, total)
  respond()
  const { ended } = await answer
  await vi.advanceTimersByTimeAsync(4_999)
  expect([aborted(), ended()]).toEqual([false, undefined])
  await vi.advanceTimersByTimeAsync(1)
  expect([aborted(), ended()?.message]).toEqual([true, 'small did not answer within 5 s.'])
})

it('lets go of every deadline when the body is over', async () => {
  for (const afterMs of [0, 2_000]) {
    const { answer, respond, aborted } = asked(1_000, 5_000)
    respond()
    const { over } = await answer
    await vi.advanceTimersByTimeAsync(afterMs)
    over()
    await vi.advanceTimersByTimeAsync(10_000)
    expect([aborted(), vi.getTimerCount()]).toEqual([false, 0])
  }
})
