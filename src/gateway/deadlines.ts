import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { LINGER_MS } from '../streams/reads.ts'
import type { Patience } from './time.ts'

/** Watches over one call of a vendor, and ends it when it takes too long or nobody listens any more. */
export interface Deadlines {
  readonly signal: AbortSignal
  /** Why it was ended from our side, if it was. */
  readonly ended: () => GatewayError | undefined
  /** The vendor is waited for from now on, because somebody wants its next bytes. */
  readonly wait: () => void
  /** It has been heard. Until the next `wait` its silence counts for nothing: the client is slow, not the vendor. */
  readonly heard: () => void
  /** It has said something that is an answer. */
  readonly begun: () => void
  /** Who can tell that all of the answer is there and only its usage may be missing: a moment more is worth what it costs. */
  readonly wholeBy: (isWhole: () => boolean) => void
  /** To be called once: lets go of the timer and of the client. */
  readonly over: () => void
}

/** After its last word a vendor says at once what it has counted: longer than that is lingered for (streams/reads.ts). */
const LAST_WORD_MS = LINGER_MS + 1_000
/** What `setTimeout` can wait for; longer is as good as never. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * One timer for all: it is set for whatever is due first and looks, when it fires, whether that is still so. An event of
 * a stream costs two numbers, not a timer.
 */
export function deadlines(group: string, patience: Patience, client: AbortSignal, clock: Clock): Deadlines {
  const controller = new AbortController()
  const startedAtMs = clock()
  let totalAtMs = startedAtMs + patience.totalMs
  let firstAtMs = startedAtMs + (patience.firstMs ?? Infinity)
  let silentAtMs = startedAtMs + patience.headersMs
  let timerAtMs = Infinity
  let timer: ReturnType<typeof setTimeout> | undefined
  let why: GatewayError | undefined
  let isAnswering = false
  let isOver = false
  let isWhole = () => false

  const end = (error: GatewayError) => {
    why ??= error
    controller.abort(why)
  }
  // What answers already is billed whether anybody listens or not.
  const readOn = (now: number, ms: number) => {
    totalAtMs = now + ms
    set(now)
  }
  // Not taking the listener away again is cheaper; it lives no longer than the client's request.
  const leave = () => {
    if (isOver) return
    const now = clock()
    if (isAnswering && patience.drainMs !== undefined) readOn(now, Math.min(patience.drainMs, totalAtMs - now))
    else end(new GatewayError('client_closed', 'The client closed the connection.'))
  }
  const stop = () => {
    if (timer !== undefined) clearTimeout(timer)
  }
  const set = (now: number) => {
    stop()
    if (isOver) return
    timerAtMs = Math.min(totalAtMs, firstAtMs, silentAtMs)
    timer = setTimeout(look, Math.min(Math.max(0, timerAtMs - now), LONGEST_MS))
  }
  const look = () => {
    const now = clock()
    if (now >= totalAtMs && isWhole()) {
      isWhole = () => false
      readOn(now, LAST_WORD_MS)
    } else if (now >= totalAtMs) end(tooLong(group, 'did not finish', patience.totalMs))
    else if (now >= firstAtMs) end(tooLong(group, 'did not begin to answer', patience.firstMs ?? 0))
    else if (now >= silentAtMs) end(silence())
    else set(now)
  }
  let silence = () => tooLong(group, 'did not answer', patience.headersMs)

  if (client.aborted) leave()
  else client.addEventListener('abort', leave, { once: true })
  set(startedAtMs)

  return {
    signal: controller.signal,
    ended: () => why,
    wait() {
      const now = clock()
      silentAtMs = now + patience.silenceMs
      if (silentAtMs < timerAtMs) set(now)
    },
    heard() {
      isAnswering = true
      silentAtMs = Infinity
      silence = () => tooLong(group, 'said nothing more', patience.silenceMs)
    },
    begun() {
      firstAtMs = Infinity
    },
    wholeBy(tells) {
      isWhole = tells
    },
    over() {
      isOver = true
      stop()
    },
  }
}

function tooLong(group: string, what: string, afterMs: number): GatewayError {
  return new GatewayError('timeout', `${group} ${what} within ${afterMs / 1000} s.`, { retry: true })
}
