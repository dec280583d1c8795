import { annotationOf } from '../dialects/anthropic-citations.ts'
import type {
  AssistantMessage,
  ChatChunk,
  ChatCompletion,
  ChatDelta,
  ChatRequest,
  FinishReason,
  ThinkingBlock,
  ToolCall,
} from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, place, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'
import { bedrockStreamError } from './bedrock-failure.ts'
import { bedrockUsage } from './bedrock-usage.ts'
import type { ChunkReader, Reading, VendorEvent } from './translator.ts'

const FINISHES: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
}
const LOCATIONS = [
  { name: 'documentChar', type: 'char_location', from: 'start_char_index', to: 'end_char_index' },
  { name: 'documentPage', type: 'page_location', from: 'start_page_number', to: 'end_page_number' },
  { name: 'documentChunk', type: 'content_block_location', from: 'start_block_index', to: 'end_block_index' },
  { name: 'searchResultLocation', type: 'search_result_location', from: 'start_block_index', to: 'end_block_index' },
] as const
const MALFORMED = 'The model wrote an answer that its provider could not read. Ask again.'

/** A whole answer of Converse. */
export function converseCompletion(body: unknown, reading: Reading): ChatCompletion {
  const answer = fields(body)
  const message = fields(fields(answer.output).message)
  if (!Array.isArray(message.content) || text(answer.stopReason) === undefined)
    throw new GatewayError('upstream_failed', "The provider's answer has no message: it is not an answer of Converse.")
  const reason = String(answer.stopReason)
  if (isMalformed(reason)) throw new GatewayError('upstream_failed', MALFORMED)
  const answerTool = hasAnswerTool(reading.request)
  const gathered = emptyAnswer()
  for (const block of message.content.map(fields)) gather(gathered, block, answerTool)
  const stopSequence = stopSequenceIn(answer)
  const usage = bedrockUsage(answer)
  return {
    id: reading.id,
    created: reading.createdSeconds,
    model: reading.request.model,
    choices: [
      {
        index: 0,
        message: messageOf(gathered, asideOf(answer)),
        finish_reason: finishOf(reason, gathered.calls.length > 0, gathered.answered),
        ...present({ stop_sequence: stopSequence }),
      },
    ],
    ...present({ usage, service_tier: text(fields(answer.serviceTier).type) }),
  }
}

interface Gathered {
  content: string
  reasoning: string
  readonly thoughts: ThinkingBlock[]
  readonly calls: ToolCall[]
  readonly annotations: unknown[]
  readonly images: unknown[]
  /** Tools that the vendor ran by itself, and what they returned: not the caller's to answer. */
  readonly serverBlocks: Fields[]
  /** The answer tool was called. */
  answered: boolean
}

function emptyAnswer(): Gathered {
  return {
    content: '',
    reasoning: '',
    thoughts: [],
    calls: [],
    annotations: [],
    images: [],
    serverBlocks: [],
    answered: false,
  }
}

function gather(to: Gathered, block: Fields, answerTool: boolean): void {
  if (typeof block.text === 'string') to.content += block.text
  else if (isFields(block.reasoningContent)) {
    const { reasoningText, redactedContent } = block.reasoningContent
    if (typeof redactedContent === 'string') to.thoughts.push({ type: 'redacted_thinking', data: redactedContent })
    else if (isFields(reasoningText)) {
      const thinking = typeof reasoningText.text === 'string' ? reasoningText.text : ''
      to.reasoning += thinking
      to.thoughts.push({ type: 'thinking', thinking, ...present({ signature: text(reasoningText.signature) }) })
    }
  } else if (isFields(block.toolUse)) {
    const { toolUseId, name, input, type } = block.toolUse
    if (type !== undefined && type !== null) to.serverBlocks.push(block)
    else if (answerTool && name === ANSWER_TOOL) {
      to.answered = true
      to.content += JSON.stringify(input ?? {})
    } else
      to.calls.push({
        id: String(toolUseId),
        type: 'function',
        function: { name: String(name), arguments: JSON.stringify(input ?? {}) },
      })
  } else if (isFields(block.toolResult)) to.serverBlocks.push(block)
  else if (isFields(block.citationsContent)) {
    const start = to.content.length
    to.content += list(block.citationsContent.content)
      .map((part) => text(fields(part).text) ?? '')
      .join('')
    for (const citation of list(block.citationsContent.citations).map(fields))
      to.annotations.push(annotation(citation, start, to.content.length))
  } else if (isFields(block.image)) {
    const image = imageOf(text(block.image.format), text(fields(block.image.source).bytes))
    if (image) to.images.push(image)
  }
}

