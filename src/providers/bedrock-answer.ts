import type { AssistantMessage, ChatCompletion, ThinkingBlock, ToolCall } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'
import { bedrockFailure, isFailure } from './bedrock-failure.ts'
import { bedrockUsage } from './bedrock-usage.ts'
import {
  annotation,
  asideOf,
  finishOf,
  hasAnswerTool,
  imageOf,
  isMalformed,
  MALFORMED,
  stopSequenceIn,
} from './bedrock-words.ts'
import type { Reading } from './translator.ts'

/** A whole answer of Converse. */
export function converseCompletion(body: unknown, reading: Reading): ChatCompletion {
  const answer = fields(body)
  const message = fields(fields(answer.output).message)
  if (isFailure(answer)) {
    const { kind, status, message: said } = bedrockFailure(200, new Headers(), JSON.stringify(answer))
    throw new GatewayError(kind, said, { status })
  }
  if (!Array.isArray(message.content) || text(answer.stopReason) === undefined)
    throw new GatewayError('upstream_failed', "The provider's answer has no message: it is not an answer of Converse.")
  const reason = String(answer.stopReason)
  if (isMalformed(reason)) throw new GatewayError('upstream_failed', MALFORMED, { billed: true })
  const answerTool = hasAnswerTool(reading.request)
  const gathered = emptyAnswer()
  for (const block of message.content.map(fields)) gather(gathered, block, answerTool)
  const stopSequence = stopSequenceIn(answer)
  const usage = bedrockUsage(answer)
  return {
    id: reading.id,
    created: reading.createdSeconds,
    model: reading.request.model,
    choices: [
      {
        index: 0,
        message: messageOf(gathered, asideOf(answer)),
        finish_reason: finishOf(reason, gathered.calls.length > 0, gathered.answered),
        ...present({ stop_sequence: stopSequence }),
      },
    ],
    ...present({ usage, service_tier: text(fields(answer.serviceTier).type) }),
  }
}

interface Gathered {
  content: string
  reasoning: string
  readonly thoughts: ThinkingBlock[]
  readonly calls: ToolCall[]
  readonly annotations: unknown[]
  readonly images: unknown[]
  /** Tools that the vendor ran by itself, and what they returned: not the caller's to answer. */
  readonly serverBlocks: Fields[]
  /** The answer tool was called. */
  answered: boolean
}

function emptyAnswer(): Gathered {
  return {
    content: '',
    reasoning: '',
    thoughts: [],
    calls: [],
    annotations: [],
    images: [],
    serverBlocks: [],
    answered: false,
  }
}

function gather(to: Gathered, block: Fields, answerTool: boolean): void {
  if (typeof block.text === 'string') to.content += block.text
  else if (isFields(block.reasoningContent)) {
    const { reasoningText, redactedContent } = block.reasoningContent
    if (typeof redactedContent === 'string') to.thoughts.push({ type: 'redacted_thinking', data: redactedContent })
    else if (isFields(reasoningText)) {
      const thinking = typeof reasoningText.text === 'string' ? reasoningText.text : ''
      to.reasoning += thinking
      to.thoughts.push({ type: 'thinking', thinking, ...present({ signature: text(reasoningText.signature) }) })
    }
  } else if (isFields(block.toolUse)) {
    const { toolUseId, name, input, type } = block.toolUse
    if (type !== undefined && type !== null) to.serverBlocks.push(block)
    else if (answerTool && name === ANSWER_TOOL) {
      to.answered = true
      to.content += JSON.stringify(input ?? {})
    } else
      to.calls.push({
        id: String(toolUseId),
        type: 'function',
        function: { name: String(name), arguments: JSON.stringify(input ?? {}) },
      })
  } else if (isFields(block.toolResult)) to.serverBlocks.push(block)
  else if (isFields(block.citationsContent)) {
    const start = to.content.length
    to.content += list(block.citationsContent.content)
      .map((part) => text(fields(part).text) ?? '')
      .join('')
    for (const citation of list(block.citationsContent.citations).map(fields))
      to.annotations.push(annotation(citation, start, to.content.length))
  } else if (isFields(block.image)) {
    const image = imageOf(text(block.image.format), text(fields(block.image.source).bytes))
    if (image) to.images.push(image)
  }
}

function messageOf(gathered: Gathered, aside: Fields): AssistantMessage {
  const { content, reasoning, thoughts, calls, annotations, images, serverBlocks } = gathered
  const extra = { ...aside, ...(serverBlocks.length > 0 && { bedrock_blocks: serverBlocks }) }
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(Object.keys(extra).length > 0 && { provider_specific_fields: extra }),
  }
}
