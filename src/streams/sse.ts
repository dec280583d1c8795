import { createParser } from 'eventsource-parser'
import type { EventSplitter, FramedEvent } from './splitter.ts'

/** Server-sent events as values, for streams that are read and printed anew. A last event without its blank line counts. */
export function sseSplitter(maxEventBytes = 32 * 1024 * 1024): EventSplitter {
  const decoder = new TextDecoder()
  let events: FramedEvent[] = []
  let waitingBytes = 0
  let broken: string | undefined
  const parser = createParser({
    onEvent: ({ event, data }) => {
      waitingBytes = 0
      events.push(event === undefined ? { data } : { event, data })
    },
  })
  const taken = () => {
    const ready = events
    events = []
    return ready
  }

  return {
    push(chunk) {
      if (broken !== undefined) return []
      waitingBytes += chunk.length
      parser.feed(decoder.decode(chunk, { stream: true }))
      if (waitingBytes > maxEventBytes) broken = 'an event of the stream is too long'
      return taken()
    },
    end() {
      parser.feed(`${decoder.decode()}\n\n`)
      return taken()
    },
    get broken() {
      return broken
    },
  }
}
