import type {
  AssistantMessage,
  ChatChoice,
  ChatChunk,
  ChatCompletion,
  ThinkingBlock,
  ToolCall,
} from '../dialects/chat.ts'
import { GatewayError } from '../errors.ts'

type Choice = ChatChunk['choices'][number]
type Fields = Readonly<Record<string, unknown>>

interface Begun {
  content?: string
  refusal?: string
  reasoning?: string
  readonly blocks: ThinkingBlock[]
  readonly calls: { id: string; type: string; name: string; written: string; aside?: Fields }[]
  readonly annotations: unknown[]
  readonly images: unknown[]
  aside?: Fields | undefined
  logprobs?: Record<string, unknown[]> | undefined
  finish?: ChatChoice['finish_reason']
  stopSequence?: string
}

/** The chunks of a whole stream as the answer that they are. Undefined where they say what cannot be put together again. */
export function assembled(chunks: readonly ChatChunk[]): ChatCompletion | undefined {
  const [first] = chunks
  if (!first) return undefined
  const choices = new Map<number, Begun>()
  let usage: ChatCompletion['usage']
  let tier: string | undefined
  try {
    for (const chunk of chunks) {
      usage = chunk.usage ?? usage
      tier = chunk.service_tier ?? tier
      for (const choice of chunk.choices) {
        const begun = choices.get(choice.index) ?? { blocks: [], calls: [], annotations: [], images: [] }
        choices.set(choice.index, begun)
        add(begun, choice)
      }
    }
    const whole = [...choices].sort(([a], [b]) => a - b).map(([index, begun]) => wholeChoice(index, begun))
    const { id, created, model } = first
    return { id, created, model, choices: whole, ...(usage && { usage }), ...(tier && { service_tier: tier }) }
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** Told to nobody: it only ends the putting together. */
const cannot = () => new GatewayError('internal', 'This stream cannot be put together again.')

function add(begun: Begun, { delta, finish_reason, logprobs, stop_sequence }: Choice): void {
  const { content, refusal, reasoning_content: thought, tool_calls: calls = [], thinking_blocks: blocks = [] } = delta
  // Sound comes in pieces of its own.
  if (delta.audio !== undefined && delta.audio !== null) throw cannot()
  if (content !== undefined) begun.content = (begun.content ?? '') + content
  if (refusal) begun.refusal = (begun.refusal ?? '') + refusal
  if (thought !== undefined) begun.reasoning = (begun.reasoning ?? '') + thought
  for (const block of blocks) addBlock(begun.blocks, block)
  for (const call of calls) addCall(begun, call)
  begun.annotations.push(...(delta.annotations ?? []))
  begun.images.push(...(delta.images ?? []))
  begun.aside = merged(begun.aside, delta.provider_specific_fields)
  begun.logprobs = addLogprobs(begun.logprobs, logprobs)
  if (finish_reason) begun.finish = finish_reason
  if (stop_sequence !== undefined) begun.stopSequence = stop_sequence
}

function addBlock(blocks: ThinkingBlock[], block: ThinkingBlock): void {
  const last = blocks.at(-1)
  if (block.type === 'thinking' && last?.type === 'thinking' && last.signature === undefined)
    blocks[blocks.length - 1] = { ...last, ...block, thinking: last.thinking + block.thinking }
  else blocks.push(block)
}

function addCall(begun: Begun, piece: NonNullable<Choice['delta']['tool_calls']>[number]): void {
  const call = begun.calls[piece.index]
  const { name = '', arguments: written = '' } = piece.function ?? {}
  if (call) {
    call.name += name
    call.written += written
    const aside = merged(call.aside, piece.provider_specific_fields)
    if (aside) call.aside = aside
  } else {
    if (piece.index !== begun.calls.length || piece.id === undefined) throw cannot()
    const aside = piece.provider_specific_fields
    begun.calls.push({ id: piece.id, type: piece.type ?? 'function', name, written, ...(aside && { aside }) })
  }
}

/** What is said twice has to be said alike. */
function merged(before: Fields | undefined, more: Fields | undefined): Fields | undefined {
  if (!before || !more) return before ?? more
  for (const [name, value] of Object.entries(more))
    if (name in before && JSON.stringify(before[name]) !== JSON.stringify(value)) throw cannot()
  return { ...before, ...more }
}

function addLogprobs(
  before: Record<string, unknown[]> | undefined,
  more: unknown,
): Record<string, unknown[]> | undefined {
  if (typeof more !== 'object' || more === null) return before
  const sum = { ...before }
  for (const [name, list] of Object.entries(more)) {
    if (list === null) continue
    if (!Array.isArray(list)) throw cannot()
    sum[name] = [...(sum[name] ?? []), ...list]
  }
  return sum
}

function wholeChoice(index: number, begun: Begun): ChatChoice {
  const { content, refusal, reasoning, blocks, calls, annotations, images, aside, logprobs, stopSequence } = begun
  if (begun.finish === undefined) throw cannot()
  const message: AssistantMessage = {
    role: 'assistant',
    content: content === undefined || (content === '' && calls.length > 0) ? null : content,
    ...(refusal !== undefined && { refusal }),
    ...(calls.length > 0 && { tool_calls: calls.map(wholeCall) }),
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(aside && Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
  return {
    index,
    message,
    finish_reason: begun.finish,
    ...(logprobs && Object.keys(logprobs).length > 0 && { logprobs }),
    ...(stopSequence !== undefined && { stop_sequence: stopSequence }),
  }
}

function wholeCall({ id, type, name, written, aside }: Begun['calls'][number]): ToolCall {
  return { id, type, function: { name, arguments: written }, ...(aside && { provider_specific_fields: aside }) }
}
