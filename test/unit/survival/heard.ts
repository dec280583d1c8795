import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { type Fields, fields, isFields, list } from '../../../src/dialects/loose-json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { serverSent } from '../dialects/server-sent.ts'

/** What the client of any dialect has in the end, by words that all of them share. */
export interface Heard {
  readonly text: string
  readonly thought: string
  readonly calls: readonly (readonly [name: string, args: unknown])[]
  readonly urls: readonly string[]
  /** Prompt, with what was cached of it. */
  readonly input: number
  /** Everything that the model wrote, thoughts included. */
  readonly output: number
  readonly ended: 'stop' | 'length' | 'calls' | 'filter'
}

interface Ear {
  readonly dialect: Dialect
  whole(answer: Fields): Heard
  streamed(bytes: Uint8Array): Heard
}

const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((found, key) => (found as Record<string, unknown> | undefined)?.[key], value)
const strings = (values: readonly unknown[]) => values.filter((one) => typeof one === 'string').join('')
const urlsOf = (values: readonly unknown[]) => [...new Set(values.filter((one) => typeof one === 'string'))].toSorted()
const sum = (...counts: readonly unknown[]) =>
  counts.reduce<number>((total, count) => total + (typeof count === 'number' ? count : 0), 0)
/** A custom tool has a text where others have an object: dialects without such tools show it under one name. */
const inputOf = (args: unknown): unknown => (isFields(args) && Object.keys(args).join() === 'input' ? args.input : args)
const argsOf = (written: string): unknown => {
  try {
    return JSON.parse(written)
  } catch {
    return written
  }
}
const eventsOf = (bytes: Uint8Array) => serverSent([bytes]).map(({ data }) => data)
const jsonOf = (bytes: Uint8Array): Fields[] =>
  eventsOf(bytes).flatMap((data) => (data === '[DONE]' ? [] : JSON.parse(data)))

const OPENAI_ENDS = { stop: 'stop', length: 'length', tool_calls: 'calls', content_filter: 'filter' } as const

function heardOpenai(message: Fields, finish: unknown, usage: unknown): Heard {
  return {
    text: strings([message.content, message.refusal, at(message.audio, 'transcript')]),
    thought: strings([message.reasoning_content]),
    calls: list(message.tool_calls).map((call) => [
      String(at(call, 'function', 'name') ?? at(call, 'custom', 'name')),
      argsOf(String(at(call, 'function', 'arguments') ?? at(call, 'custom', 'input'))),
    ]),
    urls: urlsOf(list(message.annotations).map((one) => at(one, 'url_citation', 'url'))),
    input: sum(at(usage, 'prompt_tokens')),
    output: sum(at(usage, 'completion_tokens')),
    ended: OPENAI_ENDS[finish as keyof typeof OPENAI_ENDS],
  }
}

const openaiEar: Ear = {
  dialect: openaiChat,
  whole: (answer) =>
    heardOpenai(fields(at(answer, 'choices', 0, 'message')), at(answer, 'choices', 0, 'finish_reason'), answer.usage),
  streamed(bytes) {
    const chunks = jsonOf(bytes)
    const choices = chunks.flatMap(({ choices }) => list(choices).map(fields)).filter(({ index }) => index === 0)
    const deltas = choices.map(({ delta }) => fields(delta))
    const calls: { function: { name: string; arguments: string } }[] = []
    for (const piece of deltas.flatMap(({ tool_calls }) => list(tool_calls))) {
      const index = Number(at(piece, 'index'))
      const call = calls[index] ?? { function: { name: '', arguments: '' } }
      calls[index] = call
      call.function.name += strings([at(piece, 'function', 'name'), at(piece, 'custom', 'name')])
      call.function.arguments += strings([at(piece, 'function', 'arguments'), at(piece, 'custom', 'input')])
    }
    const message = {
      content: strings(deltas.map(({ content }) => content)),
      refusal: strings(deltas.map(({ refusal }) => refusal)),
      reasoning_content: strings(deltas.map(({ reasoning_content }) => reasoning_content)),
      audio: { transcript: strings(deltas.map(({ audio }) => at(audio, 'transcript'))) },
      annotations: deltas.flatMap(({ annotations }) => list(annotations)),
      tool_calls: calls,
    }
    const ends = choices.flatMap(({ finish_reason }) => finish_reason ?? [])
    return heardOpenai(
      message,
      ends.length === 1 ? ends[0] : ends,
      chunks.findLast(({ usage }) => isFields(usage))?.usage,
    )
  },
}

const ANTHROPIC_ENDS = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'calls',
  refusal: 'filter',
} as const

function heardAnthropic(content: readonly Fields[], reason: unknown, usage: unknown): Heard {
  return {
    text: strings(content.filter(({ type }) => type === 'text').map(({ text }) => text)),
    thought: strings(content.filter(({ type }) => type === 'thinking').map(({ thinking }) => thinking)),
    calls: content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => [String(name), inputOf(input)]),
    urls: urlsOf(content.flatMap(({ citations }) => list(citations).map((one) => at(one, 'url')))),
    input: sum(
      at(usage, 'input_tokens'),
      at(usage, 'cache_read_input_tokens'),
      at(usage, 'cache_creation_input_tokens'),
    ),
    output: sum(at(usage, 'output_tokens')),
    ended: ANTHROPIC_ENDS[reason as keyof typeof ANTHROPIC_ENDS],
  }
}

