import type { ChatChunk, ChatRequest } from '../dialects/chat.ts'
import type { ChunkPrinter, Dialect } from '../dialects/dialect.ts'
import type { Usage } from '../prices/usage.ts'
import type { Seam } from '../streams/seam.ts'
import type { Spoken } from '../streams/telling.ts'

/** Makes the chunks of one answer a part of another's: its name, its usage, and no word said twice. */
export interface Stitch {
  /** What the client had been told. */
  readonly spoken: Spoken
  /** Undefined when nothing of it is new. */
  joined(chunk: ChatChunk): ChatChunk | undefined
  /** What was held back to the end. */
  rest(): ChatChunk | undefined
}

export interface StitchOptions {
  readonly spoken: Spoken
  readonly seam: Seam
  /** Used by those who answered before: the client is told the sum, which is what it is charged. */
  readonly used: Usage
  /** The group that goes on: it stands in the first chunk, as `provider_specific_fields.continued_by`. */
  readonly by: string
  /** The name that the caller asked for. */
  readonly model: string
}

export function stitched({ spoken, seam, used, by, model }: StitchOptions): Stitch {
  const { id, created } = spoken
  let marked = false

  const chunkOf = (content: string): ChatChunk['choices'][number]['delta'] => {
    const mark = marked ? {} : { provider_specific_fields: { continued_by: by } }
    marked = true
    return { ...mark, ...(content !== '' && { content }) }
  }

  return {
    spoken,
    joined(chunk) {
      const choices = chunk.choices.flatMap((choice) => {
        const { role: _, content, ...rest } = choice.delta
        const ends = typeof choice.finish_reason === 'string'
        const fresh = `${seam.push(content ?? '')}${ends ? seam.end() : ''}`
        const isEmpty = fresh === '' && !ends && Object.keys(rest).length === 0
        return isEmpty ? [] : [{ ...choice, delta: { ...rest, ...chunkOf(fresh) } }]
      })
      if (choices.length === 0 && chunk.usage === undefined) return undefined
      return { ...chunk, id, created, model, choices, ...(chunk.usage && { usage: sum(used, chunk.usage) }) }
    },
    rest() {
      const content = seam.end()
      return content === '' ? undefined : { id, created, model, choices: [{ index: 0, delta: chunkOf(content) }] }
    },
  }
}

/** A printer that is where a stream stands which was passed on without one; undefined where there can be none. */
export function printerAfter(dialect: Dialect, request: ChatRequest, spoken: Spoken): ChunkPrinter | undefined {
  if (dialect.resumed) return dialect.resumed(request, spoken)
  const { id, created, text } = spoken
  const printer = dialect.printer(request)
  const choices = [{ index: 0, delta: { role: 'assistant' as const, content: text } }]
  printer.print({ id, created, model: request.model, choices })
  return printer
}

export function sum(a: Usage, b: Usage): Usage {
  const searches = (a.webSearches ?? 0) + (b.webSearches ?? 0)
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    cacheWrite1hTokens: a.cacheWrite1hTokens + b.cacheWrite1hTokens,
    inputAudioTokens: a.inputAudioTokens + b.inputAudioTokens,
    inputImageTokens: a.inputImageTokens + b.inputImageTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    outputAudioTokens: a.outputAudioTokens + b.outputAudioTokens,
    outputImageTokens: a.outputImageTokens + b.outputImageTokens,
    ...(searches > 0 && { webSearches: searches }),
  }
}
