import { readFileSync } from 'node:fs'
import { openai } from '../../../src/providers/openai.ts'
import { deliver, type Leg } from '../../../src/streams/deliver.ts'
import type { StreamMeter } from '../../../src/streams/meter.ts'
import { type ChatMeterOptions, chatMeter } from '../../../src/streams/meter.ts'
import { relay } from '../../../src/streams/relay.ts'
import type { StreamEnd } from '../../../src/streams/telling.ts'

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../fixtures/streams/${name}.txt`, import.meta.url)))
}

/** Cuts bytes at the given offsets, as a network might. */
export function cutAt(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const edges = [...new Set([0, ...offsets.map((at) => at % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge))
}

export interface Outcome {
  text: string
  end: StreamEnd
}

/** A whole stream through meter and relay, as the gateway sets them up. */
export async function through(
  chunks: readonly Uint8Array[],
  options: Partial<ChatMeterOptions> = {},
  failure?: Error,
): Promise<Outcome> {
  const ends: StreamEnd[] = []
  let next = 0
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks[next++]
      if (chunk) controller.enqueue(chunk)
      else if (failure) controller.error(failure)
      else controller.close()
    },
  })
  const meter = chatMeter({
    group: 'fast',
    showUsage: false,
    usage: openai.usage,
    errorMessage: (event) => openai.failure(200, new Headers(), event).message,
    ...options,
  })
  const body = delivered(source, { meter, onEnd: (end) => ends.push(end) })
  const text = await new Response(body).text()
  if (ends.length !== 1) throw new Error(`onEnd was called ${ends.length} times`)
  return { text, end: ends[0]! }
}

interface Delivery {
  readonly meter: StreamMeter
  readonly onEnd?: (end: StreamEnd) => void
  readonly lingerMs?: number
  readonly cut?: NonNullable<Leg['cut']>
  readonly drainMs?: number
}

/** A stream passed on to a client, none of it held back. */
export function delivered(source: ReadableStream<Uint8Array>, { meter, onEnd, lingerMs, cut, drainMs }: Delivery) {
  const telling = relay(source.getReader(), meter, lingerMs)
  const cutEvent = (reason: string) => new TextEncoder().encode(`data: {"error":${JSON.stringify(reason)}}\n\n`)
  const leg = { telling, held: { bytes: [] }, cutEvent, onEnd: onEnd ?? (() => {}), ...(cut && { cut }) }
  return deliver(leg, drainMs)
}
