import type { ChatCompletion, ChatDelta, FinishReason, ThinkingBlock, ToolCall } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, present, text } from '../dialects/loose-json.ts'
import { nestedAnnotation } from '../dialects/responses-input.ts'
import { reasoningText, thoughtIn } from '../dialects/responses-thoughts.ts'
import { GatewayError } from '../errors.ts'
import { openaiFailure } from './openai-failure.ts'
import { openaiResponsesUsage } from './openai-responses-usage.ts'
import type { Reading } from './translator.ts'

/** A whole response as canonical chat. */
export function openaiResponsesCompletion(body: unknown, reading: Reading): ChatCompletion {
  const response = fields(body)
  if (!Array.isArray(response.output)) throw failed(response)
  if (response.status === 'failed' || response.status === 'cancelled') throw failed(response)
  const said = saidIn(response.output.filter(isFields))
  const usage = openaiResponsesUsage(response)
  const { logprobs, calls, ...message } = said
  return {
    id: text(response.id) ?? reading.id,
    created: number(response.created_at) ?? reading.createdSeconds,
    model: text(response.model) ?? reading.request.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: null, ...message, ...(calls.length > 0 && { tool_calls: calls }) },
        finish_reason: finishOf(response, calls.length > 0),
        ...(logprobs.length > 0 && { logprobs: { content: logprobs, refusal: null } }),
      },
    ],
    ...present({ usage, service_tier: text(response.service_tier) }),
  }
}

type Message = Omit<ChatDelta, 'role' | 'tool_calls'>

type Said = Message & { readonly logprobs: readonly unknown[]; readonly calls: readonly ToolCall[] }

export function saidIn(items: readonly Fields[]): Said {
  const calls: ToolCall[] = []
  const others: Fields[] = []
  const parts: Fields[] = []
  const images: unknown[] = []
  const blocks: ThinkingBlock[] = []
  for (const item of items) {
    if (item.type === 'message') parts.push(...list(item.content).filter(isFields))
    else if (item.type === 'function_call' || item.type === 'custom_tool_call') calls.push(callOf(item))
    else if (item.type === 'reasoning') blocks.push(...blockIn(item))
    else if (item.type === 'image_generation_call') images.push(...imageOf(item))
    else others.push(item)
  }
  const sounds = parts.filter(({ type }) => type === 'output_audio')
  const content = parts.flatMap((part) => text(part.text) ?? []).join('')
  const refusal = parts.flatMap((part) => text(part.refusal) ?? []).join('')
  const reasoning = items.filter(({ type }) => type === 'reasoning').map(reasoningText)
  const annotations = annotationsIn(parts)
  return {
    ...(content !== '' && { content }),
    ...(refusal !== '' && { refusal }),
    ...(reasoning.some((one) => one !== '') && {
      reasoning_content: reasoning.filter((one) => one !== '').join('\n\n'),
    }),
    ...(blocks.length > 0 && { thinking_blocks: blocks }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(sounds.length > 0 && { audio: { data: together(sounds, 'data'), transcript: together(sounds, 'transcript') } }),
    ...(others.length > 0 && { provider_specific_fields: { response_items: others } }),
    logprobs: parts.flatMap((part) => list(part.logprobs)),
    calls,
  }
}

function together(sounds: readonly Fields[], name: 'data' | 'transcript'): string {
  return sounds.map((sound) => text(sound[name]) ?? '').join('')
}

export function blockIn(item: Fields): ThinkingBlock[] {
  const thought = thoughtIn(item)
  return thought && 'block' in thought ? [thought.block] : []
}

export function callOf(item: Fields): ToolCall {
  const custom = item.type === 'custom_tool_call'
  const written = custom ? item.input : item.arguments
  return {
    id: text(item.call_id) ?? text(item.id) ?? '',
    type: custom ? 'custom' : 'function',
    function: { name: text(item.name) ?? '', arguments: text(written) ?? (custom ? '' : '{}') },
  }
}

function imageOf({ result, output_format }: Fields): unknown[] {
  const data = text(result)
  if (data === undefined) return []
  return [{ type: 'image_url', image_url: { url: `data:image/${text(output_format) ?? 'png'};base64,${data}` } }]
}

export function annotationsIn(parts: readonly Fields[], from = 0): unknown[] {
  let before = from
  return parts.flatMap((part) => {
    const start = before
    before += lengthOf(part)
    return list(part.annotations).map((annotation) => nestedAnnotation(shifted(annotation, start)))
  })
}

export function lengthOf(part: unknown): number {
  return text(fields(part).text)?.length ?? 0
}

/** Places in the text of a part, as places in the whole text. */
export function shifted(annotation: unknown, by: number): unknown {
  if (by === 0 || !isFields(annotation)) return annotation
  const { start_index, end_index } = annotation
  return {
    ...annotation,
    ...(typeof start_index === 'number' && { start_index: start_index + by }),
    ...(typeof end_index === 'number' && { end_index: end_index + by }),
  }
}

export function finishOf(response: Fields, calls: boolean): FinishReason {
  const { reason } = fields(response.incomplete_details)
  if (response.status === 'incomplete') return reason === 'content_filter' ? 'content_filter' : 'length'
  return calls ? 'tool_calls' : 'stop'
}

function failed(response: Fields): GatewayError {
  if (!isFields(response.error) && response.status === 'cancelled')
    return new GatewayError('upstream_failed', 'The provider cancelled its answer.', { billed: true })
  if (!isFields(response.error))
    return new GatewayError('upstream_failed', "The provider's answer has no output: it is not a whole response.")
  const { kind, message, status } = openaiFailure(200, new Headers(), JSON.stringify({ error: response.error }))
  return new GatewayError(kind, message, { status })
}
