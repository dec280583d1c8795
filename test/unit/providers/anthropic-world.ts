import { readFileSync } from 'node:fs'
import { createParser } from 'eventsource-parser'
import type { AssistantMessage, ChatChunk, ChatRequest, ThinkingBlock } from '../../../src/dialects/chat.ts'
import type { Target } from '../../../src/providers/provider.ts'
import type { ChunkReader, Reading, VendorEvent } from '../../../src/providers/translator.ts'

export const target: Target = {
  model: 'claude-sonnet-4-5-20250929',
  apiKey: 'sk-ant-test',
  extraHeaders: {},
  params: {},
}
export const request: ChatRequest = { model: 'smart', messages: [{ role: 'user', content: 'Hi' }] }
export const reading: Reading = { id: 'chatcmpl-1', createdSeconds: 1_700_000_000, request }

const file = (name: string) => readFileSync(new URL(`../../fixtures/anthropic/${name}`, import.meta.url))

export const streamOf = (name: string) => new Uint8Array(file(`${name}.stream.txt`))
export const answerOf = (name: string): Record<string, unknown> => JSON.parse(file(`${name}.answer.json`).toString())
export const errors: { status: number; body: object; failure: object }[] = JSON.parse(file('errors.json').toString())

/** The events of a stream, however it is cut. */
export function eventsOf(chunks: readonly Uint8Array[]): VendorEvent[] {
  const events: VendorEvent[] = []
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ ...(event !== undefined && { event }), data }),
  })
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
  return events
}

export function readAll(reader: ChunkReader, chunks: readonly Uint8Array[]): ChatChunk[] {
  return eventsOf(chunks).flatMap((event) => reader.read(event))
}

export interface Assembled {
  readonly message: AssistantMessage
  readonly rest: object
}

/** What a client has at the end of a stream: the pieces put together by the rules that chat.ts states. */
export function assembled(chunks: readonly ChatChunk[]): Assembled {
  let content: string | null = null
  let refusal = ''
  let reasoning = ''
  const thoughts: ThinkingBlock[] = []
  let thinking = false
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = []
  const annotations: unknown[] = []
  const rest: Record<string, unknown> = {}
  let aside: Record<string, unknown> = {}
  for (const chunk of chunks) {
    Object.assign(rest, { id: chunk.id, model: chunk.model, created: chunk.created })
    if (chunk.usage) rest.usage = chunk.usage
    if (chunk.service_tier) rest.service_tier = chunk.service_tier
    for (const { delta, finish_reason, stop_sequence } of chunk.choices) {
      if (delta.content) content = (content ?? '') + delta.content
      refusal += delta.refusal ?? ''
      reasoning += delta.reasoning_content ?? ''
      for (const piece of delta.thinking_blocks ?? []) {
        const last = thoughts.at(-1)
        if (piece.type === 'thinking' && thinking && last?.type === 'thinking')
          thoughts[thoughts.length - 1] = { ...last, ...piece, thinking: last.thinking + piece.thinking }
        else thoughts.push(piece)
        thinking = piece.type === 'thinking' && piece.signature === undefined
      }
      for (const piece of delta.tool_calls ?? []) {
        const call = calls[piece.index] ?? { id: '', type: 'function', function: { name: '', arguments: '' } }
        calls[piece.index] = call
        call.id ||= piece.id ?? ''
        call.function.name += piece.function?.name ?? ''
        call.function.arguments += piece.function?.arguments ?? ''
      }
      annotations.push(...(delta.annotations ?? []))
      aside = { ...aside, ...delta.provider_specific_fields }
      if (finish_reason) rest.finish_reason = finish_reason
      if (stop_sequence) rest.stop_sequence = stop_sequence
    }
  }
  const { content_blocks: _, ...others } = aside
  return {
    message: {
      role: 'assistant',
      content,
      ...(refusal !== '' && { refusal }),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
      ...(annotations.length > 0 && { annotations }),
      ...(Object.keys(others).length > 0 && { provider_specific_fields: others }),
    },
    rest,
  }
}
