import { anthropic } from '../../../src/dialects/anthropic.ts'
import type { ChatRequest } from '../../../src/dialects/chat.ts'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { gemini } from '../../../src/dialects/gemini.ts'
import { type Fields, fields, isFields, list } from '../../../src/dialects/loose-json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat.ts'
import { responses } from '../../../src/dialects/responses.ts'
import { serverSent } from '../dialects/server-sent.ts'

/** What the client of any dialect has in the end, by words that all of them share. */
export interface Heard extends HeardBySome {
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

/** What only some dialects have a word for; absent where nothing is heard of it. */
export interface HeardBySome {
  /** Pictures by their content, as base64. */
  readonly pictures?: readonly string[]
  /** Which of the stop sequences ended it. */
  readonly stopped?: string
  /** Of the prompt: read from the cache, written for five minutes, written for an hour. */
  readonly cached?: readonly [read: number, written: number, writtenForAnHour: number]
  /** Sound, as base64. */
  readonly sound?: string
  /** The words of which the likelihood is told. */
  readonly likely?: readonly string[]
  /** The texts of all answers but the first. */
  readonly others?: readonly string[]
}

interface Ear {
  readonly dialect: Dialect
  /** What clients of this dialect cannot be told. */
  readonly deaf: readonly (keyof HeardBySome)[]
  whole(answer: Fields): Heard
  streamed(bytes: Uint8Array): Heard
}

/** Without what is empty: it was not said. */
function some({
  pictures = [],
  stopped,
  cached,
  sound,
  likely = [],
  others = [],
}: {
  readonly [K in keyof HeardBySome]: HeardBySome[K] | undefined
}): HeardBySome {
  return {
    ...(pictures.length > 0 && { pictures }),
    ...(stopped !== undefined && { stopped }),
    ...(cached?.some((count) => count > 0) && { cached }),
    ...(sound !== undefined && sound !== '' && { sound }),
    ...(likely.length > 0 && { likely }),
    ...(others.length > 0 && { others }),
  }
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0)
const base64In = (url: unknown): string => String(url).replace(/^data:[^,]*,/, '')
/** Clients that know no pictures have them as Markdown. */
const PICTURE = /!\[[^\]]*\]\(data:[^,)]*,([^)]*)\)\n?/g
const tokensOf = (logprobs: unknown): string[] => list(at(logprobs, 'content')).map((one) => String(at(one, 'token')))

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

interface OpenaiAnswer {
  readonly message: Fields
  readonly choice: Fields
  readonly finish: unknown
  readonly usage: unknown
  readonly others: readonly string[]
}

function heardOpenai({ message, choice, finish, usage, others }: OpenaiAnswer): Heard {
  return {
    ...some({
      pictures: list(message.images).map((image) => base64In(at(image, 'image_url', 'url'))),
      stopped: typeof choice.stop_reason === 'string' ? choice.stop_reason : undefined,
      cached: [
        count(at(usage, 'prompt_tokens_details', 'cached_tokens')),
        count(at(usage, 'prompt_tokens_details', 'cache_creation_token_details', 'ephemeral_5m_input_tokens')),
        count(at(usage, 'prompt_tokens_details', 'cache_creation_token_details', 'ephemeral_1h_input_tokens')),
      ],
      sound: strings([at(message.audio, 'data')]),
      likely: tokensOf(choice.logprobs),
      others,
    }),
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
  deaf: [],
  whole: ({ choices: told, usage }) => {
    const [choice = {}, ...others] = list(told).map(fields)
    return heardOpenai({
      message: fields(choice.message),
      choice,
      finish: choice.finish_reason,
      usage,
      others: others.map((one) => strings([at(one, 'message', 'content')])),
    })
  },
  streamed(bytes) {
    const chunks = jsonOf(bytes)
    const all = chunks.flatMap(({ choices }) => list(choices).map(fields))
    const choices = all.filter(({ index }) => index === 0)
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
      audio: {
        transcript: strings(deltas.map(({ audio }) => at(audio, 'transcript'))),
        data: strings(deltas.map(({ audio }) => at(audio, 'data'))),
      },
      images: deltas.flatMap(({ images }) => list(images)),
      annotations: deltas.flatMap(({ annotations }) => list(annotations)),
      tool_calls: calls,
    }
    const ends = choices.flatMap(({ finish_reason }) => finish_reason ?? [])
    const others = [...new Set(all.map(({ index }) => Number(index)))].filter((index) => index > 0)
    return heardOpenai({
      message,
      choice: {
        stop_reason: choices.findLast(({ stop_reason }) => stop_reason !== undefined)?.stop_reason,
        logprobs: { content: choices.flatMap(({ logprobs }) => list(at(logprobs, 'content'))) },
      },
      finish: ends.length === 1 ? ends[0] : ends,
      usage: chunks.findLast(({ usage }) => isFields(usage))?.usage,
      others: others.map((other) =>
        strings(all.filter(({ index }) => index === other).map(({ delta }) => at(delta, 'content'))),
      ),
    })
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

function heardAnthropic(content: readonly Fields[], end: Fields, usage: unknown): Heard {
  const text = strings(content.filter(({ type }) => type === 'text').map((block) => block.text))
  return {
    ...some({
      pictures: [...text.matchAll(PICTURE)].map(([, data = '']) => data),
      stopped: typeof end.stop_sequence === 'string' ? end.stop_sequence : undefined,
      cached: [
        count(at(usage, 'cache_read_input_tokens')),
        count(at(usage, 'cache_creation', 'ephemeral_5m_input_tokens')),
        count(at(usage, 'cache_creation', 'ephemeral_1h_input_tokens')),
      ],
      sound: undefined,
      likely: [],
      others: [],
    }),
    text: text.replaceAll(PICTURE, ''),
    thought: strings(content.filter(({ type }) => type === 'thinking').map(({ thinking }) => thinking)),
    calls: content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => [String(name), inputOf(input)]),
    urls: urlsOf(content.flatMap(({ citations }) => list(citations).map((one) => at(one, 'url')))),
    input: sum(
      at(usage, 'input_tokens'),
      at(usage, 'cache_read_input_tokens'),
      at(usage, 'cache_creation_input_tokens'),
    ),
    output: sum(at(usage, 'output_tokens')),
    ended: ANTHROPIC_ENDS[end.stop_reason as keyof typeof ANTHROPIC_ENDS],
  }
}

const anthropicEar: Ear = {
  dialect: anthropic,
  deaf: ['sound', 'likely', 'others'],
  whole: (answer) => heardAnthropic(list(answer.content).map(fields), answer, answer.usage),
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
    return heardAnthropic(blocks, fields(end.delta), end.usage)
  },
}

