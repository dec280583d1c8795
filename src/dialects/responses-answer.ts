import { completionTokens, promptTokens, totalTokens, type Usage } from '../prices/usage.ts'
import type { AssistantMessage, ChatCompletion, ChatRequest, FinishReason, ThinkingBlock, ToolCall } from './chat.ts'
import { type Fields, fields, isFields, list, present, text } from './loose-json.ts'
import { flatAnnotation } from './responses-input.ts'
import { asked } from './responses-request.ts'
import { type CarriedFields, carrierItem, reasoningItem } from './responses-thoughts.ts'

/** Canonical chat as a whole response. Responses know one answer: the first choice. */
export function printResponse(answer: ChatCompletion, request: ChatRequest): Fields {
  const [choice] = answer.choices
  const ids = itemIds(answer.id)
  const finish = choice?.finish_reason ?? 'stop'
  const items = choice ? itemsOf(choice.message, choice.logprobs, ids) : []
  return responseBody({
    id: ids.response,
    createdSeconds: answer.created,
    request,
    ...ended(finish),
    output: items.map((item, at) => withStatus(item, at === items.length - 1 && isCut(finish))),
    usage: answer.usage,
    serviceTier: answer.service_tier,
  })
}

export interface ResponseParts {
  readonly id: string
  readonly createdSeconds: number
  readonly request: ChatRequest
  readonly status: 'in_progress' | 'completed' | 'incomplete'
  readonly incompleteReason?: string
  readonly output: readonly Fields[]
  readonly usage: Usage | undefined
  readonly serviceTier: string | undefined
  /** Who went on with it when the first broke off. */
  readonly continuedBy?: string | undefined
}

/** A response object; what the caller asked for is repeated in it as OpenAI does. */
export function responseBody(parts: ResponseParts): Fields {
  const { request, status, incompleteReason } = parts
  const own = askedOf(request)
  return {
    id: parts.id,
    object: 'response',
    created_at: parts.createdSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    instructions: own.instructions ?? null,
    max_output_tokens: own.max_output_tokens ?? null,
    max_tool_calls: own.max_tool_calls ?? null,
    model: request.model,
    output: parts.output,
    parallel_tool_calls: own.parallel_tool_calls ?? true,
    previous_response_id: own.previous_response_id ?? null,
    prompt_cache_key: own.prompt_cache_key ?? null,
    reasoning: { effort: null, summary: null, ...fields(own.reasoning) },
    safety_identifier: own.safety_identifier ?? null,
    service_tier: parts.serviceTier ?? own.service_tier ?? 'auto',
    store: false,
    temperature: own.temperature ?? null,
    text: { format: { type: 'text' }, ...withoutNull(fields(own.text)) },
    tool_choice: own.tool_choice ?? 'auto',
    tools: own.tools ?? [],
    top_logprobs: own.top_logprobs ?? 0,
    top_p: own.top_p ?? null,
    truncation: own.truncation ?? 'disabled',
    usage: parts.usage ? responsesUsage(parts.usage) : null,
    user: own.user ?? null,
    metadata: { ...fields(own.metadata), ...present({ continued_by: parts.continuedBy }) },
  }
}

function askedOf(request: ChatRequest): Fields {
  return asked in request ? fields(request[asked]) : {}
}

function withoutNull(given: Fields): Fields {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}

export function responsesUsage(usage: Usage): Fields {
  return {
    input_tokens: promptTokens(usage),
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    },
    output_tokens: completionTokens(usage),
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: totalTokens(usage),
  }
}

export function ended(finish: FinishReason): Pick<ResponseParts, 'status' | 'incompleteReason'> {
  if (finish === 'length') return { status: 'incomplete', incompleteReason: 'max_output_tokens' }
  if (finish === 'content_filter') return { status: 'incomplete', incompleteReason: 'content_filter' }
  return { status: 'completed' }
}

export function isCut(finish: FinishReason): boolean {
  return finish === 'length' || finish === 'content_filter'
}

export type ItemKind = 'msg' | 'rs' | 'fc' | 'ctc' | 'ig'

export interface ItemIds {
  readonly response: string
  item(kind: ItemKind, outputIndex: number): string
}

