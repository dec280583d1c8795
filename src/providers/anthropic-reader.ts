import { callerOf } from '../dialects/anthropic-assistant.ts'
import { annotationOf } from '../dialects/anthropic-citations.ts'
import { finishOf, stopAside } from '../dialects/anthropic-stop-reason.ts'
import type { ChatChunk, ChatDelta } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, parsed, present, text } from '../dialects/loose-json.ts'
import { besideOf, refusalOf, tierOf, wantsAnswerTool } from './anthropic-answer.ts'
import { anthropicFailure } from './anthropic-failure.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'
import { laterUsage, usageOf } from './anthropic-usage.ts'
import type { ChunkReader, Reading } from './translator.ts'

interface OpenBlock {
  readonly start: Fields
  readonly kind: 'text' | 'thinking' | 'call' | 'answer' | 'other'
  /** The call's place among the calls. */
  readonly call: number
  /** Where the block's text begins in the answer's. */
  readonly from: number
  written: string
  signature: string
  readonly citations: Fields[]
}

/**
 * Reads one stream of the Messages API. A signature is given whole, at the end of its block, with citations, which only
 * then know their place; everything else as it comes.
 */
export function anthropicReader(reading: Reading): ChunkReader {
  const answers = wantsAnswerTool(reading.request)
  const blocks = new Map<number, OpenBlock>()
  let head = { id: reading.id, created: reading.createdSeconds, model: reading.request.model }
  let usage: Fields = {}
  let length = 0
  let calls = 0
  let malformed = 0
  let stopped = false
  let ended = false
  let error: string | undefined

  const chunk = (delta: ChatDelta, rest: Partial<ChatChunk['choices'][number]> = {}): ChatChunk => ({
    ...head,
    choices: [{ index: 0, delta, ...rest }],
  })
  const said = (words: string): ChatDelta => {
    length += words.length
    return { content: words }
  }
  const argument = (call: number, words: string): ChatDelta => ({
    tool_calls: [{ index: call, function: { arguments: words } }],
  })

  const open = (at: number, start: Fields): ChatDelta[] => {
    const isAnswer = answers && start.type === 'tool_use' && start.name === ANSWER_TOOL
    const kind = isAnswer ? 'answer' : (KINDS[String(start.type)] ?? 'other')
    const block: OpenBlock = { start, kind, call: calls, from: length, written: '', signature: '', citations: [] }
    blocks.set(at, block)
    block.citations.push(...list(start.citations).filter(isFields))
    if (kind === 'text') return typeof start.text === 'string' && start.text !== '' ? [said(start.text)] : []
    if (kind === 'thinking') {
      block.signature = text(start.signature) ?? ''
      const thought = text(start.thinking)
      block.written = thought ?? ''
      return thought === undefined ? [] : [thinkingDelta(thought)]
    }
    if (kind === 'call') {
      calls += 1
      const aside = callerOf(start)
      return [
        {
          tool_calls: [
            {
              index: block.call,
              id: text(start.id) ?? '',
              type: 'function',
              function: { name: text(start.name) ?? '', arguments: '' },
              ...(aside.caller && { provider_specific_fields: aside }),
            },
          ],
        },
      ]
    }
    if (start.type === 'redacted_thinking' && typeof start.data === 'string')
      return [{ thinking_blocks: [{ type: 'redacted_thinking', data: start.data }] }]
    return []
  }

  const grow = (block: OpenBlock, delta: Fields): ChatDelta[] => {
    switch (delta.type) {
      case 'text_delta':
        return block.kind === 'text' && text(delta.text) !== undefined ? [said(String(delta.text))] : []
      case 'thinking_delta': {
        const thought = text(delta.thinking)
        if (thought === undefined) return []
        block.written += thought
        return [thinkingDelta(thought)]
      }
      case 'signature_delta':
        block.signature += text(delta.signature) ?? ''
        return []
      case 'citations_delta':
        if (isFields(delta.citation)) block.citations.push(delta.citation)
        return []
      case 'input_json_delta': {
        const words = text(delta.partial_json)
        if (words === undefined) return []
        block.written += words
        if (block.kind === 'answer') return [said(words)]
        return block.kind === 'call' ? [argument(block.call, words)] : []
      }
      case 'compaction_delta':
        block.written += text(delta.content) ?? ''
        return []
      default:
        return []
    }
  }

  const close = (at: number): ChatDelta[] => {
    const block = blocks.get(at)
    if (block === undefined) return []
    blocks.delete(at)
    const { start, kind, written, signature } = block
    if (kind === 'text') {
      const span = { start: block.from, end: length }
      const annotations = block.citations.map((citation) => annotationOf(citation, span))
      return annotations.length > 0 ? [{ annotations }] : []
    }
    if (kind === 'thinking') {
      if (signature === '') return []
      return [{ thinking_blocks: [{ type: 'thinking', thinking: '', signature }] }]
    }
    if (kind === 'call' || kind === 'answer') {
      if (written !== '') return []
      const input = JSON.stringify(isFields(start.input) ? start.input : {})
      return [kind === 'call' ? argument(block.call, input) : said(input)]
    }
    if (start.type === 'redacted_thinking') return []
    return [{ provider_specific_fields: { content_blocks: [finished(start, written)] } }]
  }

  const closeAll = () => [...blocks.keys()].flatMap(close)

  const finish = (event: Fields): ChatChunk[] => {
    const { stop_reason: reason, stop_sequence, stop_details: details, ...delta } = fields(event.delta)
    usage = laterUsage(usage, event.usage)
    const totals = present({ usage: usageOf(usage), service_tier: tierOf(usage) })
    if (text(reason) === undefined || stopped) return [{ ...head, choices: [], ...totals }]
    stopped = true
    const last = closeAll().map((one) => chunk(one))
    const refusal = refusalOf(reason, details)
    const aside = { ...stopAside(reason, details), ...besideOf({ ...delta, ...event }) }
    const words: ChatDelta = {
      ...(refusal !== undefined && { refusal }),
      ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
    }
    const ending = {
      finish_reason: finishOf(reason, calls > 0),
      ...present({ stop_sequence: text(stop_sequence) }),
    }
    return [...last, { ...chunk(words, ending), ...totals }]
  }

  /** A server that forgot to say why: a call ends as one all the same. */
  const ending = (): ChatChunk[] => [
    ...closeAll().map((one) => chunk(one)),
    chunk({}, { finish_reason: calls > 0 ? 'tool_calls' : 'stop' }),
  ]

  return {
    read({ event: name, data }) {
      if (error !== undefined || ended || NOTHING.has(data.trim())) return []
      const event = parsed(data)
      if (!isFields(event)) {
        if (name === 'error') error = anthropicFailure(200, new Headers(), data).message
        else malformed += 1
        return []
      }
      const type = name === 'error' || isFields(event.error) ? 'error' : (text(event.type) ?? name)
      const at = number(event.index) ?? 0
      switch (type) {
        case 'message_start': {
          const message = fields(event.message)
          head = { ...head, ...present({ id: text(message.id), model: text(message.model) }) }
          usage = laterUsage(usage, message.usage)
          return [{ ...chunk({ role: 'assistant', content: '' }), ...present({ usage: usageOf(usage) }) }]
        }
        case 'content_block_start':
          return [...close(at), ...open(at, fields(event.content_block))].map((delta) => chunk(delta))
        case 'content_block_delta': {
          const delta = fields(event.delta)
          const lost = BEGUN_BY[String(delta.type)]
          if (!blocks.has(at) && lost !== undefined) open(at, { type: lost })
          const block = blocks.get(at)
          if (block !== undefined) return grow(block, delta).map((one) => chunk(one))
          malformed += 1
          return []
        }
        case 'content_block_stop':
          return close(at).map((delta) => chunk(delta))
        case 'message_delta':
          return finish(event)
        case 'message_stop':
          ended = true
          return stopped ? [] : ending()
        case 'error':
          error = anthropicFailure(200, new Headers(), data).message
          return []
        default:
          if (type === undefined) malformed += 1
          return []
      }
    },
    /** Nothing is missing once the reason for the end was given: `message_stop` says no more. */
    get complete() {
      return error === undefined && (ended || stopped)
    },
    get error() {
      return error
    },
    get malformed() {
      return malformed
    },
  }
}

/** Said by proxies that end every stream as OpenAI does. */
const NOTHING: ReadonlySet<string> = new Set(['', '[DONE]'])

const KINDS: Readonly<Record<string, OpenBlock['kind']>> = { text: 'text', thinking: 'thinking', tool_use: 'call' }

/** What a block is whose beginning was lost; a call without its beginning has no name and is lost with it. */
const BEGUN_BY: Readonly<Record<string, string>> = { text_delta: 'text', thinking_delta: 'thinking' }

function thinkingDelta(thinking: string): ChatDelta {
  return { reasoning_content: thinking, thinking_blocks: [{ type: 'thinking', thinking }] }
}

/** A block of the vendor's own, whole: its input or its summary came in pieces. */
function finished(start: Fields, written: string): Fields {
  if (start.type === 'compaction') return written === '' ? start : { ...start, content: written }
  const input = written === '' ? undefined : parsed(written)
  return isFields(input) ? { ...start, input } : start
}