function messageOf(gathered: Gathered, aside: Fields): AssistantMessage {
  const { content, reasoning, thoughts, calls, annotations, images, serverBlocks } = gathered
  const extra = { ...aside, ...(serverBlocks.length > 0 && { bedrock_blocks: serverBlocks }) }
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(Object.keys(extra).length > 0 && { provider_specific_fields: extra }),
  }
}

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

/** What stands in a frame that has lost its name. */
function isFailure(said: Fields): boolean {
  return text(said.message) !== undefined || text(said.Message) !== undefined || text(said.__type) !== undefined
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

function finishOf(reason: string, called: boolean, answered: boolean): FinishReason {
  const finish = FINISHES[reason] ?? 'stop'
  if (finish === 'stop') return called ? 'tool_calls' : 'stop'
  return finish === 'tool_calls' && answered && !called ? 'stop' : finish
}

function isMalformed(reason: string): boolean {
  return reason === 'malformed_model_output' || reason === 'malformed_tool_use'
}

/** A caller may have a tool of that name, and then it is the caller's. */
function hasAnswerTool({ tools }: ChatRequest): boolean {
  return !list(tools).some((tool) => fields(fields(tool).function).name === ANSWER_TOOL)
}

function stopSequenceIn({ additionalModelResponseFields }: Fields): string | undefined {
  const said = fields(additionalModelResponseFields)
  return text(said.stop_sequence) ?? text(said['/stop_sequence'])
}

/** What a guardrail or a prompt router did, and the model's own fields. */
function asideOf({ trace, additionalModelResponseFields }: Fields): Fields {
  const { stop_sequence: _, '/stop_sequence': __, ...others } = fields(additionalModelResponseFields)
  return {
    ...(isFields(trace) && Object.keys(trace).length > 0 && { trace }),
    ...(Object.keys(others).length > 0 && { additionalModelResponseFields: others }),
  }
}

/** Where a citation of Bedrock's points, in the words that canonical annotations are made of. */
function annotation(citation: Fields, start: number, end: number): Fields {
  const said = list(citation.sourceContent).map((part) => text(fields(part).text) ?? '')
  const title = text(citation.title) ?? null
  const cited = { cited_text: said.join(''), ...present({ source: text(citation.source) }) }
  const location = fields(citation.location)
  const kind = LOCATIONS.find(({ name }) => isFields(location[name]))
  if (kind === undefined) {
    const { url } = fields(location.web)
    const page = { type: 'web_search_result_location', url: url ?? citation.source, title, encrypted_index: '' }
    return annotationOf({ ...page, ...cited }, { start, end })
  }
  const at = fields(location[kind.name])
  const index = at.documentIndex ?? at.searchResultIndex ?? 0
  const where = { [kind.from]: at.start ?? 0, [kind.to]: at.end ?? 0 }
  const named =
    kind.type === 'search_result_location'
      ? { search_result_index: index, title, ...where }
      : { document_index: index, document_title: title, ...where }
  return annotationOf({ type: kind.type, ...cited, ...named }, { start, end })
}

function imageOf(format: string | undefined, bytes: string | undefined): Fields | undefined {
  if (bytes === undefined) return undefined
  return { type: 'image_url', image_url: { url: `data:image/${format ?? 'png'};base64,${bytes}` } }
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
