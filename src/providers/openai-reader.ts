import type {
  AssistantMessage,
  ChatChoice,
  ChatChunk,
  ChatCompletion,
  ChatDelta,
  FinishReason,
  ThinkingBlock,
  ToolCall,
} from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, parsed, place, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { openaiFailure } from './openai-failure.ts'
import { openaiUsage } from './openai-usage.ts'
import type { ChunkReader, Reading } from './translator.ts'

type UsageOf = (answer: unknown) => Usage | undefined

/**
 * A whole answer of a vendor that speaks OpenAI's chat, in whichever of its accents, as canonical chat. A call of a custom
 * tool keeps its `type` and has its input as `arguments`.
 */
export function openaiCompletion(body: unknown, reading: Reading, usageOf: UsageOf = openaiUsage): ChatCompletion {
  const answer = fields(body)
  if (!Array.isArray(answer.choices)) throw unreadable(body)
  const usage = usageIn(answer, usageOf)
  return {
    id: text(answer.id) ?? reading.id,
    created: number(answer.created) ?? reading.createdSeconds,
    model: text(answer.model) ?? reading.request.model,
    choices: answer.choices.filter(isFields).map((choice, at) => wholeChoice(choice, at, reading)),
    ...present({ usage, service_tier: text(answer.service_tier), system_fingerprint: text(answer.system_fingerprint) }),
    ...asideOf(answer),
  }
}

function wholeChoice(choice: Fields, at: number, reading: Reading): ChatChoice {
  const message = fields(choice.message)
  const finish = finishOf(choice.finish_reason)
  if (finish === 'failed')
    throw new GatewayError('upstream_failed', 'The provider broke off in the middle of its answer.')
  const calls = wholeCalls(message, reading.id)
  return {
    index: place(choice.index) ?? at,
    message: { content: null, ...said(message), role: 'assistant', ...(calls.length > 0 && { tool_calls: calls }) },
    finish_reason: calls.length > 0 && (finish ?? 'stop') === 'stop' ? 'tool_calls' : (finish ?? 'stop'),
    ...present({ logprobs: logprobsOf(choice), stop_sequence: text(choice.stop_reason) }),
  }
}

function wholeCalls(message: Fields, answerId: string): ToolCall[] {
  return callsIn(message).map((call, at) => {
    const { name, written, type } = callFields(call)
    return {
      id: text(call.id) ?? `call_${answerId}_${at}`,
      type,
      function: { name: name ?? '', arguments: written === '' && type === 'function' ? '{}' : written },
      ...asideOfCall(call),
    }
  })
}

/** Reads one stream of a vendor that speaks OpenAI's chat. `complete` as the relay's meter has it: all finished, or `[DONE]`. */
export function openaiReader(reading: Reading, usageOf: UsageOf = openaiUsage): ChunkReader {
  const choices = new Map<number, StreamedChoice>()
  const wanted = reading.request.n ?? 1
  const tools = list(reading.request.tools).flatMap((tool) => text(fields(fields(tool).function).name) ?? [])
  let answered = false
  let done = false
  let malformed = 0
  let error: string | undefined
  let head = { id: reading.id, created: reading.createdSeconds, model: reading.request.model }

  const choiceAt = (index: number): StreamedChoice => {
    const known = choices.get(index) ?? { calls: [], details: [], finished: false, spoke: false }
    choices.set(index, known)
    return known
  }

  /** Vendors that give no reason for the end (`null`, the empty text) say so at last: a call ends as one all the same. */
  const ending = (): ChatChunk[] => {
    const open = [...choices].filter(([, known]) => !known.finished)
    if (open.length === 0) return []
    const said = open.flatMap(([index, known]) =>
      readChoice({ choice: {}, index, finish: 'stop', known, answerId: reading.id, tools }),
    )
    return [{ ...head, choices: said }]
  }

  return {
    read({ event, data }) {
      const body = data.trim()
      if (body === '' || done || error !== undefined) return []
      if (body === '[DONE]') {
        done = true
        return ending()
      }
      const answer = parsed(body)
      if (event === 'error' || (isFields(answer) && saysError(answer))) {
        error = openaiFailure(200, new Headers(), body).message
        return []
      }
      if (!isFields(answer)) {
        malformed += 1
        return []
      }
      const said: ChatChunk['choices'][number][] = []
      for (const [at, choice] of list(answer.choices).entries()) {
        if (!isFields(choice)) continue
        answered = true
        const index = place(choice.index) ?? at
        const finish = finishOf(choice.finish_reason)
        if (finish === 'failed') {
          error = 'The provider broke off in the middle of its answer.'
          return []
        }
        said.push(...readChoice({ choice, index, finish, known: choiceAt(index), answerId: reading.id, tools }))
      }
      const usage = usageIn(answer, usageOf)
      if (said.length === 0 && usage === undefined) return []
      head = {
        id: text(answer.id) ?? reading.id,
        created: number(answer.created) ?? reading.createdSeconds,
        model: text(answer.model) ?? reading.request.model,
      }
      return [
        {
          ...head,
          choices: said,
          ...present({ usage, service_tier: text(answer.service_tier) }),
        },
      ]
    },
    get complete() {
      const finished = [...choices.values()].filter((choice) => choice.finished).length
      return error === undefined && (finished >= wanted || (done && answered))
    },
    get error() {
      return error
    },
    get malformed() {
      return malformed
    },
  }
}

