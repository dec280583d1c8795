import { concat } from './frames.ts'
import type { Step, StreamEnd, Telling } from './telling.ts'

/** A stream that is known to be an answer, and what of it was held back until that was known. */
export interface Leg {
  readonly telling: Telling
  readonly held: Step
  /** The event, in the caller's dialect, that ends a stream which broke off. */
  readonly cutEvent: (reason: string) => Uint8Array
  /** How it ended; exactly once, unless `cut` took that over. */
  readonly onEnd: (end: StreamEnd) => void
  /**
   * Somebody to go on where this one broke off. Undefined at once when there is nobody; a promise takes over the end of
   * this leg, whatever comes of it.
   */
  readonly cut?: (end: StreamEnd) => Promise<Leg | undefined> | undefined
}

/**
 * Reads until the stream is known to be an answer, or is over; nothing of it has been shown by then, so that a failure
 * can still move on. Waits for nothing but the vendor.
 */
export async function begun(telling: Telling): Promise<Step> {
  const bytes: Uint8Array[] = []
  for (;;) {
    const step = await telling.next()
    bytes.push(...step.bytes)
    if (step.over !== undefined) return { bytes, over: step.over }
    if (telling.good) return { bytes }
  }
}

/**
 * What the client gets: one read for one pull, so that a slow client slows the vendor down. A stream that breaks off is
 * gone on with by another, or ends with the dialect's error event and nothing that looks like an end. When the client
 * leaves, the vendor is told at once; or it is read on to its end, for at most `drainMs`, so that what it bills is known.
 */
export function deliver(first: Leg, drainMs?: number): ReadableStream<Uint8Array> {
  let leg = first
  let held: Step | undefined = first.held
  let reading: Promise<Step> | undefined
  let left: { readonly reason: unknown } | undefined
  let over = false

  const ended = (how: StreamEnd['how'], error?: string): StreamEnd => ({
    how,
    ...leg.telling.facts(),
    ...(error !== undefined && { error }),
  })
  const leave = async ({ telling, onEnd }: Leg, reason: unknown, readOnMs?: number): Promise<void> => {
    // Whoever leaves after the vendor's last word has had the whole answer.
    const how = telling.complete ? 'complete' : 'cancelled'
    if (how === 'cancelled' && readOnMs !== undefined) await readToEnd(telling, reading, readOnMs)
    onEnd(ended(how))
    await telling.cancel(reason)
  }

  /** True when the stream goes on. */
  const brokeOff = async (controller: ReadableStreamDefaultController<Uint8Array>, error: string): Promise<boolean> => {
    over = true
    const broken = leg
    const end = ended('cut', error)
    const going = broken.cut?.(end)
    if (going === undefined) broken.onEnd(end)
    broken.telling.cancel(error).catch(() => {})
    const next = await going
    if (next === undefined) {
      if (left !== undefined) return false
      controller.enqueue(broken.cutEvent(error))
      controller.close()
      return false
    }
    leg = next
    if (left !== undefined) {
      await leave(next, left.reason)
      return false
    }
    held = next.held
    over = false
    return true
  }

  const close = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    await leg.telling.drained()
    if (left === undefined) controller.close()
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (over) return close(controller)
        for (;;) {
          reading = held === undefined ? leg.telling.next() : undefined
          const step: Step = held ?? (await reading) ?? { bytes: [] }
          held = undefined
          if (left !== undefined) return
          if (step.bytes.length > 0) controller.enqueue(concat(joined(step.bytes)))
          if (step.over?.how === 'cut') {
            if (!(await brokeOff(controller, step.over.error))) return
            continue
          }
          if (step.over?.how === 'complete') {
            over = true
            leg.onEnd(ended('complete'))
            if (step.bytes.length === 0) await close(controller)
            return
          }
          if (step.bytes.length > 0) return
        }
      },
      async cancel(reason) {
        left = { reason }
        if (over) return leg.telling.cancel(reason)
        over = true
        await leave(leg, reason, held?.over ? undefined : drainMs)
      },
    },
    { highWaterMark: 0 },
  )
}

/** For what the vendor counts: nothing of it is kept. `reading` is the step that is on its way, since there is one at a time. */
async function readToEnd(telling: Telling, reading: Promise<Step> | undefined, withinMs: number): Promise<void> {
  const tired = setTimeout(() => void telling.cancel('its client has left'), withinMs)
  try {
    let step = await (reading ?? telling.next())
    while (step.over === undefined) step = await telling.next()
  } finally {
    clearTimeout(tired)
  }
}

/** Views that lie side by side in one chunk of the network become one view again, so that they are not copied. */
function joined(pieces: readonly Uint8Array[]): Uint8Array[] {
  const runs: Uint8Array[] = []
  for (const piece of pieces) {
    const last = runs.at(-1)
    if (last && last.buffer === piece.buffer && last.byteOffset + last.byteLength === piece.byteOffset)
      runs[runs.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.byteLength + piece.byteLength)
    else runs.push(piece)
  }
  return runs
}
