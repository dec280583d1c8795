import type { AssistantMessage, ChatChunk, ChatDelta } from '../dialects/chat.ts'
import type { ChunkReader, Vendor } from './translator.ts'

const OPENS = '<think>'
const CLOSES = '</think>'

/**
 * The same vendor for clients that show one text: what it thought stands before what it says, between `<think>` and
 * `</think>` (LiteLLM's `merge_reasoning_content_in_choices`). Signed thoughts stay beside it, so that they can come back.
 */
export function withMergedReasoning(vendor: Vendor): Vendor {
  return {
    ...vendor,
    // Whoever rewrites an answer tells it anew, and passes no bytes on.
    plain: vendor.plain ?? ((answer) => answer),
    completion: (body, reading) => {
      const { choices, ...answer } = vendor.completion(body, reading)
      return { ...answer, choices: choices.map((choice) => ({ ...choice, message: merged(choice.message) })) }
    },
    reader: (reading) => mergingReader(vendor.reader(reading)),
  }
}

function merged({ reasoning_content, ...message }: AssistantMessage): AssistantMessage {
  if (!reasoning_content) return message
  return { ...message, content: `${OPENS}${reasoning_content}${CLOSES}${message.content ?? ''}` }
}

function mergingReader(reader: ChunkReader): ChunkReader {
  const thinking = new Set<number>()

  /** An opened thought is closed by the first that is none: text, a call, or the end. */
  const told = (index: number, { reasoning_content, ...delta }: ChatDelta, ends: boolean): ChatDelta => {
    let said = ''
    if (reasoning_content) {
      if (!thinking.has(index)) said += OPENS
      thinking.add(index)
      said += reasoning_content
    }
    const goesOn = !ends && !delta.content && !delta.refusal && !delta.tool_calls?.length
    if (thinking.has(index) && !goesOn) {
      thinking.delete(index)
      said += CLOSES
    }
    return said === '' ? delta : { ...delta, content: said + (delta.content ?? '') }
  }

  const merging = (chunk: ChatChunk): ChatChunk => ({
    ...chunk,
    choices: chunk.choices.map((choice) => ({
      ...choice,
      delta: told(choice.index, choice.delta, typeof choice.finish_reason === 'string'),
    })),
  })

  return {
    read: (event) => reader.read(event).map(merging),
    get complete() {
      return reader.complete
    },
    get error() {
      return reader.error
    },
    get malformed() {
      return reader.malformed
    },
  }
}
