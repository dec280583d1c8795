import type {
  AssistantMessage,
  ChatChoice,
  ChatChunk,
  ChatCompletion,
  ChatDelta,
  ThinkingBlock,
  ToolCall,
} from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, place, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { annotationsOf } from './gemini-citations.ts'
import { errorIn, geminiFailure } from './gemini-failure.ts'
import { asideOf, blockIn, finishOf, logprobsOf } from './gemini-finish.ts'
import { type Candidate, closeCall, newCandidate, readParts } from './gemini-parts.ts'
import { geminiUsage, searches } from './gemini-usage.ts'
import type { ChunkReader, Reading } from './translator.ts'

/** A whole answer of `generateContent` as canonical chat. */
export function geminiCompletion(body: unknown, reading: Reading): ChatCompletion {
  const answer = fields(Array.isArray(body) ? body[0] : body)
  if (errorIn(body) !== undefined) {
    const { kind, message, status } = geminiFailure(200, new Headers(), JSON.stringify(body))
    throw new GatewayError(kind, message, { status })
  }
  const usage = geminiUsage(answer)
  const blocked = blockIn(answer)
  const candidates = list(answer.candidates).filter(isFields)
  if (!blocked && candidates.length === 0)
    throw new GatewayError('upstream_failed', "The provider's answer has no candidates and does not say why.", {
      billed: usage !== undefined,
    })
  return {
    ...headOf(answer, reading),
    choices: blocked ? [blockedChoice(blocked)] : candidates.map((one, at) => wholeChoice(one, at, reading)),
    ...present({ usage, service_tier: tierOf(answer) }),
  }
}

