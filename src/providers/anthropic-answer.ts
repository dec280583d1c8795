import { assistantOf } from '../dialects/anthropic-assistant.ts'
import { type Block, isBlock } from '../dialects/anthropic-parts.ts'
import { finishOf, stopAside } from '../dialects/anthropic-stop-reason.ts'
import type { ChatCompletion, ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { anthropicFailure } from './anthropic-failure.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'
import { usageOf } from './anthropic-usage.ts'
import type { Reading } from './translator.ts'

/** A whole answer of the Messages API as canonical chat. */
export function anthropicCompletion(body: unknown, reading: Reading): ChatCompletion {
  const answer = fields(body)
  if (!Array.isArray(answer.content)) throw unreadable(answer)
  const blocks = answer.content.filter(isBlock)
  const carried = wantsAnswerTool(reading.request) ? blocks.map(answerAsText) : blocks
  const { provider_specific_fields: kept, ...message } = assistantOf(carried)
  const aside = { ...fields(kept), ...stopAside(answer.stop_reason, answer.stop_details), ...besideOf(answer) }
  const refusal = refusalOf(answer.stop_reason, answer.stop_details)
  const stopSequence = text(answer.stop_sequence)
  return {
    id: text(answer.id) ?? reading.id,
    created: reading.createdSeconds,
    model: text(answer.model) ?? reading.request.model,
    choices: [
      {
        index: 0,
        message: {
          ...message,
          ...(refusal !== undefined && { refusal }),
          ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
        },
        finish_reason: finishOf(answer.stop_reason, (message.tool_calls?.length ?? 0) > 0),
        ...(stopSequence !== undefined && { stop_sequence: stopSequence }),
      },
    ],
    ...present({ usage: usageOf(fields(answer.usage)), service_tier: tierOf(answer.usage) }),
  }
}

/** Whether the answer may come as the input of a tool that the caller did not ask for. */
export function wantsAnswerTool({ response_format, tools }: ChatRequest): boolean {
  const { type } = fields(response_format)
  if (type !== 'json_schema' && type !== 'json_object') return false
  return !list(tools).some((tool) => fields(fields(tool).function).name === ANSWER_TOOL)
}

function answerAsText(block: Block): Block {
  if (block.type !== 'tool_use' || block.name !== ANSWER_TOOL) return block
  return { type: 'text', text: JSON.stringify(block.input ?? {}) }
}

/** `standard` is what OpenAI calls `default`. */
export function tierOf(usage: unknown): string | undefined {
  const tier = text(fields(usage).service_tier)
  return tier === 'standard' ? 'default' : tier
}

/** Where the vendor's code ran, which the next turn names to go on, and what was cleared from the context. */
export function besideOf({ container, context_management }: Fields): Fields {
  return {
    ...(isFields(container) && { container }),
    ...(isFields(context_management) && { context_management }),
  }
}

export function refusalOf(stopReason: unknown, stopDetails: unknown): string | undefined {
  return stopReason === 'refusal' ? text(fields(stopDetails).explanation) : undefined
}

function unreadable(answer: Fields): GatewayError {
  if (answer.type !== 'error' && !isFields(answer.error))
    return new GatewayError('upstream_failed', "The provider's answer has no content: it is not a message.")
  const { kind, message, status } = anthropicFailure(200, new Headers(), JSON.stringify(answer))
  return new GatewayError(kind, message, { status })
}
