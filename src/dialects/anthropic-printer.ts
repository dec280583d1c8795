import { completionTokens, noUsage, type Usage } from '../prices/usage.ts'
import { citationOf } from './anthropic-citations.ts'
import { callAside, printUsage, spoken } from './anthropic-message.ts'
import { isBlock } from './anthropic-parts.ts'
import { pictureBlock } from './anthropic-pictures.ts'
import { stopReasonOf } from './anthropic-stop-reason.ts'
import type { ChatChunk, ChatDelta, ChatRequest, FinishReason } from './chat.ts'
import type { ChunkPrinter } from './dialect.ts'
import { type Fields, fields, list, parsed, present } from './loose-json.ts'

const encoder = new TextEncoder()

export function namedEvent(type: string, data: Fields): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}

interface Call {
  id: string
  /** Its input is a text, which this dialect has as an object with one field: it is told whole. */
  isCustom: boolean
  name: string
  aside: Fields
  /** All of its arguments so far, and how much of them is printed. */
  written: string
  printed: number
  state: 'waiting' | 'open' | 'closed'
}

/**
 * Canonical chunks as Anthropic's named events. Blocks stand one after the other here, while calls may come side by
 * side: a call waits until the one before it is whole, so that arguments are never torn apart. `message_delta` is held
 * back to the end, because some vendors say what was used only after they said why they stopped.
 */