function wholeChoice(candidate: Fields, at: number, reading: Reading): ChatChoice {
  const index = place(candidate.index) ?? at
  const memory = newCandidate(reading.id, index)
  const delta = readParts(candidate.content, memory, false)
  const calls = [...(delta.tool_calls ?? []), ...closeCall(memory)].map(wholeCall)
  const finish = finishOf(candidate, calls.length > 0)
  if (finish?.how === 'failed') throw new GatewayError('upstream_failed', finish.message, { billed: true })
  const aside = { ...delta.provider_specific_fields, ...asideOf(candidate) }
  const annotations = annotationsOf(candidate, memory.texts)
  const silent = calls.length > 0 || delta.images !== undefined || delta.audio !== undefined
  const message: AssistantMessage = {
    role: 'assistant',
    content: delta.content ?? (silent ? null : ''),
    ...present({ reasoning_content: delta.reasoning_content, images: delta.images, audio: delta.audio }),
    ...present({ refusal: finish?.how === 'content_filter' ? text(candidate.finishMessage) : undefined }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(delta.thinking_blocks && { thinking_blocks: folded(delta.thinking_blocks) }),
    ...(annotations.length > 0 && { annotations }),
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
  return {
    index,
    message,
    finish_reason: finish?.how ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    ...present({ logprobs: logprobsOf(candidate) }),
  }
}

type CallDelta = NonNullable<ChatDelta['tool_calls']>[number]

function wholeCall({ index: _, id, type, function: written, ...rest }: CallDelta): ToolCall {
  return {
    id: id ?? '',
    type: type ?? 'function',
    function: { name: written?.name ?? '', arguments: written?.arguments ?? '{}' },
    ...rest,
  }
}

/** Pieces of a thought are one thought, up to the piece that is signed. */
export function folded(pieces: readonly ThinkingBlock[]): ThinkingBlock[] {
  const blocks: ThinkingBlock[] = []
  for (const piece of pieces) {
    const last = blocks.at(-1)
    if (piece.type === 'thinking' && last?.type === 'thinking' && last.signature === undefined)
      blocks[blocks.length - 1] = { ...piece, thinking: last.thinking + piece.thinking }
    else blocks.push(piece)
  }
  return blocks
}

type Blocked = NonNullable<ReturnType<typeof blockIn>>

function blockedChoice({ refusal, aside }: Blocked): ChatChoice {
  return {
    index: 0,
    message: { role: 'assistant', content: null, refusal, provider_specific_fields: aside },
    finish_reason: 'content_filter',
  }
}

function headOf(answer: Fields, reading: Reading): Pick<ChatChunk, 'id' | 'created' | 'model'> {
  return {
    id: text(answer.responseId) ?? reading.id,
    created: reading.createdSeconds,
    model: text(answer.modelVersion) ?? reading.request.model,
  }
}

function tierOf(answer: Fields): string | undefined {
  return text(fields(answer.usageMetadata).serviceTier)?.toLowerCase()
}

interface StreamedCandidate extends Candidate {
  spoke: boolean
  finished: boolean
  /** What only counts when it is the last of its kind. */
  told: Fields
}

/** Reads one stream of `streamGenerateContent`. It is whole when every candidate has ended, or the prompt was blocked. */
export function geminiReader(reading: Reading): ChunkReader {
  const candidates = new Map<number, StreamedCandidate>()
  const wanted = reading.request.n ?? 1
  let isBlocked = false
  let malformed = 0
  let error: string | undefined
  let usage: Usage | undefined
  let searched: Pick<Usage, 'webSearches'> = {}

  const candidateAt = (index: number): StreamedCandidate => {
    const known = candidates.get(index) ?? {
      ...newCandidate(reading.id, index),
      spoke: false,
      finished: false,
      told: {},
    }
    candidates.set(index, known)
    return known
  }

  const readOne = (answer: Fields): ChatChunk[] => {
    const choices: ChatChunk['choices'][number][] = []
    const blocked = blockIn(answer)
    if (blocked && !isBlocked && candidates.size === 0) {
      isBlocked = true
      const delta = { role: 'assistant' as const, refusal: blocked.refusal, provider_specific_fields: blocked.aside }
      choices.push({ index: 0, delta, finish_reason: 'content_filter' })
    }
    for (const [at, candidate] of list(answer.candidates).entries()) {
      if (!isFields(candidate) || isBlocked) continue
      const index = place(candidate.index) ?? at
      const known = candidateAt(index)
      const finish = finishOf(candidate, known.calls > 0 || hasCall(candidate) || known.open !== undefined)
      if (finish?.how === 'failed') error = finish.message
      else choices.push(...readChoice({ candidate, index, known, finish: finish?.how }))
    }
    searched = { ...searched, ...searches(answer) }
    const counted = geminiUsage(answer)
    if (counted) usage = { ...counted, ...searched }
    if (choices.length === 0 && !counted) return []
    return [{ ...headOf(answer, reading), choices, ...present({ usage, service_tier: tierOf(answer) }) }]
  }

  return {
    read({ event, data }) {
      const body = data.trim()
      if (body === '' || body === '[DONE]' || error !== undefined) return []
      const answer = parsed(body)
      if (event === 'error' || errorIn(answer) !== undefined) {
        error = geminiFailure(200, new Headers(), body).message
        return []
      }
      const answers = (Array.isArray(answer) ? answer : [answer]).filter(isFields)
      if (answers.length === 0) malformed += 1
      return answers.flatMap(readOne)
    },
    get complete() {
      const finished = [...candidates.values()].filter((candidate) => candidate.finished).length
      return error === undefined && (isBlocked || finished >= wanted)
    },
    get error() {
      return error
    },
    get malformed() {
      return malformed
    },
  }
}

function hasCall({ content }: Fields): boolean {
  return list(fields(content).parts).some((part) => isFields(fields(part).functionCall))
}

interface CandidateEvent {
  readonly candidate: Fields
  readonly index: number
  readonly known: StreamedCandidate
  readonly finish: ChatChoice['finish_reason'] | undefined
}

function readChoice({ candidate, index, known, finish }: CandidateEvent): ChatChunk['choices'] {
  const first = finish !== undefined && !known.finished
  const delta = readParts(candidate.content, known, true)
  const calls = [...(delta.tool_calls ?? []), ...(first ? closeCall(known) : [])]
  const { content: _, tokenCount: __, finishReason: reason, ...told } = candidate
  known.told = { ...known.told, ...told, ...present({ finishReason: reason }) }
  // Sources and ratings come with the end, or after it; until then each event may only repeat them.
  const ends = first || (known.finished && isFields(candidate.groundingMetadata))
  const annotations = ends ? annotationsOf(known.told, known.texts) : []
  const aside = { ...delta.provider_specific_fields, ...(ends && asideOf(known.told)) }
  const words: ChatDelta = {
    ...(!known.spoke && { role: 'assistant' as const }),
    ...delta,
    ...(first && finish === 'content_filter' && present({ refusal: text(candidate.finishMessage) })),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(annotations.length > 0 && { annotations }),
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
  const logprobs = logprobsOf(candidate)
  const said = Object.keys(words).length - (known.spoke ? 0 : 1)
  if (said === 0 && !first && logprobs === undefined) return []
  known.spoke = true
  known.finished ||= first
  return [{ index, delta: words, ...(first && { finish_reason: finish }), ...present({ logprobs }) }]
}
