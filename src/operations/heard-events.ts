import { isFields, parsed, text } from '../dialects/loose-json.ts'
import type { Price } from '../prices/price.ts'
import type { FramedEvent } from '../streams/splitter.ts'
import { sseSplitter } from '../streams/sse.ts'
import { counted } from './counted.ts'
import type { Hearing, Told } from './operation.ts'

interface Heard {
  /** The type of the event that ends an answer which is whole. */
  readonly last: string
  /** What that event says of its usage. */
  usage(event: unknown): Told['usage'] | undefined
  estimate(): Told['usage']
  readonly price: Price | undefined
}

/** Hears OpenAI's events of an answer that is no chat: `transcript.text.done`, `speech.audio.done`. */
export function heardEvents({ last, usage, estimate, price }: Heard): Hearing {
  const splitter = sseSplitter()
  let ending: unknown
  let failure: string | undefined
  const read = (events: readonly FramedEvent[]) => {
    for (const { data } of events) {
      const event = parsed(data)
      if (!isFields(event)) continue
      if (event.type === last) ending = event
      else if (event.type === 'error' || isFields(event.error)) failure ??= data
    }
  }
  return {
    events: true,
    takes: (headers) => text(headers.get('content-type'))?.startsWith('text/event-stream') === true,
    hear: (bytes) => read(splitter.push(bytes)),
    over: () => read(splitter.end()),
    get complete() {
      return ending !== undefined
    },
    get failure() {
      return failure
    },
    used: () => counted(usage(ending), estimate(), price),
  }
}
