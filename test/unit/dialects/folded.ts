import type {
  AssistantMessage,
  ChatChoice,
  ChatChunk,
  ChatCompletion,
  ThinkingBlock,
  ToolCall,
} from '../../../src/dialects/chat.ts'

/** What a stream of chunks says, as one answer: what every client does with it. */
export function folded(chunks: readonly ChatChunk[]): ChatCompletion {
  const [first] = chunks
  const indexes = [...new Set(chunks.flatMap(({ choices }) => choices.map(({ index }) => index)))].toSorted(
    (a, b) => a - b,
  )
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage
  const tier = chunks.findLast((chunk) => chunk.service_tier)?.service_tier
  return {
    id: first?.id ?? '',
    created: first?.created ?? 0,
    model: first?.model ?? '',
    choices: indexes.map((index) => choice(index, chunks)),
    ...(usage && { usage }),
    ...(tier && { service_tier: tier }),
  }
}

function choice(index: number, chunks: readonly ChatChunk[]): ChatChoice {
  const parts = chunks.flatMap(({ choices }) => choices.filter((one) => one.index === index))
  const deltas = parts.map(({ delta }) => delta)
  const text = (of: 'content' | 'refusal' | 'reasoning_content') => {
    const found = deltas.map((delta) => delta[of]).filter((one) => one !== undefined)
    return found.length === 0 ? undefined : found.join('')
  }
  const calls: {
    id: string
    type: string
    name: string
    args: string
    aside?: ToolCall['provider_specific_fields']
  }[] = []
  for (const piece of deltas.flatMap((delta) => delta.tool_calls ?? [])) {
    const call = calls[piece.index] ?? { id: '', type: '', name: '', args: '' }
    calls[piece.index] = call
    call.id += piece.id ?? ''
    call.type += piece.type ?? ''
    call.name += piece.function?.name ?? ''
    call.args += piece.function?.arguments ?? ''
    if (piece.provider_specific_fields) call.aside = { ...call.aside, ...piece.provider_specific_fields }
  }
  const blocks = deltas.flatMap((delta) => delta.thinking_blocks ?? []).reduce<ThinkingBlock[]>(joinBlock, [])
  const annotations = deltas.flatMap((delta) => delta.annotations ?? [])
  const images = deltas.flatMap((delta) => delta.images ?? [])
  const asides = deltas.flatMap((delta) => delta.provider_specific_fields ?? [])
  const audio = deltas.flatMap((delta) => (delta.audio === undefined ? [] : [delta.audio]))
  const logprobs = parts.flatMap((part) => (part.logprobs ? [part.logprobs] : []))
  const stop = parts.findLast((part) => part.stop_sequence)?.stop_sequence
  const refusal = text('refusal')
  const reasoning = text('reasoning_content')
  const message: AssistantMessage = {
    role: 'assistant',
    content: text('content') ?? null,
    ...(refusal !== undefined && { refusal }),
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, type, name, args, aside }) => ({
        id,
        type,
        function: { name, arguments: args },
        ...(aside && { provider_specific_fields: aside }),
      })),
    }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(audio.length > 0 && { audio: Object.assign({}, ...audio) }),
    ...(asides.length > 0 && { provider_specific_fields: Object.assign({}, ...asides) }),
  }
  return {
    index,
    message,
    finish_reason: parts.find((part) => part.finish_reason)?.finish_reason ?? 'stop',
    ...(logprobs.length > 0 && { logprobs: joinedLogprobs(logprobs) }),
    ...(stop !== undefined && { stop_sequence: stop }),
  }
}

function joinBlock(blocks: ThinkingBlock[], next: ThinkingBlock): ThinkingBlock[] {
  const last = blocks.at(-1)
  if (next.type !== 'thinking' || last?.type !== 'thinking' || last.signature !== undefined) return [...blocks, next]
  return [...blocks.slice(0, -1), { ...last, ...next, thinking: last.thinking + next.thinking }]
}

function joinedLogprobs(all: readonly unknown[]): unknown {
  return { content: all.flatMap((one) => (one as { content?: unknown[] }).content ?? []), refusal: null }
}