const anthropicEar: Ear = {
  dialect: anthropic,
  whole: ({ content, stop_reason, usage }) => heardAnthropic(list(content).map(fields), stop_reason, usage),
  streamed(bytes) {
    const blocks: Record<string, unknown>[] = []
    const written: string[] = []
    let open: number | undefined
    let end: Fields = {}
    for (const event of jsonOf(bytes)) {
      const index = Number(event.index)
      const block = blocks[index] ?? {}
      if (event.type === 'content_block_start') {
        if (open !== undefined || index !== blocks.length) throw new Error(`block ${index} begins inside another`)
        open = index
        blocks[index] = { ...fields(event.content_block) }
        written[index] = ''
      } else if (event.type === 'content_block_delta') {
        if (open !== index) throw new Error(`block ${index} is not open`)
        const delta = fields(event.delta)
        if (delta.type === 'text_delta') block.text = strings([block.text, delta.text])
        if (delta.type === 'thinking_delta') block.thinking = strings([block.thinking, delta.thinking])
        if (delta.type === 'citations_delta') block.citations = [...list(block.citations), delta.citation]
        if (delta.type === 'input_json_delta') written[index] += String(delta.partial_json)
      } else if (event.type === 'content_block_stop') {
        open = undefined
        if (written[index] !== '') block.input = JSON.parse(written[index] ?? '')
      } else if (event.type === 'message_delta') end = event
    }
    return heardAnthropic(blocks, at(end, 'delta', 'stop_reason'), end.usage)
  },
}

const SAFETY = 'filter'
const GEMINI_ENDS: Readonly<Record<string, Heard['ended']>> = { STOP: 'stop', MAX_TOKENS: 'length' }

function heardGemini(answers: readonly Fields[]): Heard {
  const candidates = answers.flatMap((answer) => list(answer.candidates).slice(0, 1).map(fields))
  const parts = candidates.flatMap((candidate) => list(at(candidate, 'content', 'parts')).map(fields))
  const usage = answers.findLast(({ usageMetadata }) => isFields(usageMetadata))?.usageMetadata
  const calls = parts.filter(({ functionCall }) => isFields(functionCall))
  const ends = candidates.flatMap(({ finishReason }) => (typeof finishReason === 'string' ? [finishReason] : []))
  const blocked = answers.some(({ promptFeedback }) => isFields(promptFeedback))
  if (ends.length + (blocked ? 1 : 0) !== 1) throw new Error(`ends as ${JSON.stringify(ends)}`)
  const ended = blocked ? SAFETY : (GEMINI_ENDS[ends[0] ?? ''] ?? SAFETY)
  return {
    text: strings([
      ...parts.filter(({ thought }) => thought !== true).map(({ text }) => text),
      ...answers.map((answer) => at(answer, 'promptFeedback', 'blockReasonMessage')),
    ]),
    thought: strings(parts.filter(({ thought }) => thought === true).map(({ text }) => text)),
    calls: calls.map((part) => [String(at(part, 'functionCall', 'name')), inputOf(at(part, 'functionCall', 'args'))]),
    urls: urlsOf(
      candidates.flatMap((one) => [
        ...list(at(one, 'groundingMetadata', 'groundingChunks')).map((chunk) => at(chunk, 'web', 'uri')),
        ...list(at(one, 'citationMetadata', 'citationSources')).map((source) => at(source, 'uri')),
      ]),
    ),
    input: sum(at(usage, 'promptTokenCount')),
    output: sum(at(usage, 'candidatesTokenCount'), at(usage, 'thoughtsTokenCount')),
    ended: ended === 'stop' && calls.length > 0 ? 'calls' : ended,
  }
}

const geminiEar: Ear = {
  dialect: gemini,
  whole: (answer) => heardGemini([answer]),
  streamed: (bytes) =>
    heardGemini(
      new TextDecoder()
        .decode(bytes)
        .split('\r\n\r\n')
        .filter((event) => event !== '')
        .map((event) => JSON.parse(event.slice('data: '.length))),
    ),
}

function heardResponse(response: Fields): Heard {
  const output = list(response.output).map(fields)
  const parts = output.filter(({ type }) => type === 'message').flatMap(({ content }) => list(content).map(fields))
  const calls = output.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
  const reason = at(response, 'incomplete_details', 'reason')
  return {
    text: strings(parts.flatMap(({ text, refusal, transcript }) => [text, refusal, transcript])),
    thought: strings(
      output
        .filter(({ type }) => type === 'reasoning')
        .flatMap(({ summary }) => list(summary).map((part) => at(part, 'text'))),
    ),
    calls: calls.map(({ name, arguments: args, input }) => [String(name), argsOf(String(args ?? input))]),
    urls: urlsOf(parts.flatMap(({ annotations }) => list(annotations).map((one) => at(one, 'url')))),
    input: sum(at(response, 'usage', 'input_tokens')),
    output: sum(at(response, 'usage', 'output_tokens')),
    ended:
      response.status === 'completed'
        ? calls.length > 0
          ? 'calls'
          : 'stop'
        : reason === 'max_output_tokens'
          ? 'length'
          : 'filter',
  }
}

const responsesEar: Ear = {
  dialect: responses,
  whole: heardResponse,
  streamed(bytes) {
    const events = jsonOf(bytes)
    const whole = heardResponse(fields(events.at(-1)?.response))
    const said = (type: string) => strings(events.filter((event) => event.type === type).map(({ delta }) => delta))
    const pieces = said('response.output_text.delta') + said('response.refusal.delta')
    const spoken = events.some(({ item }) => at(item, 'content', 0, 'type') === 'output_audio')
    if (!spoken && pieces !== whole.text) throw new Error(`told "${pieces}", but the whole is "${whole.text}"`)
    return whole
  },
}

export const ears: Readonly<Record<string, Ear>> = {
  openai: openaiEar,
  anthropic: anthropicEar,
  gemini: geminiEar,
  responses: responsesEar,
}

export const asking: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', content: 'Hi' }],
  stream: true,
  stream_options: { include_usage: true },
}
