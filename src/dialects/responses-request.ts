import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import type { ChatRequest } from './chat.ts'
import type { PathFields } from './dialect.ts'
import { type Fields, fields, isFields, list, present, text } from './loose-json.ts'
import { refusedBody } from './openai.ts'
import { messagesOf } from './responses-input.ts'

/** The body as the caller wrote it: a response repeats much of it. No vendor ever sees it, for JSON leaves symbols out. */
export const asked: unique symbol = Symbol('the body of /v1/responses')

export interface ResponsesRequest extends ChatRequest {
  readonly [asked]: Fields
}

const object = 'must be an object'
const flag = z.boolean('must be true or false').nullish()
const whole = (what: string) => z.int(`must be ${what}`).positive(`must be ${what}`).nullish()
const items = z.array(z.looseObject({}, object))

/** Only what has to be understood here; the vendor judges the rest. */
const body = z.looseObject(
  {
    model: z.string('must be a string').min(1, 'must not be empty'),
    input: z.union([z.string(), items], 'must be a string or a list of input items'),
    instructions: z.string('must be a string').nullish(),
    max_output_tokens: whole('a whole number above 0'),
    stream: flag,
    store: flag,
    background: flag,
    parallel_tool_calls: flag,
    metadata: z.record(z.string(), z.unknown(), object).nullish(),
    user: z.string('must be a string').nullish(),
    include: z.array(z.string('must be a string'), 'must be a list').nullish(),
    tools: z.array(z.looseObject({ type: z.string('must be a string') }, object), 'must be a list').nullish(),
    text: z.looseObject({ format: z.looseObject({}, object).nullish() }, object).nullish(),
    reasoning: z.looseObject({ effort: z.string('must be a string').nullish() }, object).nullish(),
    top_logprobs: z.int('must be a whole number').nonnegative('must not be negative').nullish(),
  },
  'The body must be a JSON object',
)

/** Said in other words in canonical chat, or of no concern to a vendor. */
const TRANSLATED = new Set([
  'input',
  'instructions',
  'max_output_tokens',
  'text',
  'reasoning',
  'tools',
  'tool_choice',
  'include',
  'top_logprobs',
  'store',
  'background',
  'stream_options',
  'previous_response_id',
  'conversation',
  'prompt',
])

/** The body of `/v1/responses` as canonical chat. Throws `invalid_request` naming the first field at fault. */
export function parseResponses(given: unknown, path: PathFields = {}): ResponsesRequest {
  const named = path.model === undefined || !isFields(given) ? given : { ...given, model: path.model }
  const result = body.safeParse(named)
  if (!result.success) throw refusedBody(result.error.issues)
  const { data } = result
  needsNothingKept(data)
  const { input, instructions } = data
  const rest = Object.fromEntries(
    Object.entries(data).filter(([name, value]) => !TRANSLATED.has(name) && value !== null),
  )
  const messages = messagesOf(input)
  const system = text(instructions)
  if (messages.length === 0 && system === undefined)
    throw new GatewayError('invalid_request', 'input must not be empty.', { param: 'input' })
  const logprobs = data.include?.includes('message.output_text.logprobs') === true || (data.top_logprobs ?? 0) > 0
  const tools = list(data.tools).map(fields).map(nestedTool)
  return {
    ...rest,
    [asked]: data,
    model: data.model,
    messages: system === undefined ? messages : [{ role: 'system', content: system }, ...messages],
    ...(data.stream === true && { stream_options: { include_usage: true } }),
    ...present({
      max_tokens: data.max_output_tokens,
      response_format: responseFormat(data.text?.format),
      verbosity: text(data.text?.verbosity),
      reasoning_effort: text(data.reasoning?.effort),
      reasoning: summaryOf(data.reasoning),
      tool_choice: nestedChoice(data.tool_choice),
      logprobs: logprobs || undefined,
      top_logprobs: logprobs ? data.top_logprobs : undefined,
    }),
    ...(tools.length > 0 && { tools }),
  }
}

function needsNothingKept(data: Fields): void {
  const refuse = (param: string, why: string) => {
    throw new GatewayError('invalid_request', why, { param })
  }
  if (isSet(data.previous_response_id))
    refuse(
      'previous_response_id',
      'This gateway keeps no responses, so previous_response_id names nothing here. Send the earlier items in input, reasoning items included, or ask the operator for responses_store.',
    )
  if (isSet(data.conversation))
    refuse(
      'conversation',
      'This gateway keeps no conversations. Send the earlier items in input instead of conversation.',
    )
  if (isSet(data.prompt))
    refuse(
      'prompt',
      'Stored prompts live at the provider and cannot be reached from here. Send instructions and input.',
    )
  if (data.background === true)
    refuse('background', 'This gateway answers at once and keeps nothing for later. Leave background out, or stream.')
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** What a kept response said, put before the new input, as if the caller had sent it all. */
export function continued(given: Fields, earlier: { readonly input: unknown; readonly output: unknown }): Fields {
  const { previous_response_id: _, ...rest } = given
  return { ...rest, input: [...asItems(earlier.input), ...list(earlier.output), ...asItems(given.input)] }
}

/** Input as the list of items that it stands for. */
export function asItems(input: unknown): readonly unknown[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : list(input)
}

function responseFormat(format: Fields | null | undefined): Fields | undefined {
  if (!format || format.type === 'text' || format.type === undefined) return undefined
  if (format.type !== 'json_schema') return format
  const { type, ...schema } = format
  return { type, json_schema: isFields(schema.json_schema) ? schema.json_schema : schema }
}

function summaryOf(reasoning: Fields | null | undefined): Fields | undefined {
  const summary = text(reasoning?.summary) ?? text(reasoning?.generate_summary)
  return summary === undefined ? undefined : { summary }
}

/** Functions and custom tools as chat has them; a vendor's own tools stay as they are, for that vendor. */
function nestedTool(tool: Fields): Fields {
  const { type, ...rest } = tool
  if ((type !== 'function' && type !== 'custom') || isFields(rest[type])) return tool
  const { cache_control, ...own } = rest
  const said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null))
  return { type, [type]: type === 'custom' ? nestedGrammar(said) : said, ...present({ cache_control }) }
}

function nestedGrammar(custom: Fields): Fields {
  const { format } = custom
  if (!isFields(format) || format.type !== 'grammar' || isFields(format.grammar)) return custom
  const { type, ...grammar } = format
  return { ...custom, format: { type, grammar } }
}

function nestedChoice(choice: unknown): unknown {
  if (!isFields(choice)) return choice
  const { type, ...rest } = choice
  if (type === 'function' || type === 'custom') return isFields(rest[type]) ? choice : { type, [type]: rest }
  if (type !== 'allowed_tools' || isFields(rest.allowed_tools)) return choice
  return { type, allowed_tools: { ...rest, tools: list(rest.tools).map(fields).map(nestedTool) } }
}
