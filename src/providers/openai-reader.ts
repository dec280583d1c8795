import type { ChatChoice, ChatChunk, ChatCompletion, ChatDelta, FinishReason } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, parsed, place, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { callsIn, closed, readCall, type StreamedCall, wholeCalls } from './openai-calls.ts'
import { openaiFailure } from './openai-failure.ts'
import { asideOf, detailsOf, logprobsOf, said, withDetail } from './openai-said.ts'
import { openaiUsage } from './openai-usage.ts'
import type { ChunkReader, Reading } from './translator.ts'

type UsageOf = (answer: unknown) => Usage | undefined

/**
 * A whole answer of a vendor that speaks OpenAI's chat, in whichever of its accents, as canonical chat. A call of a custom
 * tool keeps its `type` and has its input as `arguments`.
 */
export function openaiCompletion(body: unknown, reading: Reading, usageOf: UsageOf = openaiUsage): ChatCompletion {
  const answer = fields(body)
  const choices = list(answer.choices).filter(isFields)
  if (choices.length === 0) throw unreadable(body)
  const usage = usageIn(answer, usageOf)
  return {
    id: text(answer.id) ?? reading.id,
    created: number(answer.created) ?? reading.createdSeconds,
    model: text(answer.model) ?? reading.request.model,
    choices: choices.map((choice, at) => wholeChoice(choice, at, reading)),
    ...present({ usage, service_tier: text(answer.service_tier), system_fingerprint: text(answer.system_fingerprint) }),
    ...asideOf(answer),
  }
}

function wholeChoice(choice: Fields, at: number, reading: Reading): ChatChoice {
  const message = fields(choice.message)
  const finish = finishOf(choice.finish_reason)
  if (finish === 'failed' || isFields(choice.error)) throw brokeOff(choice)
  const calls = wholeCalls(message, reading.id)
  return {
    index: place(choice.index) ?? at,
    message: { content: null, ...said(message), role: 'assistant', ...(calls.length > 0 && { tool_calls: calls }) },
    finish_reason: calls.length > 0 && (finish ?? 'stop') === 'stop' ? 'tool_calls' : (finish ?? 'stop'),
    ...present({ logprobs: logprobsOf(choice), stop_sequence: text(choice.stop_reason) }),
  }
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
        if (finish === 'failed' || isFields(choice.error)) {
          error = brokeOff(choice).message
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

/** A choice that failed, in the vendor's words where it has some (OpenRouter). */
function brokeOff({ error }: Fields): GatewayError {
  if (!isFields(error))
    return new GatewayError('upstream_failed', 'The provider broke off in the middle of its answer.', { billed: true })
  const { kind, message, status } = openaiFailure(200, new Headers(), JSON.stringify({ error }))
  return new GatewayError(kind, message, { status, billed: true })
}

/** Some servers write `"error": null` or an empty text into every chunk. */
function saysError(answer: Fields): boolean {
  return Boolean(answer.error) || answer.object === 'error'
}

function unreadable(body: unknown): GatewayError {
  if (isFields(body) && saysError(body)) {
    const { kind, message, status } = openaiFailure(200, new Headers(), JSON.stringify(body))
    return new GatewayError(kind, message, { status })
  }
  return new GatewayError('upstream_failed', "The provider's answer has no choices: it is not a chat completion.")
}
