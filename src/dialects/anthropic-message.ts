import { completionTokens, noUsage, type Usage } from '../prices/usage.ts'
import { assistantBlocks } from './anthropic-assistant.ts'
import { citationOf } from './anthropic-citations.ts'
import type { Block } from './anthropic-parts.ts'
import { pictureBlock } from './anthropic-pictures.ts'
import { stopReasonOf } from './anthropic-stop-reason.ts'
import type { ChatCompletion, ChatRequest } from './chat.ts'
import { type Fields, fields, isFields, list, parsed, present, text } from './loose-json.ts'

/** A whole answer as `/v1/messages` gives it. `model` is the name that the caller asked for. */
export function printMessage(answer: ChatCompletion, request: ChatRequest): Fields {
  const [choice] = answer.choices
  const message = { ...choice?.message }
  const aside = fields(message.provider_specific_fields)
  const refusal = aside.stop_details === undefined ? message.refusal : undefined
  const content = answerBlocks({ ...message, content: message.content ?? spoken(message.audio), refusal })
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content,
    stop_reason: stopReasonOf({
      finish: choice?.finish_reason,
      stopSequence: choice?.stop_sequence,
      calls: content.some(({ type }) => type === 'tool_use'),
      refused: typeof refusal === 'string' && refusal !== '',
      aside,
    }),
    stop_sequence: choice?.stop_sequence ?? null,
    ...present({
      stop_details: aside.stop_details,
      container: aside.container,
      context_management: aside.context_management,
    }),
    usage: printUsage(answer.usage ?? noUsage, answer.service_tier),
  }
}

/** Speech by its words: this dialect has no sound in answers. */
export function spoken(audio: unknown): string | undefined {
  return text(fields(audio).transcript)
}

/** Thoughts without signatures (other vendors') are shown too; they come back unsigned and are then left out. */
function answerBlocks(message: Fields): Block[] {
  const blocks = assistantBlocks({ ...message, tool_calls: list(message.tool_calls).map(tolerant) }, 'message')
  const thinks = blocks.some(({ type }) => type === 'thinking' || type === 'redacted_thinking')
  const reasoning = message.reasoning_content
  const thought = typeof reasoning === 'string' && reasoning !== '' && !thinks
  const asides = new Map(
    list(message.tool_calls).map((call) => [fields(call).id, fields(call).provider_specific_fields]),
  )
  const cited = blocks.some(({ citations }) => citations !== undefined)
  const citations = (cited ? [] : list(message.annotations)).map(citationOf).filter((one) => one !== undefined)
  return [
    ...(thought ? [{ type: 'thinking', thinking: reasoning, signature: '' }] : []),
    ...withPictures(blocks, message.images).map((block) => shown(block, citations, asides.get(block.id))),
  ]
}

/** Pictures stand behind the words and before the calls. */
function withPictures(blocks: readonly Block[], images: unknown): readonly Block[] {
  const pictures = list(images).flatMap(pictureBlock)
  if (pictures.length === 0) return blocks
  const at = blocks.findIndex(({ type }) => type === 'tool_use')
  return at < 0 ? [...blocks, ...pictures] : blocks.toSpliced(at, 0, ...pictures)
}

/** What other vendors hang on a call (Gemini's thought signatures) is shown on it, and comes back with it. */
function shown(block: Block, citations: readonly Fields[], aside: unknown): Block {
  if (block.type === 'thinking') return { signature: '', ...block }
  if (block.type === 'tool_use' && isFields(aside)) return { ...block, ...callAside(aside) }
  if (block.type !== 'text' || block.citations !== undefined || citations.length === 0) return block
  return { ...block, citations }
}

/** What other vendors hang on a call, which comes back with it. */
export function callAside(aside: Fields): Fields {
  const { caller: _, ...others } = aside
  return Object.keys(others).length > 0 ? { provider_specific_fields: others } : {}
}

/** Arguments that the answer's end cut off are no JSON object; they are shown as what they are. */
function tolerant(call: unknown): Fields {
  const { provider_specific_fields: aside, ...rest } = fields(call)
  const { name, arguments: written } = fields(rest.function)
  const input = typeof written === 'string' && written.trim() !== '' ? parsed(written) : {}
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
  const kept = isObject ? input : { input: written }
  return { ...rest, function: { name, arguments: kept }, provider_specific_fields: aside }
}

/** Anthropic counts cached tokens beside the input. */
export function printUsage(usage: Usage, serviceTier?: string): Fields {
  return {
    input_tokens: usage.inputTokens + usage.inputAudioTokens + usage.inputImageTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: completionTokens(usage),
    ...(usage.reasoningTokens > 0 && { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
    ...(usage.webSearches !== undefined && { server_tool_use: { web_search_requests: usage.webSearches } }),
    ...(serviceTier !== undefined && { service_tier: serviceTier === 'default' ? 'standard' : serviceTier }),
  }
}
