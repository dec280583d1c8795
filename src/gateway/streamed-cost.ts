import { isFields, parsed } from '../dialects/loose-json.ts'
import type { Usage } from '../prices/usage.ts'
import { frameSplitter } from '../streams/frames.ts'
import type { Step, Telling } from '../streams/telling.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * A stream of OpenAI's chats or completions whose usage says what it cost, in dollars as LiteLLM has it
 * (`include_cost_in_streaming_usage`). Every other event goes through as it is; without usage there is nothing to say.
 */
export function withCost(telling: Telling, usdOf: (usage: Usage) => number): Telling {
  const frames = frameSplitter()

  const costed = (frame: Uint8Array): Uint8Array => {
    const { usage } = telling.facts()
    if (usage === undefined) return frame
    const text = decoder.decode(frame)
    if (!text.startsWith('data:') || !text.includes('"usage"')) return frame
    const event = parsed(text.slice('data:'.length))
    if (!isFields(event) || !isFields(event.usage)) return frame
    return encoder.encode(`data: ${JSON.stringify({ ...event, usage: { ...event.usage, cost: usdOf(usage) } })}\n\n`)
  }

  return {
    async next(): Promise<Step> {
      const { bytes, over } = await telling.next()
      const whole = bytes.flatMap((piece) => frames.push(piece)).map(costed)
      const rest = over && frames.rest()
      return { bytes: rest ? [...whole, costed(rest)] : whole, ...(over && { over }) }
    },
    get begun() {
      return telling.begun
    },
    get good() {
      return telling.good
    },
    get complete() {
      return telling.complete
    },
    facts: () => telling.facts(),
    spoken: () => telling.spoken(),
    cancel: (reason) => telling.cancel(reason),
    drained: () => telling.drained(),
  }
}