const SAFETY = 'filter'
const GEMINI_ENDS: Readonly<Record<string, Heard['ended']>> = { STOP: 'stop', MAX_TOKENS: 'length' }

function heardGemini(answers: readonly Fields[]): Heard {
  const candidates = answers.flatMap(({ candidates: told }) =>
    list(told)
      .map(fields)
      .filter(({ index }) => index === 0),
  )
  const parts = candidates.flatMap((candidate) => list(at(candidate, 'content', 'parts')).map(fields))
  const usage = answers.findLast(({ usageMetadata }) => isFields(usageMetadata))?.usageMetadata
  const calls = parts.filter(({ functionCall }) => isFields(functionCall))
  const ends = candidates.flatMap(({ finishReason }) => (typeof finishReason === 'string' ? [finishReason] : []))
  const blocked = answers.some(({ promptFeedback }) => isFields(promptFeedback))
  if (ends.length + (blocked ? 1 : 0) !== 1) throw new Error(`ends as ${JSON.stringify(ends)}`)
  const ended = blocked ? SAFETY : (GEMINI_ENDS[ends[0] ?? ''] ?? SAFETY)
  const media = (kind: string) =>
    parts.map((part) => fields(part.inlineData)).filter(({ mimeType }) => String(mimeType).startsWith(kind))
  const every = answers.flatMap((answer) => list(answer.candidates).map(fields))
  const others = [...new Set(every.map(({ index }) => Number(index)))].filter((index) => index > 0)
  const wordsOf = (one: Fields) => list(at(one, 'content', 'parts')).map((part) => at(part, 'text'))
  return {
    ...some({
      pictures: media('image/').map(({ data }) => String(data)),
      stopped: undefined,
      cached: [count(at(usage, 'cachedContentTokenCount')), 0, 0],
      sound: strings(media('audio/').map(({ data }) => data)),
      likely: candidates.flatMap((one) =>
        list(at(one, 'logprobsResult', 'chosenCandidates')).map((token) => String(at(token, 'token'))),
      ),
      others: others.map((other) => strings(every.filter(({ index }) => index === other).flatMap(wordsOf))),
    }),
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
  deaf: ['stopped'],
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
    ...some({
      pictures: output.filter(({ type }) => type === 'image_generation_call').map(({ result }) => String(result)),
      stopped: undefined,
      cached: [
        count(at(response, 'usage', 'input_tokens_details', 'cached_tokens')),
        count(at(response, 'usage', 'input_tokens_details', 'cache_write_tokens')),
        0,
      ],
      sound: strings(parts.map(({ type, data }) => (type === 'output_audio' ? data : undefined))),
      likely: parts.flatMap(({ logprobs }) => list(logprobs).map((one) => String(at(one, 'token')))),
      others: [],
    }),
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
  deaf: ['stopped', 'others'],
  whole: heardResponse,
  streamed(bytes) {
    const events = jsonOf(bytes)
    const whole = heardResponse(fields(events.at(-1)?.response))
    const said = (type: string) => strings(events.filter((event) => event.type === type).map(({ delta }) => delta))
    const pieces = said('response.output_text.delta') + said('response.refusal.delta')
    const spoken = events.some(({ item }) => at(item, 'content', 0, 'type') === 'output_audio')
    const marks = events.filter(({ type }) => type === 'response.output_text.annotation.added')
    const told = urlsOf(marks.map(({ annotation }) => at(annotation, 'url')))
    if (told.join() !== whole.urls.join()) throw new Error(`told the sources ${told}, but the whole has ${whole.urls}`)
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
  tools: ['weather', 'weather_week', 'clock'].map((name) => ({ type: 'function', function: { name } })),
  stream: true,
  stream_options: { include_usage: true },
}
