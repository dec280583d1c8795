import type { Usage } from '../prices/usage.ts'
import type { ChatChunk, ChatDelta, ChatRequest, FinishReason, ThinkingBlock, ToolCall } from './chat.ts'
import type { ChunkPrinter } from './dialect.ts'
import { type Fields, fields, isFields, list, text } from './loose-json.ts'
import {
  audioPart,
  callItem,
  carriedOf,
  ended,
  type ItemIds,
  type ItemKind,
  imageItem,
  imagesOf,
  isCut,
  itemIds,
  messageItem,
  responseBody,
  textPart,
  withStatus,
} from './responses-answer.ts'
import { flatAnnotation } from './responses-input.ts'
import { carrierItem, reasoningItem } from './responses-thoughts.ts'

interface OpenReasoning {
  readonly at: number
  readonly id: string
  thinking: string
}

interface OpenPart {
  readonly kind: 'output_text' | 'refusal'
  said: string
  readonly annotations: unknown[]
  readonly logprobs: unknown[]
}

interface OpenMessage {
  readonly at: number
  readonly id: string
  readonly parts: Fields[]
  part: OpenPart | undefined
}

interface OpenCall {
  /** Known once its name is. */
  opened: { readonly at: number; readonly id: string } | undefined
  callId: string
  readonly type: string
  name: string
  written: string
  aside: Fields
}

const encoder = new TextEncoder()

/** A response of which nothing but one text has been told, under the names that its vendor gave. */
export interface BegunResponse {
  readonly id: string
  readonly createdSeconds: number
  readonly itemId: string
  readonly text: string
  /** The number of the next event. */
  readonly sequence: number
}

/**
 * Canonical chunks as the events of a streamed response: every item is added, grows and is done, and the last event holds
 * the whole. Calls stay open until the end, since vendors write several of them at once.
 */
