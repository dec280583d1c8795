import { concat, frameSplitter } from './frames.ts'
import type { StreamMeter } from './meter.ts'
import { LINGER_MS, lastRead } from './reads.ts'
import type { Source, Step, StreamFacts, Telling } from './telling.ts'

const END_OF_LINE = new TextEncoder().encode('\n\n')
const DONE_EVENT = new TextEncoder().encode('data: [DONE]\n\n')

/** A stream passed on as it comes. One that was whole and forgot `[DONE]` gets it; one that broke off never does. */
export function relay(source: Source, meter: StreamMeter, lingerMs = LINGER_MS): Telling {
  const frames = frameSplitter()
  let hungUp = false
  /** Words came after an end: only the end of the connection is one then. */
  let wentOn = false

  /** What the client gets of these events; the vendor's last word, and what it says after it, is left to the end. */
  const show = (events: readonly Uint8Array[]): Uint8Array[] => {
    const shown: Uint8Array[] = []
    for (const frame of events) {
      const bytes = meter.see(frame)
      if (meter.error !== undefined || meter.done) break
      if (bytes) shown.push(bytes)
    }
    return shown
  }

  /** An event that lacks its blank line at the very end is an event all the same, if it is whole. */
  const lastEvents = (): Uint8Array[] => {
    const rest = frames.rest()
    return rest === undefined ? [] : [concat([rest, END_OF_LINE])]
  }

  const cut = (bytes: readonly Uint8Array[], error: string): Step => ({ bytes, over: { how: 'cut', error } })

  return {
    async next() {
      let bytes: Uint8Array[]
      const before = meter.complete ? meter.outputChars : Number.POSITIVE_INFINITY
      try {
        const { done, value } = await (meter.complete && !wentOn ? lastRead(source, lingerMs) : source.read())
        hungUp = done
        bytes = show(done || value === undefined ? lastEvents() : frames.push(value))
        wentOn ||= meter.outputChars > before
      } catch {
        hungUp = true
        return cut([], 'the connection was lost')
      }
      if (meter.error !== undefined) return cut(bytes, meter.error)
      if (!hungUp && !meter.done) return { bytes }
      if (!meter.complete) return cut(bytes, 'its stream ended early')
      return { bytes: [...bytes, DONE_EVENT], over: { how: 'complete' } }
    },
    get begun() {
      return meter.begun
    },
    get good() {
      return meter.begun || meter.finishReason !== undefined
    },
    get complete() {
      return meter.complete && (!wentOn || hungUp)
    },
    facts(): StreamFacts {
      const { usage, outputChars, finishReason, malformed } = meter
      return { ...(usage && { usage }), outputChars, ...(finishReason !== undefined && { finishReason }), malformed }
    },
    spoken: () => meter.spoken(),
    cancel: (reason) => source.cancel(reason).catch(() => {}),
    async drained() {
      while (!hungUp) hungUp = (await lastRead(source, lingerMs)).done
    },
  }
}