export function messagePrinter(request: ChatRequest): ChunkPrinter {
  const calls = new Map<number, Call>()
  let started = false
  let index = -1
  let open: 'text' | 'thinking' | Call | undefined
  let signed = false
  /** Citations are of the words before them; those after are another block. */
  let cited = false
  let usage: Usage | undefined
  let serviceTier: string | undefined
  let finish: FinishReason | null | undefined
  let stopSequence: string | undefined
  let aside: Fields = {}
  let called = false
  let refused = false
  let out: string[] = []

  const emit = (type: string, data: Fields) => out.push(namedEvent(type, data))
  const delta = (said: Fields) => emit('content_block_delta', { index, delta: said })
  const close = () => {
    if (open === undefined) return
    if (typeof open === 'object') {
      open.state = 'closed'
      if (open.isCustom) delta({ type: 'input_json_delta', partial_json: JSON.stringify({ input: open.written }) })
    }
    if (open === 'thinking' && !signed) delta({ type: 'signature_delta', signature: '' })
    open = undefined
    emit('content_block_stop', { index })
  }
  const start = (block: Fields) => {
    close()
    index += 1
    emit('content_block_start', { index, content_block: block })
  }
  const alone = (block: Fields, input?: unknown) => {
    start(block)
    if (input !== undefined) delta({ type: 'input_json_delta', partial_json: JSON.stringify(input) })
    emit('content_block_stop', { index })
  }
  const begin = (chunk: ChatChunk) => {
    if (started) return
    started = true
    emit('message_start', {
      message: {
        id: chunk.id,
        type: 'message',
        role: 'assistant',
        model: request.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {
          ...printUsage(chunk.usage ?? noUsage),
          output_tokens: chunk.usage ? completionTokens(chunk.usage) : 0,
        },
      },
    })
  }

  const think = (said: ChatDelta) => {
    const pieces = said.thinking_blocks ?? []
    for (const piece of pieces) {
      if (piece.type === 'redacted_thinking') {
        alone({ type: piece.type, data: piece.data })
        continue
      }
      if (open !== 'thinking') {
        start({ type: 'thinking', thinking: '', signature: '' })
        open = 'thinking'
        signed = false
      }
      if (piece.thinking !== '') delta({ type: 'thinking_delta', thinking: piece.thinking })
      if (piece.signature === undefined) continue
      delta({ type: 'signature_delta', signature: piece.signature })
      signed = true
      close()
    }
    if (pieces.length > 0 || said.reasoning_content === undefined || said.reasoning_content === '') return
    if (open !== 'thinking') {
      start({ type: 'thinking', thinking: '', signature: '' })
      open = 'thinking'
      signed = false
    }
    delta({ type: 'thinking_delta', thinking: said.reasoning_content })
  }

  const write = (words: string | undefined) => {
    if (words === undefined || words === '') return
    if (open !== 'text' || cited) {
      start({ type: 'text', text: '' })
      open = 'text'
      cited = false
    }
    delta({ type: 'text_delta', text: words })
  }

  const tellPicture = (words: string) => {
    close()
    write(words)
    close()
  }

  const refuse = (words: string | undefined) => {
    refused ||= words !== undefined && words !== ''
    write(words)
  }

  const show = (call: Call) => {
    if (call.state === 'waiting') {
      start({
        type: 'tool_use',
        id: call.id,
        name: call.name,
        input: {},
        ...(call.aside.caller !== undefined && { caller: call.aside.caller }),
        ...callAside(call.aside),
      })
      open = call
      call.state = 'open'
      called = true
    }
    if (call.isCustom || call.printed === call.written.length) return
    delta({ type: 'input_json_delta', partial_json: call.written.slice(call.printed) })
    call.printed = call.written.length
  }
  const call = (pieces: NonNullable<ChatDelta['tool_calls']>) => {
    for (const piece of pieces) {
      const one = calls.get(piece.index) ?? {
        id: '',
        isCustom: piece.type === 'custom',
        name: '',
        aside: {},
        written: '',
        printed: 0,
        state: 'waiting',
      }
      calls.set(piece.index, one)
      one.id = piece.id ?? one.id
      one.name += piece.function?.name ?? ''
      one.aside = { ...one.aside, ...piece.provider_specific_fields }
      one.written += piece.function?.arguments ?? ''
      if (one.name === '') continue
      const before = typeof open === 'object' && open !== one ? open : undefined
      if (before === undefined || (!before.isCustom && parsed(before.written) !== undefined))
        if (one.state !== 'closed') show(one)
    }
  }
  const showWaiting = () => {
    for (const one of calls.values()) if (one.state === 'waiting') show(one)
  }

  return {
    print(chunk) {
      out = []
      begin(chunk)
      usage = chunk.usage ?? usage
      serviceTier = chunk.service_tier ?? serviceTier
      const choice = chunk.choices.find((one) => one.index === 0)
      if (choice) {
        const said = choice.delta
        const own = fields(said.provider_specific_fields)
        think(said)
        for (const block of list(own.content_blocks).filter(isBlock)) {
          const { input, ...rest } = block
          if (input === undefined) alone(block)
          else alone({ ...rest, input: {} }, input)
        }
        write(said.content ?? spoken(said.audio))
        for (const picture of list(said.images).flatMap(pictureBlock)) tellPicture(picture.text)
        if (own.stop_details === undefined) refuse(said.refusal)
        for (const annotation of said.annotations ?? []) {
          const citation = citationOf(annotation)
          if (citation === undefined || open !== 'text') continue
          delta({ type: 'citations_delta', citation })
          cited = true
        }
        if (said.tool_calls) call(said.tool_calls)
        const { content_blocks: _, ...others } = own
        aside = { ...aside, ...others }
        finish = choice.finish_reason ?? finish
        stopSequence = choice.stop_sequence ?? stopSequence
      }
      return out.length === 0 ? undefined : encoder.encode(out.join(''))
    },
    end() {
      out = []
      if (!started) begin({ id: 'msg_empty', created: 0, model: request.model, choices: [] })
      showWaiting()
      close()
      const stop_reason = stopReasonOf({ finish, stopSequence, calls: called, refused, aside })
      emit('message_delta', {
        delta: {
          stop_reason,
          stop_sequence: stopSequence ?? null,
          ...present({ stop_details: aside.stop_details, container: aside.container }),
        },
        usage: printUsage(usage ?? noUsage, serviceTier),
        ...present({ context_management: aside.context_management }),
      })
      emit('message_stop', {})
      return encoder.encode(out.join(''))
    },
  }
}