/** Ids in OpenAI's manner, made of the vendor's own, so that one answer always has the same. */
export function itemIds(answerId: string): ItemIds {
  const base = answerId.replace(/^(chatcmpl-|resp_|msg_|gen-)/, '').replace(/[^\w-]/g, '')
  return { response: `resp_${base}`, item: (kind, outputIndex) => `${kind}_${base}_${outputIndex}` }
}

function itemsOf(message: AssistantMessage, logprobs: unknown, ids: ItemIds): Fields[] {
  const items: Fields[] = []
  const add = (kind: ItemKind, make: (id: string) => Fields) => items.push(make(ids.item(kind, items.length)))
  for (const block of thoughtsOf(message)) add('rs', (id) => reasoningItem(block, id))
  const { response_items, ...aside } = fields(message.provider_specific_fields)
  items.push(...list(response_items).filter(isFields))
  for (const carried of carriedOf(message, aside)) add('rs', (id) => carrierItem(carried, id))
  const parts = contentParts(message, logprobs)
  if (parts.length > 0) add('msg', (id) => messageItem(id, parts))
  for (const result of imagesOf(message.images)) add('ig', (id) => imageItem(id, result))
  for (const call of message.tool_calls ?? []) add(call.type === 'custom' ? 'ctc' : 'fc', (id) => callItem(id, call))
  return items
}

/** Thoughts as blocks; a vendor that signs nothing has only the text. */
function thoughtsOf({ thinking_blocks, reasoning_content }: AssistantMessage): readonly ThinkingBlock[] {
  if (thinking_blocks && thinking_blocks.length > 0) return thinking_blocks
  return reasoning_content ? [{ type: 'thinking', thinking: reasoning_content }] : []
}

/** Shown to people, and needed by no vendor again. */
const SHOWN = ['citations', 'search_results', 'response_items', 'continued_by']

/** What vendors need back of a message and its calls, beside the thoughts. */
export function carriedOf(message: Pick<AssistantMessage, 'tool_calls'>, aside: Fields): CarriedFields[] {
  const own = Object.fromEntries(Object.entries(aside).filter(([name]) => !SHOWN.includes(name)))
  const calls = (message.tool_calls ?? []).flatMap(({ id, provider_specific_fields }) =>
    provider_specific_fields ? [{ call: id, fields: provider_specific_fields }] : [],
  )
  return [...(Object.keys(own).length > 0 ? [{ fields: own }] : []), ...calls]
}

function contentParts(message: AssistantMessage, logprobs: unknown): Fields[] {
  const { content, refusal, annotations, audio } = message
  const shown = isFields(audio) ? audioPart(audio) : undefined
  return [
    ...(text(content) !== undefined || (annotations?.length ?? 0) > 0
      ? [textPart(content ?? '', annotations ?? [], list(fields(logprobs).content))]
      : []),
    ...(text(refusal) !== undefined ? [{ type: 'refusal', refusal }] : []),
    ...(shown ? [shown] : []),
  ]
}

export function textPart(said: string, annotations: readonly unknown[], logprobs: readonly unknown[]): Fields {
  return { type: 'output_text', text: said, annotations: annotations.map(flatAnnotation), logprobs }
}

export function audioPart({ data, transcript }: Fields): Fields {
  return { type: 'output_audio', data: text(data) ?? '', transcript: text(transcript) ?? '' }
}

export function messageItem(id: string, content: readonly Fields[]): Fields {
  return { id, type: 'message', role: 'assistant', content }
}

export function callItem(id: string, call: ToolCall): Fields {
  const { name, arguments: written } = call.function
  return call.type === 'custom'
    ? { id, type: 'custom_tool_call', call_id: call.id, name, input: written }
    : { id, type: 'function_call', call_id: call.id, name, arguments: written }
}

export function imageItem(id: string, result: string): Fields {
  return { id, type: 'image_generation_call', result }
}

/** The base64 of pictures that LiteLLM's `images` has as data URLs. */
export function imagesOf(images: readonly unknown[] | undefined): string[] {
  return (images ?? []).flatMap((image) => {
    const url = text(fields(fields(image).image_url).url)
    return url === undefined ? [] : [url.startsWith('data:') ? url.slice(url.indexOf(',') + 1) : url]
  })
}

/** Every item but reasoning and a vendor's own has a status. */
export function withStatus(item: Fields, cut: boolean): Fields {
  if (item.type === 'reasoning' || item.status !== undefined) return item
  return { ...item, status: cut ? 'incomplete' : 'completed' }
}
