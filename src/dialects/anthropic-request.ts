import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { assistantOf } from './anthropic-assistant.ts'
import { type Block, isBlock, partOf } from './anthropic-parts.ts'
import type { ChatMessage, ChatRequest } from './chat.ts'
import { effortOfBudget } from './effort.ts'
import { type Fields, fields, isFields, present, text } from './loose-json.ts'

const object = 'must be an object'
const flag = z.boolean('must be true or false').nullish()
const name = z.string('must be a string').min(1, 'must not be empty')
const block = z.looseObject({ type: name }, object)
const content = z.union([z.string(), z.array(block)], 'must be a string or a list of content blocks')

/** Only what is translated by name; the vendor judges the rest. */
const counted = z.looseObject(
  {
    model: name,
    messages: z
      .array(
        z.looseObject(
          { role: z.enum(['user', 'assistant', 'system'], 'must be "user", "assistant" or "system"'), content },
          object,
        ),
        'must be a list',
      )
      .min(1, 'must not be empty'),
    system: content.nullish(),
    stream: flag,
    stop_sequences: z.array(z.string('must be a string'), 'must be a list').nullish(),
    tools: z.array(z.looseObject({}, object), 'must be a list').nullish(),
    tool_choice: z.looseObject({ type: name }, object).nullish(),
    thinking: z.looseObject({ type: name }, object).nullish(),
    output_config: z.looseObject({}, object).nullish(),
    metadata: z.looseObject({ user_id: z.string('must be a string').nullish() }, object).nullish(),
  },
  'The body must be a JSON object',
)
const whole = 'must be a whole number, 0 or above'
const asked = counted.extend({ max_tokens: z.int(whole).nonnegative(whole) })

type Counted = z.infer<typeof counted>

/** The body of `/v1/messages`, checked and turned into canonical chat. */
export function parseMessages(body: unknown): ChatRequest {
  const { data, error } = asked.safeParse(body)
  if (data === undefined) throw invalid(error)
  return canonical(data)
}

/** The body of `/v1/messages/count_tokens`: the same, without `max_tokens`. */
export function parseCountTokens(body: unknown): ChatRequest {
  const { data, error } = counted.safeParse(body)
  if (data === undefined) throw invalid(error)
  return canonical(data)
}

function canonical(body: Counted): ChatRequest {
  const {
    messages,
    system,
    stream,
    stop_sequences,
    tools,
    tool_choice,
    thinking,
    output_config,
    output_format,
    service_tier,
    metadata,
    ...rest
  } = body
  const { format, ...output } = output_config ?? {}
  return {
    ...rest,
    messages: [...(system && system.length > 0 ? [systemMessage(system)] : []), ...messages.flatMap(canonicalMessages)],
    ...(typeof stream === 'boolean' && { stream }),
    ...(stream === true && { stream_options: { include_usage: true } }),
    ...(stop_sequences && stop_sequences.length > 0 && { stop: stop_sequences }),
    ...(tools && tools.length > 0 && { tools: tools.map(canonicalTool), ...present(chosen(tool_choice)) }),
    ...present({
      thinking,
      output_config: Object.keys(output).length > 0 ? output : undefined,
      // For vendors that know effort only.
      reasoning_effort: text(output.effort) ?? effortOfBudget(thinking),
      response_format: responseFormat(format ?? output_format),
      service_tier: service_tier === 'standard_only' ? 'default' : service_tier,
      metadata,
      user: metadata?.user_id,
    }),
  }
}

function systemMessage(written: string | readonly Block[], extra: Fields = {}): ChatMessage {
  return { role: 'system', content: typeof written === 'string' ? written : written.map(partOf), ...extra }
}

/** Results of tools are messages of their own; what a user says beside them keeps its place among them. */
function canonicalMessages({ role, content: said, ...rest }: Counted['messages'][number]): ChatMessage[] {
  if (role === 'system') return [systemMessage(said, rest)]
  if (role === 'assistant') {
    const message = typeof said === 'string' ? { role, content: said } : assistantOf(said)
    return [{ ...message, ...rest }]
  }
  if (typeof said === 'string') return [{ role, content: said, ...rest }]
  const messages: ChatMessage[] = []
  let parts: Fields[] = []
  const flush = () => {
    if (parts.length > 0) messages.push({ role, content: parts, ...rest })
    parts = []
  }
  for (const one of said) {
    if (one.type === 'tool_result') {
      flush()
      messages.push(toolMessage(one))
    } else parts.push(partOf(one))
  }
  flush()
  return messages.length > 0 ? messages : [{ role, content: '', ...rest }]
}

/** `is_error` and `cache_control` stay: OpenAI has no words for them, other vendors do. */
function toolMessage({ type: _, tool_use_id, content: result, ...rest }: Block): ChatMessage {
  return {
    role: 'tool',
    tool_call_id: text(tool_use_id) ?? '',
    content: Array.isArray(result) ? result.filter(isBlock).map(partOf) : (text(result) ?? ''),
    ...rest,
  }
}

/** A tool of the caller's is OpenAI's function; a tool that the vendor made (a `type` with a date) stays as it is. */
function canonicalTool({ ...tool }: Fields): Fields {
  if (tool.type !== undefined && tool.type !== null && tool.type !== 'custom') return tool
  const { type: _, name: toolName, description, input_schema, strict, ...rest } = tool
  return {
    type: 'function',
    function: { name: toolName, ...present({ description, parameters: input_schema, strict }) },
    ...rest,
  }
}

/** Said only of tools that there are: OpenAI's vendors refuse a choice among none. */
function chosen(choice: Fields | null | undefined): { tool_choice: unknown; parallel_tool_calls: false | undefined } {
  const { type, name: toolName, disable_parallel_tool_use: single } = fields(choice)
  const named = type === 'tool' ? { type: 'function', function: { name: toolName } } : undefined
  return {
    tool_choice: type === 'any' ? 'required' : type === 'auto' || type === 'none' ? type : named,
    parallel_tool_calls: single === true ? false : undefined,
  }
}

function responseFormat(format: unknown): Fields | undefined {
  if (!isFields(format)) return undefined
  const { type, schema } = fields(format)
  return type === 'json_schema' ? { type, json_schema: { name: 'output', schema, strict: true } } : format
}

function invalid(error: z.ZodError): GatewayError {
  const { path, message } = firstIssue(error.issues)
  if (path.length === 0) return new GatewayError('invalid_request', `${message}.`)
  const param = path.map(String).join('.')
  return new GatewayError('invalid_request', `${param}: ${message}.`, { param })
}

/** Of a union, the branch that came furthest knows best: `messages.0.content.1.type`, not `messages.0.content`. */
function firstIssue(issues: readonly z.core.$ZodIssue[]): { path: readonly PropertyKey[]; message: string } {
  const [first] = issues
  if (first === undefined) return { path: [], message: 'The body is not a message' }
  if (first.code !== 'invalid_union') return first
  const deepest = first.errors
    .flatMap((branch) => branch.slice(0, 1))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
  if (deepest === undefined || deepest.path.length === 0) return first
  return { path: [...first.path, ...deepest.path], message: deepest.message }
}