interface StreamedCall {
  /** The vendor's place for it; several calls may claim the same. */
  readonly place: number
  readonly id: string | undefined
  readonly type: string
  /** Some servers write it in pieces, some with every piece of the arguments. */
  name: string
  isNameTold: boolean
  written: string
}

interface StreamedChoice {
  readonly calls: StreamedCall[]
  /** OpenRouter's thoughts so far: they go back as wholes, so they are told as wholes, at the end. */
  details: readonly Fields[]
  finished: boolean
  spoke: boolean
}

interface ChoiceEvent {
  readonly choice: Fields
  readonly index: number
  readonly finish: FinishReason | undefined
  readonly known: StreamedChoice
  readonly answerId: string
  /** The names that the model may call. */
  readonly tools: readonly string[]
}

function readChoice({ choice, index, finish, known, answerId, tools }: ChoiceEvent): ChatChunk['choices'] {
  // Some servers send the whole message where the delta belongs.
  const delta = isFields(choice.delta) ? choice.delta : fields(choice.message)
  const answer = { calls: known.calls, prefix: `call_${answerId}_${index}`, tools }
  const pieces = callsIn(delta).flatMap((call) => readCall(call, answer))
  const first = finish !== undefined && !known.finished
  if (first) for (const [at, call] of known.calls.entries()) pieces.push(...closed(call, at))
  known.details = detailsOf(delta).reduce(withDetail, known.details)
  const { content, provider_specific_fields, ...rest } = said(delta)
  const { reasoning_details: _, ...own } = fields(provider_specific_fields)
  const aside = { ...own, ...(first && known.details.length > 0 && { reasoning_details: known.details }) }
  const words: ChatDelta = {
    ...(!known.spoke && { role: 'assistant' as const }),
    ...rest,
    ...(content !== undefined && content !== '' && { content }),
    ...(pieces.length > 0 && { tool_calls: pieces }),
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
  const logprobs = logprobsOf(choice)
  const stopSequence = text(choice.stop_reason)
  if (Object.keys(words).length === 0 && !first && logprobs === undefined) return []
  known.spoke = true
  if (first) known.finished = true
  return [
    {
      index,
      delta: words,
      ...(first && { finish_reason: known.calls.length > 0 && finish === 'stop' ? 'tool_calls' : finish }),
      ...present({ logprobs, stop_sequence: stopSequence }),
    },
  ]
}

type CallDelta = NonNullable<ChatDelta['tool_calls']>[number]

interface CallPlace {
  readonly calls: StreamedCall[]
  readonly prefix: string
  readonly tools: readonly string[]
}

/**
 * A piece of a call, with the index that the call has here: calls are counted as they appear, because vendors leave the
 * index out, repeat it for every call, or start wherever they like. Id, type and name are said once; a name that may only
 * be the beginning of one waits for the arguments.
 */
function readCall(piece: Fields, { calls, prefix, tools }: CallPlace): CallDelta[] {
  const { name = '', written, type } = callFields(piece)
  const id = text(piece.id)
  const spot = place(piece.index)
  const before = calls.findLastIndex((call) =>
    spot === undefined ? id === undefined || call.id === id : call.place === spot,
  )
  const found = calls[before]
  const isNew = found === undefined || (name !== '' && isAnother(found, { id, name, tools }))
  const call = isNew ? { place: spot ?? calls.length, id, type, name: '', isNameTold: false, written: '' } : found
  const at = isNew ? calls.push(call) - 1 : before
  if (name !== call.name && !call.isNameTold) call.name += name
  call.written += written
  const showsName = call.name !== '' && !call.isNameTold && (call.written !== '' || !mayGoOn(call.name, tools))
  call.isNameTold ||= showsName
  return [
    ...(isNew ? calls.slice(0, -1).flatMap(lateName) : []),
    {
      index: at,
      ...(isNew && { id: id ?? `${prefix}_${at}`, type }),
      function: {
        ...(showsName && { name: call.name }),
        ...(isNew || written !== '' ? { arguments: written } : {}),
      },
      ...asideOfCall(piece),
    },
  ]
}

type Naming = { readonly id: string | undefined; readonly name: string; readonly tools: readonly string[] }

/** A name begins a new call where the id is new, or, without ids, where the call before has all that it needs. */
function isAnother(before: StreamedCall, { id, name, tools }: Naming): boolean {
  if (id !== undefined && before.id !== undefined) return id !== before.id
  if (id !== undefined || before.name === '') return false
  if (parsed(before.written) !== undefined) return true
  return before.written === '' && before.name !== name && tools.includes(before.name) && tools.includes(name)
}

function mayGoOn(name: string, tools: readonly string[]): boolean {
  return tools.some((tool) => tool !== name && tool.startsWith(name))
}

/** A name that waited for more, and nothing came. */
function lateName(call: StreamedCall, index: number): CallDelta[] {
  if (call.isNameTold || call.name === '') return []
  call.isNameTold = true
  return [{ index, function: { name: call.name } }]
}

/** What a call still lacks when the answer ends. */
function closed(call: StreamedCall, index: number): CallDelta[] {
  const name = lateName(call, index)
  return call.written === '' && call.type === 'function' ? [...name, { index, function: { arguments: '{}' } }] : name
}

function callsIn(message: Fields): Fields[] {
  // Some servers stream a call alone instead of in a list.
  const calls = isFields(message.tool_calls) ? [message.tool_calls] : list(message.tool_calls).filter(isFields)
  if (calls.length > 0 || !isFields(message.function_call)) return calls
  return [{ index: 0, type: 'function', function: message.function_call }]
}

function callFields(call: Fields): { name: string | undefined; written: string; type: string } {
  const custom = isFields(call.custom)
  const { name, arguments: args, input } = fields(custom ? call.custom : call.function)
  const written = custom ? input : args
  return {
    name: text(name),
    written: typeof written === 'string' ? written : isFields(written) ? JSON.stringify(written) : '',
    type: custom ? 'custom' : (text(call.type) ?? 'function'),
  }
}

/** Signatures that vendors hang on a call: LiteLLM's field, and Google's in its OpenAI-compatible answers. */
function asideOfCall(call: Fields): Pick<ToolCall, 'provider_specific_fields'> {
  const aside = { ...fields(call.provider_specific_fields), ...present({ extra_content: call.extra_content }) }
  return Object.keys(aside).length > 0 ? { provider_specific_fields: aside } : {}
}

type Said = Omit<AssistantMessage, 'role' | 'content' | 'refusal' | 'tool_calls'> & {
  readonly content?: string
  readonly refusal?: string
}

/** What a message or a delta says beside its calls, whatever the vendor's names for it. */
function said(message: Fields): Said {
  const parts = Array.isArray(message.content) ? message.content.filter(isFields) : undefined
  const content = parts
    ? joined(parts.map((part) => (part.type === 'thinking' ? undefined : text(part.text))))
    : undefined
  const details = detailsOf(message)
  const reasoning =
    text(message.reasoning_content) ??
    text(message.reasoning) ??
    text(message.reasoning_text) ??
    text(message.thinking) ??
    joined(details.map((detail) => text(detail.text) ?? text(detail.summary))) ??
    joined((parts ?? []).filter(({ type }) => type === 'thinking').map(thinkingText))
  const written = list(message.thinking_blocks).filter(isThinkingBlock)
  const blocks = written.length > 0 ? written : details.flatMap(blockOf)
  const annotations = list(message.annotations)
  const images = list(message.images)
  const aside = {
    ...fields(message.provider_specific_fields),
    ...present({ reasoning_details: details.length > 0 ? details : undefined }),
  }
  return {
    ...present({
      content: typeof message.content === 'string' ? message.content : content,
      refusal: text(message.refusal),
      reasoning_content: reasoning,
      audio: message.audio,
    }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
}

/** Mistral's thoughts are parts of the content, and have parts of their own. */
function thinkingText(part: Fields): string | undefined {
  return text(part.thinking) ?? joined(list(part.thinking).map((inner) => text(fields(inner).text)))
}

function detailsOf(message: Fields): Fields[] {
  return list(message.reasoning_details).filter(isFields)
}

/** A piece put to the thought that it continues. */
function withDetail(known: readonly Fields[], piece: Fields): readonly Fields[] {
  const at = known.findLastIndex(({ type, index }) => type === piece.type && index === piece.index)
  const before = known[at]
  if (before === undefined || text(piece.data) !== undefined) return [...known, piece]
  const both = (name: string) => joined([text(before[name]), text(piece[name])])
  return known.with(at, { ...before, ...present(piece), ...present({ text: both('text'), summary: both('summary') }) })
}

/** OpenRouter's thoughts, signed or sealed. */
function blockOf(detail: Fields): ThinkingBlock[] {
  const data = text(detail.data)
  if (detail.type === 'reasoning.encrypted' && data !== undefined) return [{ type: 'redacted_thinking', data }]
  if (detail.type !== 'reasoning.text') return []
  return [{ type: 'thinking', thinking: text(detail.text) ?? '', ...present({ signature: text(detail.signature) }) }]
}

function isThinkingBlock(value: unknown): value is ThinkingBlock {
  const { type, thinking, data } = fields(value)
  return (
    (type === 'thinking' && typeof thinking === 'string') || (type === 'redacted_thinking' && typeof data === 'string')
  )
}

function joined(texts: readonly (string | undefined)[]): string | undefined {
  const found = texts.filter((one) => one !== undefined)
  return found.length === 0 ? undefined : found.join('')
}

function logprobsOf({ logprobs }: Fields): unknown {
  return isFields(logprobs) ? logprobs : undefined
}

/** Perplexity's sources and the like stand beside the answer. */
function asideOf(answer: Fields): Pick<ChatCompletion, 'provider_specific_fields'> {
  const { citations, search_results } = answer
  const aside = { ...fields(answer.provider_specific_fields), ...present({ citations, search_results }) }
  return Object.keys(aside).length > 0 ? { provider_specific_fields: aside } : {}
}

/** Where it belongs, or where Groq and Moonshot put it in a stream. */
function usageIn(answer: Fields, usageOf: UsageOf): Usage | undefined {
  return usageOf(answer) ?? usageOf(answer.x_groq) ?? usageOf(list(answer.choices)[0])
}

const FINISHES: Readonly<Record<string, FinishReason | 'failed'>> = {
  stop: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  error: 'failed',
  insufficient_system_resource: 'failed',
  abort: 'failed',
}

/** Words nobody knows here (`eos`, `end_turn`) are ordinary ends. */
function finishOf(reason: unknown): FinishReason | 'failed' | undefined {
  const word = text(reason)?.toLowerCase()
  return word === undefined ? undefined : (FINISHES[word] ?? 'stop')
}

function saysError(answer: Fields): boolean {
  return (answer.error !== undefined && answer.error !== null) || answer.object === 'error'
}

function unreadable(body: unknown): GatewayError {
  if (isFields(body) && saysError(body)) {
    const { kind, message, status } = openaiFailure(200, new Headers(), JSON.stringify(body))
    return new GatewayError(kind, message, { status })
  }
  return new GatewayError('upstream_failed', "The provider's answer has no choices: it is not a chat completion.")
}
