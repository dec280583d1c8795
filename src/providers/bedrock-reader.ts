import type { ChatChunk, ChatDelta } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, place, present, text } from '../dialects/loose-json.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'
import { bedrockStreamError, isFailure } from './bedrock-failure.ts'
import { bedrockUsage } from './bedrock-usage.ts'
import {
  annotation,
  asideOf,
  finishOf,
  hasAnswerTool,
  imageOf,
  isMalformed,
  MALFORMED,
  stopSequenceIn,
} from './bedrock-words.ts'
import type { ChunkReader, Reading, VendorEvent } from './translator.ts'

interface OpenBlock {
  /** The index that its call has for the caller. */
  readonly call?: number
  readonly isAnswer?: boolean
  /** A tool that the vendor runs: start and parts are kept for the end. */
  readonly server?: { readonly start: Fields; input: string; readonly results: Fields[] }
  readonly imageFormat?: string
  readonly startsAt: number
  wrote: boolean
  signature: string
  readonly sealed: string[]
  readonly citations: Fields[]
  readonly bytes: string[]
}

/** Reads one ConverseStream. Signatures, sealed thoughts, pictures and citations are told when their block is whole. */
export function converseReader(reading: Reading): ChunkReader {
  const answerTool = hasAnswerTool(reading.request)
  const open = new Map<number, OpenBlock>()
  let calls = 0
  let answered = false
  let contentLength = 0
  let spoke = false
  let complete = false
  let error: string | undefined
  let malformed = 0

  const chunk = (delta: ChatDelta, rest: Partial<ChatChunk['choices'][number]> = {}): ChatChunk => {
    const first = !spoke
    spoke = true
    return {
      ...frame(),
      choices: [{ index: 0, delta: { ...(first && { role: 'assistant' as const }), ...delta }, ...rest }],
    }
  }
  const frame = () => ({ id: reading.id, created: reading.createdSeconds, model: reading.request.model })
  const opened = (index: number, start: Fields = {}): OpenBlock => {
    const block = openBlock(start, contentLength, answerTool, calls)
    open.set(index, block)
    if (block.call !== undefined) calls += 1
    answered ||= block.isAnswer === true
    return block
  }
  const content = (words: string) => {
    contentLength += words.length
    return [chunk({ content: words })]
  }

  const started = ({ start, contentBlockIndex }: Fields): ChatChunk[] => {
    const { call, isAnswer } = opened(place(contentBlockIndex) ?? 0, fields(start))
    const { toolUseId, name } = fields(fields(start).toolUse)
    if (call === undefined || isAnswer) return []
    const piece = { name: String(name), arguments: '' }
    return [chunk({ tool_calls: [{ index: call, id: String(toolUseId), type: 'function', function: piece }] })]
  }

  const added = ({ delta, contentBlockIndex }: Fields): ChatChunk[] => {
    const index = place(contentBlockIndex) ?? 0
    const block = open.get(index) ?? opened(index)
    const { text: words, toolUse, reasoningContent, citation, image, toolResult } = fields(delta)
    if (typeof words === 'string') return words === '' ? [] : content(words)
    if (isFields(toolUse)) return input(block, typeof toolUse.input === 'string' ? toolUse.input : '')
    if (isFields(reasoningContent)) return thought(block, reasoningContent)
    if (isFields(citation)) block.citations.push(citation)
    if (isFields(image)) block.bytes.push(text(fields(image.source).bytes) ?? '')
    if (block.server) block.server.results.push(...list(toolResult).map(fields))
    return []
  }

  const input = (block: OpenBlock, written: string): ChatChunk[] => {
    if (written === '') return []
    block.wrote = true
    if (block.server) block.server.input += written
    if (block.isAnswer) return content(written)
    if (block.call === undefined) return []
    return [chunk({ tool_calls: [{ index: block.call, function: { arguments: written } }] })]
  }

  const thought = (block: OpenBlock, delta: Fields): ChatChunk[] => {
    if (typeof delta.signature === 'string') block.signature += delta.signature
    if (typeof delta.redactedContent === 'string') block.sealed.push(delta.redactedContent)
    const thinking = text(delta.text)
    if (thinking === undefined) return []
    return [chunk({ reasoning_content: thinking, thinking_blocks: [{ type: 'thinking', thinking }] })]
  }

  const stopped = (index: number): ChatChunk[] => {
    const block = open.get(index)
    open.delete(index)
    if (block === undefined) return []
    const chunks: ChatChunk[] = []
    if (!block.wrote && block.isAnswer) chunks.push(...content('{}'))
    else if (!block.wrote && block.call !== undefined)
      chunks.push(chunk({ tool_calls: [{ index: block.call, function: { arguments: '{}' } }] }))
    const { signature } = block
    if (signature !== '') chunks.push(chunk({ thinking_blocks: [{ type: 'thinking', thinking: '', signature }] }))
    if (block.sealed.length > 0)
      chunks.push(chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: joinedBase64(block.sealed) }] }))
    const image = imageOf(block.imageFormat, block.bytes.length > 0 ? joinedBase64(block.bytes) : undefined)
    if (image) chunks.push(chunk({ images: [image] }))
    if (block.citations.length > 0)
      chunks.push(chunk({ annotations: block.citations.map((one) => annotation(one, block.startsAt, contentLength)) }))
    const whole = block.server && serverBlock(block.server)
    if (whole) chunks.push(chunk({ provider_specific_fields: { bedrock_blocks: [whole] } }))
    return chunks
  }

  const finished = (event: Fields): ChatChunk[] => {
    const chunks = [...open.keys()].flatMap(stopped)
    const reason = text(event.stopReason) ?? 'end_turn'
    if (isMalformed(reason)) {
      error = MALFORMED
      return chunks
    }
    complete = true
    const finish_reason = finishOf(reason, calls > 0, answered)
    return [...chunks, chunk({}, { finish_reason, ...present({ stop_sequence: stopSequenceIn(event) }) })]
  }

  const told = (event: Fields): ChatChunk[] => {
    const aside = asideOf(event)
    const usage = bedrockUsage(event)
    return [
      ...(Object.keys(aside).length > 0 ? [chunk({ provider_specific_fields: aside })] : []),
      ...(usage
        ? [{ ...frame(), choices: [], usage, ...present({ service_tier: text(fields(event.serviceTier).type) }) }]
        : []),
    ]
  }

  return {
    read({ event, data }: VendorEvent) {
      if (error !== undefined) return []
      if (event === 'error' || (event !== undefined && /exception$/i.test(event))) {
        error = bedrockStreamError(event, data)
        return []
      }
      const said = parsed(data)
      if (event === undefined && isFields(said) && isFailure(said)) {
        error = bedrockStreamError('error', data)
        return []
      }
      if (event === undefined || !isFields(said)) {
        malformed += 1
        return []
      }
      switch (event) {
        case 'messageStart':
          return spoke ? [] : [chunk({})]
        case 'contentBlockStart':
          return started(said)
        case 'contentBlockDelta':
          return added(said)
        case 'contentBlockStop':
          return stopped(place(said.contentBlockIndex) ?? 0)
        case 'messageStop':
          return complete ? [] : finished(said)
        case 'metadata':
          return told(said)
        default:
          return []
      }
    },
    get complete() {
      return complete && error === undefined
    },
    get error() {
      return error
    },
    get malformed() {
      return malformed
    },
  }
}

