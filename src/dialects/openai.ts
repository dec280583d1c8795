import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { scan } from '../streams/scan.ts'
import type { ChatRequest } from './chat.ts'
import { isPlainChat } from './plain-chat.ts'

const whole = (what: string) => z.int(`must be ${what}`).positive(`must be ${what}`).nullish()
const flag = z.boolean('must be true or false').nullish()
const object = 'must be an object'

const part = z.looseObject({ type: z.string('must be a string').min(1, 'must not be empty') }, object)
const message = z.looseObject(
  {
    role: z.string('must be a string').min(1, 'must not be empty'),
    content: z.union([z.string(), z.array(part)], 'must be a string, a list of content parts or null').nullish(),
  },
  object,
)

/** Only what the gateway itself reads or reckons with; the vendor judges the rest. */
const chat = z.looseObject(
  {
    model: z.string('must be a string').min(1, 'must not be empty'),
    messages: z.array(message, 'must be a list').min(1, 'must not be empty'),
    stream: flag,
    stream_options: z.looseObject({ include_usage: flag }, object).nullish(),
    max_tokens: whole('a whole number above 0'),
    max_completion_tokens: whole('a whole number above 0'),
    n: whole('a whole number above 0'),
    user: z.string('must be a string').nullish(),
    metadata: z.record(z.string(), z.unknown(), object).nullish(),
    tools: z.array(z.looseObject({}, object), 'must be a list').nullish(),
  },
  'The body must be a JSON object',
)

/** The body of a chat completion, checked. Throws `invalid_request` naming the first field at fault. */
export function parseChat(body: unknown): ChatRequest {
  if (isPlainChat(body)) return body
  const result = chat.safeParse(body)
  if (isChat(body, result)) return body
  throw refusedBody(result.error?.issues ?? [])
}

/** The schema changes nothing in what it accepts, so the body itself, as the client wrote it, is the request. */
function isChat(_body: unknown, result: { readonly success: boolean }): _body is ChatRequest {
  return result.success
}

/** The refusal of a body that a schema did not accept, naming the first field at fault. */
export function refusedBody(issues: readonly z.core.$ZodIssue[]): GatewayError {
  return invalid(firstIssue(issues))
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Of a union, the branch that came furthest knows best: `messages[0].content[1].type`, not `messages[0].content`. */
function firstIssue(issues: readonly z.core.$ZodIssue[]): Issue {
  const [first] = issues
  if (first === undefined) return { path: [], message: 'The body is not a chat completion' }
  if (first.code !== 'invalid_union') return first
  const deepest = first.errors
    .flatMap((branch) => branch.slice(0, 1))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
  if (deepest === undefined || deepest.path.length === 0) return first
  return { path: [...first.path, ...deepest.path], message: deepest.message }
}

/** `messages[2].role`, as people write it. */
function dotPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (all, key) => (typeof key === 'number' ? `${all}[${key}]` : all === '' ? String(key) : `${all}.${String(key)}`),
    '',
  )
}

function invalid({ path, message: fault }: Issue): GatewayError {
  const param = dotPath(path)
  return path.length === 0
    ? new GatewayError('invalid_request', `${fault}.`)
    : new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}

export interface OpenAIError {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
    readonly request_id: string
    /** Facts a program can act on: which scope, which limit, how much is left. */
    readonly facts?: Readonly<Record<string, unknown>>
  }
}

/** A refusal as OpenAI's and LiteLLM's clients read it. */
export function errorBody(error: GatewayError, requestId: string): OpenAIError {
  const { param, facts } = error.details
  return {
    error: {
      message: error.message,
      type: error.type,
      param: param ?? null,
      code: error.code,
      request_id: requestId,
      ...(facts && { facts }),
    },
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The event that ends a stream which failed: OpenAI's SDKs raise it. No `[DONE]` follows. */
export function errorEvent(error: GatewayError, requestId: string): Uint8Array {
  return encoder.encode(`data: ${JSON.stringify(errorBody(error, requestId))}\n\n`)
}

/** A vendor's answer for the client: the same text, with the name the client asked for as its `model`. */
export function completion(text: string, parsed: unknown, group: string): string {
  if (typeof parsed !== 'object' || parsed === null || !('model' in parsed) || parsed.model === group) return text
  const bytes = encoder.encode(text)
  const { modelStart, modelEnd } = scan(bytes)
  if (modelStart < 0) return text
  return (
    decoder.decode(bytes.subarray(0, modelStart)) + JSON.stringify(group) + decoder.decode(bytes.subarray(modelEnd))
  )
}
