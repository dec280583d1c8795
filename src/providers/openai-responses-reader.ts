import type { ChatDelta, FinishReason } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, parsed, place, present, text } from '../dialects/loose-json.ts'
import { nestedAnnotation } from '../dialects/responses-input.ts'
import { reasoningText } from '../dialects/responses-thoughts.ts'
import { openaiFailure } from './openai-failure.ts'
import { annotationsIn, blockIn, callOf, finishOf, lengthOf, saidIn, shifted } from './openai-responses-answer.ts'
import { openaiResponsesUsage } from './openai-responses-usage.ts'
import type { ChunkReader, Reading } from './translator.ts'

/** Where an item is in the output; servers that do not count name it. */
type Place = number | string

function placeOf({ output_index, item_id, item }: Fields): Place {
  return place(output_index) ?? text(item_id) ?? text(fields(item).id) ?? -1
}

/** Which calls and texts of a streamed response were already told, by their place in the output. */
interface StreamedItem {
  readonly callIndex: number
  told: string
}

/** Reads one stream of `/v1/responses`. */
export function openaiResponsesReader(reading: Reading): ChunkReader {
  const items = new Map<Place, StreamedItem>()
  const done = new Set<Place>()
  const refused = new Set<Place>()
  const annotated = new Map<Place, number>()
  let spoken = false
  let id = reading.id
  let created = reading.createdSeconds
  let model = reading.request.model
  let begun = false
  let calls = 0
  let textBefore = 0
  let textTold = 0
  let textPart = ''
  let thoughtPart = ''
  let thoughtTold = false
  let complete = false
  let error: string | undefined
  let malformed = 0

  const chunk = (delta: ChatDelta, rest: { logprobs?: unknown; finish_reason?: FinishReason } = {}) => {
    const first = begun ? {} : { role: 'assistant' as const }
    begun = true
    return [{ id, created, model, choices: [{ index: 0, delta: { ...first, ...delta }, ...rest }] }]
  }
  const head = (response: Fields) => {
    id = text(response.id) ?? id
    created = number(response.created_at) ?? created
    model = text(response.model) ?? model
  }
  const itemAt = (event: Fields): StreamedItem | undefined => items.get(placeOf(event))

  const begin = (event: Fields) => {
    const item = fields(event.item)
    if (item.type !== 'function_call' && item.type !== 'custom_tool_call') return []
    const call = callOf({ ...item, arguments: undefined, input: undefined })
    const index = calls
    calls += 1
    items.set(placeOf(event), { callIndex: index, told: '' })
    return chunk({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] })
  }
  const write = (event: Fields, written: string | undefined) => {
    const item = itemAt(event)
    if (item === undefined || written === undefined) return []
    item.told += written
    return chunk({ tool_calls: [{ index: item.callIndex, function: { arguments: written } }] })
  }
  const say = (event: Fields) => {
    const delta = text(event.delta)
    if (delta === undefined) return []
    enterText(event)
    textTold += delta.length
    const logprobs = list(event.logprobs)
    return chunk({ content: delta }, logprobs.length > 0 ? { logprobs: { content: logprobs, refusal: null } } : {})
  }
  const speak = (name: 'data' | 'transcript', event: Fields) => {
    const delta = text(event.delta)
    if (delta === undefined) return []
    spoken = true
    return chunk({ audio: { [name]: delta } })
  }
  const enterText = (event: Fields) => {
    const part = `${placeOf(event)}:${event.content_index}`
    if (part !== textPart) textBefore = textTold
    textPart = part
  }
  const annotate = (event: Fields) => {
    enterText(event)
    if (!isFields(event.annotation)) return []
    annotated.set(placeOf(event), (annotated.get(placeOf(event)) ?? 0) + 1)
    return chunk({ annotations: [nestedAnnotation(shifted(event.annotation, textBefore))] })
  }
  /** Some servers say only with the whole item what it cites. */
  const lateAnnotations = (item: Fields, at: Place) => {
    const before = textTold - list(item.content).reduce<number>((sum, part) => sum + lengthOf(part), 0)
    const all = annotationsIn(list(item.content).filter(isFields), before)
    const late = all.slice(annotated.get(at) ?? 0)
    return late.length > 0 ? chunk({ annotations: late }) : []
  }
  /** Parts of one thought are a blank line apart, and so are thoughts. */
  const think = (event: Fields, part: string) => {
    const delta = text(event.delta)
    if (delta === undefined) return []
    const [itemOf] = thoughtPart.split(':')
    const isNew = thoughtPart !== '' && thoughtPart !== part
    const within = isNew && itemOf === String(placeOf(event))
    thoughtPart = part
    thoughtTold = true
    const gap = isNew ? '\n\n' : ''
    return chunk({
      reasoning_content: gap + delta,
      thinking_blocks: [{ type: 'thinking', thinking: (within ? gap : '') + delta }],
    })
  }
  const finishItem = (event: Fields) => {
    const item = fields(event.item)
    const at = placeOf(event)
    const id = text(item.id)
    if (done.has(at) || (id !== undefined && done.has(id))) return []
    done.add(at)
    if (id !== undefined) done.add(id)
    if (item.type === 'function_call' || item.type === 'custom_tool_call') return finishCall(event, item)
    if (item.type === 'message') {
      if (refused.has(at)) return []
      return textPart.startsWith(`${at}:`) ? lateAnnotations(item, at) : restOf(item)
    }
    if (item.type === 'reasoning') return finishThought(item, at)
    return restOf(item)
  }

  const finishCall = (event: Fields, item: Fields) => {
    const opened = itemAt(event) === undefined ? begin(event) : []
    const whole = callOf(item).function.arguments
    const told = itemAt(event)?.told ?? ''
    return whole.startsWith(told) && whole.length > told.length
      ? [...opened, ...write(event, whole.slice(told.length))]
      : opened
  }
  const finishThought = (item: Fields, at: Place) => {
    const streamed = thoughtPart.startsWith(`${at}:`)
    const [block] = blockIn(item)
    if (!block) return []
    if (!streamed) {
      const told = reasoningText(item)
      const gap = thoughtTold && told !== '' ? '\n\n' : ''
      thoughtTold ||= told !== ''
      if (told !== '') thoughtPart = `${at}:done`
      return chunk({ ...(told !== '' && { reasoning_content: gap + told }), thinking_blocks: [block] })
    }
    if (block.type !== 'thinking' || block.signature === undefined) return []
    return chunk({ thinking_blocks: [{ ...block, thinking: '' }] })
  }
  /** An item that came whole: a server that does not write in pieces, or a tool that ran at the vendor. */
  const restOf = (item: Fields) => {
    const { logprobs, calls: _, annotations, audio, ...others } = saidIn([item])
    const message = { ...others, ...(audio !== undefined && !spoken && { audio }) }
    textBefore = textTold
    textTold += message.content?.length ?? 0
    const moved = (annotations ?? []).map((one) => nestedAnnotation(shifted(flat(one), textBefore)))
    if (Object.keys(message).length === 0) return []
    return chunk(
      { ...message, ...(moved.length > 0 && { annotations: moved }) },
      logprobs.length > 0 ? { logprobs: { content: logprobs, refusal: null } } : {},
    )
  }
  const finish = (response: Fields) => {
    const late = list(response.output).flatMap((item, at) => finishItem({ output_index: at, item }))
    complete = true
    const usage = openaiResponsesUsage(response)
    const [last] = chunk({}, { finish_reason: finishOf(response, calls > 0) })
    return [...late, ...(last ? [{ ...last, ...present({ usage, service_tier: text(response.service_tier) }) }] : [])]
  }
  const fail = (said: unknown, whole: string) => {
    const given = isFields(said) ? JSON.stringify({ error: said }) : whole
    error = openaiFailure(200, new Headers(), given).message
    return []
  }

  return {
    read({ event: name, data }) {
      const body = data.trim()
      if (body === '' || body === '[DONE]' || complete || error !== undefined) return []
      const event = parsed(body)
      if (!isFields(event)) {
        malformed += 1
        return name === 'error' ? fail(undefined, body) : []
      }
      const type = text(event.type) ?? name ?? ''
      const response = fields(event.response)
      head(response)
      switch (type) {
        case 'response.created':
        case 'response.in_progress':
        case 'response.queued':
          return begun ? [] : chunk({})
        case 'response.output_item.added':
          return begin(event)
        case 'response.output_text.delta':
          return say(event)
        case 'response.refusal.delta':
          refused.add(placeOf(event))
          return text(event.delta) === undefined ? [] : chunk({ refusal: String(event.delta) })
        case 'response.audio.delta':
          return speak('data', event)
        case 'response.audio.transcript.delta':
          return speak('transcript', event)
        case 'response.output_text.annotation.added':
          return annotate(event)
        case 'response.reasoning_summary_text.delta':
          return think(event, `${placeOf(event)}:s${event.summary_index}`)
        case 'response.reasoning_text.delta':
          return think(event, `${placeOf(event)}:c${event.content_index}`)
        case 'response.function_call_arguments.delta':
        case 'response.custom_tool_call_input.delta':
          return write(event, text(event.delta))
        case 'response.output_item.done':
          return finishItem(event)
        case 'response.completed':
        case 'response.incomplete':
          return finish(response)
        case 'response.failed':
          return fail(response.error ?? { message: 'The provider failed without an explanation.' }, body)
        case 'response.cancelled':
          return fail({ message: 'The provider cancelled its answer.' }, body)
        case 'error':
          return fail(event.error ?? event, body)
        default:
          return isFields(event.error) ? fail(event.error, body) : []
      }
    },
    get complete() {
      return complete
    },
    get error() {
      return error
    },
    get malformed() {
      return malformed
    },
  }
}

function flat(annotation: unknown): unknown {
  const { type, ...rest } = fields(annotation)
  return typeof type === 'string' && isFields(rest[type]) ? { type, ...rest[type] } : annotation
}