function openBlock(start: Fields, startsAt: number, answerTool: boolean, calls: number): OpenBlock {
  const { toolUse, toolResult, image } = start
  const use = isFields(toolUse) ? toolUse : undefined
  const isServer = isFields(toolResult) || (use?.type !== undefined && use.type !== null)
  const isAnswer = !isServer && answerTool && use?.name === ANSWER_TOOL
  const format = text(fields(image).format)
  return {
    ...(use && !isServer && !isAnswer && { call: calls }),
    ...(isAnswer && { isAnswer }),
    ...(isServer && { server: { start, input: '', results: [] } }),
    ...(format !== undefined && { imageFormat: format }),
    startsAt,
    wrote: false,
    signature: '',
    sealed: [],
    citations: [],
    bytes: [],
  }
}

/** The block as a whole answer would have it. */
function serverBlock({ start, input, results }: NonNullable<OpenBlock['server']>): Fields {
  if (isFields(start.toolUse)) return { toolUse: { ...start.toolUse, input: parsed(input) ?? {} } }
  return { toolResult: { ...fields(start.toolResult), content: results } }
}

/** Pieces were encoded one by one, so they cannot be put together as text; one piece alone stays as it is. */
function joinedBase64(pieces: readonly string[]): string {
  const [only = ''] = pieces
  if (pieces.length === 1) return only
  try {
    return btoa(pieces.map((piece) => atob(piece)).join(''))
  } catch {
    return pieces.join('')
  }
}