export function responsesPrinter(request: ChatRequest, before?: BegunResponse): ChunkPrinter {
  const output: Fields[] = before ? [messageItem(before.itemId, [])] : []
  const calls = new Map<number, OpenCall>()
  let events = ''
  let sequence = before?.sequence ?? 0
  let head: { readonly ids: ItemIds; readonly createdSeconds: number } | undefined = before && {
    ids: { ...itemIds(before.id), response: before.id },
    createdSeconds: before.createdSeconds,
  }
  let reasoning: OpenReasoning | undefined
  let message: OpenMessage | undefined = before && {
    ...{ at: 0, id: before.itemId, parts: [] },
    part: { kind: 'output_text', said: before.text, annotations: [], logprobs: [] },
  }
  let audio: Fields | undefined
  let aside: Fields = {}
  let usage: Usage | undefined
  let serviceTier: string | undefined
  let finish: FinishReason | undefined

  const emit = (type: string, said: Fields) => {
    events += `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...said })}\n\n`
    sequence += 1
  }
  const flushed = (): Uint8Array | undefined => {
    const bytes = events === '' ? undefined : encoder.encode(events)
    events = ''
    return bytes
  }
  const response = (status: ReturnType<typeof ended> | { readonly status: 'in_progress' }) =>
    responseBody({
      id: head?.ids.response ?? 'resp_',
      createdSeconds: head?.createdSeconds ?? 0,
      request,
      ...status,
      output: status.status === 'in_progress' ? [] : output,
      usage: status.status === 'in_progress' ? undefined : usage,
      serviceTier,
      continuedBy: text(aside.continued_by),
    })

  /** Announces an item and keeps its place in the output. */
  const add = (kind: ItemKind, make: (id: string) => Fields): { readonly at: number; readonly id: string } => {
    const at = output.length
    const id = head?.ids.item(kind, at) ?? `${kind}_${at}`
    const item = make(id)
    output.push(item)
    emit('response.output_item.added', {
      output_index: at,
      item: item.type === 'reasoning' || item.status !== undefined ? item : { ...item, status: 'in_progress' },
    })
    return { at, id }
  }
  const finishItem = (at: number, item: Fields, cut = false) => {
    const whole = withStatus(item, cut)
    output[at] = whole
    emit('response.output_item.done', { output_index: at, item: whole })
  }
  const addWhole = (kind: ItemKind, make: (id: string) => Fields) => {
    const { at, id } = add(kind, make)
    finishItem(at, make(id))
  }

  const think = (block: ThinkingBlock) => {
    closeMessage()
    if (block.type === 'redacted_thinking') {
      closeReasoning()
      addWhole('rs', (id) => reasoningItem(block, id))
      return
    }
    reasoning ??= { ...add('rs', (id) => ({ id, type: 'reasoning', summary: [] })), thinking: '' }
    if (block.thinking !== '') {
      const where = { item_id: reasoning.id, output_index: reasoning.at, summary_index: 0 }
      if (reasoning.thinking === '')
        emit('response.reasoning_summary_part.added', { ...where, part: { type: 'summary_text', text: '' } })
      reasoning.thinking += block.thinking
      emit('response.reasoning_summary_text.delta', { ...where, delta: block.thinking })
    }
    if (block.signature !== undefined) closeReasoning(block.signature)
  }
  const closeReasoning = (signature?: string) => {
    if (!reasoning) return
    const { at, id, thinking } = reasoning
    reasoning = undefined
    if (thinking !== '') {
      const where = { item_id: id, output_index: at, summary_index: 0 }
      emit('response.reasoning_summary_text.done', { ...where, text: thinking })
      emit('response.reasoning_summary_part.done', { ...where, part: { type: 'summary_text', text: thinking } })
    }
    const block = { type: 'thinking' as const, thinking, ...(signature !== undefined && { signature }) }
    // The id is announced before the seal is known, so here it stays the announced one.
    finishItem(at, { ...reasoningItem(block, id), id })
  }

  const messageWith = (kind: OpenPart['kind']): { readonly open: OpenMessage; readonly part: OpenPart } => {
    closeReasoning()
    message ??= { ...add('msg', (id) => messageItem(id, [])), parts: [], part: undefined }
    if (message.part?.kind !== kind) {
      closePart()
      message.part = { kind, said: '', annotations: [], logprobs: [] }
      emit('response.content_part.added', { ...placeOf(message), part: partOf(message.part) })
    }
    return { open: message, part: message.part }
  }
  const write = (kind: OpenPart['kind'], delta: string, logprobs: readonly unknown[]) => {
    const { open, part } = messageWith(kind)
    part.said += delta
    part.logprobs.push(...logprobs)
    if (kind === 'refusal') emit('response.refusal.delta', { ...placeOf(open), delta })
    else emit('response.output_text.delta', { ...placeOf(open), delta, logprobs })
  }
  const annotate = (annotation: unknown) => {
    const { open, part } = messageWith('output_text')
    emit('response.output_text.annotation.added', {
      ...placeOf(open),
      annotation_index: part.annotations.length,
      annotation: flatAnnotation(annotation),
    })
    part.annotations.push(annotation)
  }
  const closePart = () => {
    if (!message?.part) return
    const { part } = message
    const whole = partOf(part)
    if (part.kind === 'refusal') emit('response.refusal.done', { ...placeOf(message), refusal: part.said })
    else emit('response.output_text.done', { ...placeOf(message), text: part.said, logprobs: part.logprobs })
    emit('response.content_part.done', { ...placeOf(message), part: whole })
    message.parts.push(whole)
    message.part = undefined
  }
  const closeMessage = (cut = false) => {
    if (!message) return
    closePart()
    const { at, id, parts } = message
    message = undefined
    finishItem(at, messageItem(id, parts), cut)
  }

  const call = (piece: NonNullable<ChatDelta['tool_calls']>[number]) => {
    closeReasoning()
    closeMessage()
    const known = calls.get(piece.index) ?? newCall(piece)
    calls.set(piece.index, known)
    if (known.callId === '') known.callId = piece.id ?? ''
    if (known.opened === undefined) known.name += piece.function?.name ?? ''
    known.aside = { ...known.aside, ...piece.provider_specific_fields }
    const delta = piece.function?.arguments ?? ''
    const early = known.written
    known.written += delta
    if (known.opened === undefined && known.name === '') return
    const fresh = known.opened === undefined
    const { at, id } = open(known)
    const said = fresh ? early + delta : delta
    if (said !== '') emit(`${writing(known)}.delta`, { item_id: id, output_index: at, delta: said })
  }
  const open = (known: OpenCall) => {
    known.opened ??= add(known.type === 'custom' ? 'ctc' : 'fc', (id) => callItem(id, toolCall(known, '')))
    return known.opened
  }
  const closeCall = (known: OpenCall, cut: boolean) => {
    const { at, id } = open(known)
    const whole = { [known.type === 'custom' ? 'input' : 'arguments']: known.written }
    emit(`${writing(known)}.done`, { item_id: id, output_index: at, ...whole })
    finishItem(at, callItem(id, toolCall(known, known.written)), cut)
  }

  const see = ({ thinking_blocks, reasoning_content, ...delta }: ChatDelta, logprobs: unknown) => {
    const blocks = thinking_blocks ?? []
    const inBlocks = blocks.some((block) => block.type === 'thinking' && block.thinking !== '')
    if (!inBlocks && reasoning_content) think({ type: 'thinking', thinking: reasoning_content })
    for (const block of blocks) think(block)
    if (delta.content) write('output_text', delta.content, list(fields(logprobs).content))
    if (delta.refusal) write('refusal', delta.refusal, [])
    for (const annotation of delta.annotations ?? []) annotate(annotation)
    for (const piece of delta.tool_calls ?? []) call(piece)
    const pictures = imagesOf(delta.images)
    const { response_items, ...rest } = fields(delta.provider_specific_fields)
    const items = list(response_items).filter(isFields)
    if (pictures.length + items.length > 0) {
      closeReasoning()
      closeMessage()
    }
    for (const result of pictures) addWhole('ig', (id) => imageItem(id, result))
    for (const item of items) addWhole('ig', () => item)
    if (isFields(delta.audio)) audio = joinedAudio(audio, delta.audio)
    aside = { ...aside, ...rest }
  }

  /** What is still open ends now; where the answer was cut, the last of it is what was cut. */
  const closeAll = () => {
    const cut = isCut(finish ?? 'stop')
    closeReasoning()
    closeMessage(cut && calls.size === 0)
    const left = [...calls.values()]
    for (const [at, known] of left.entries()) closeCall(known, cut && at === left.length - 1)
    const spoken = audio && audioPart(audio)
    if (spoken) addWhole('msg', (id) => messageItem(id, [spoken]))
    for (const carried of carriedOf({ tool_calls: left.map(signedCall) }, aside))
      addWhole('rs', (id) => carrierItem(carried, id))
  }

  return {
    print(chunk: ChatChunk) {
      usage = chunk.usage ?? usage
      serviceTier = chunk.service_tier ?? serviceTier
      if (!head) {
        head = { ids: itemIds(chunk.id), createdSeconds: chunk.created }
        emit('response.created', { response: response({ status: 'in_progress' }) })
        emit('response.in_progress', { response: response({ status: 'in_progress' }) })
      }
      for (const choice of chunk.choices) {
        if (choice.index !== 0) continue
        see(choice.delta, choice.logprobs)
        finish = choice.finish_reason ?? finish
      }
      return flushed()
    },
    end() {
      closeAll()
      const end = ended(finish ?? 'stop')
      emit(`response.${end.status}`, { response: response(end) })
      return flushed()
    },
  }
}

function placeOf({ id, at, parts }: OpenMessage): Fields {
  return { item_id: id, output_index: at, content_index: parts.length }
}

function partOf({ kind, said, annotations, logprobs }: OpenPart): Fields {
  return kind === 'refusal' ? { type: kind, refusal: said } : textPart(said, annotations, [...logprobs])
}

function newCall({ id, type }: NonNullable<ChatDelta['tool_calls']>[number]): OpenCall {
  return { opened: undefined, callId: id ?? '', type: type ?? 'function', name: '', written: '', aside: {} }
}

function toolCall({ callId, type, name }: OpenCall, written: string): ToolCall {
  return { id: callId, type, function: { name, arguments: written } }
}

function signedCall(known: OpenCall): ToolCall {
  const call = toolCall(known, known.written)
  return Object.keys(known.aside).length > 0 ? { ...call, provider_specific_fields: known.aside } : call
}

function writing({ type }: OpenCall): string {
  return type === 'custom' ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
}

/** Sound and its words come in pieces that belong together. */
function joinedAudio(before: Fields | undefined, next: Fields): Fields {
  const both = (name: string) => (text(before?.[name]) ?? '') + (text(next[name]) ?? '')
  return { data: both('data'), transcript: both('transcript') }
}
