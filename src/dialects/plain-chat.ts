import type { ChatRequest } from './chat.ts'

/**
 * Whether a body is surely a chat completion: the schema's own rules, written out, since a schema takes many times as
 * long on every request. What is not plain is left to the schema, which may still take it, or says what is wrong.
 */
export function isPlainChat(body: unknown): body is ChatRequest {
  if (!isObject(body)) return false
  const { model, messages, stream, stream_options, max_tokens, max_completion_tokens, n, user, metadata, tools } = body
  return (
    isName(model) &&
    Array.isArray(messages) &&
    messages.length > 0 &&
    messages.every(isMessage) &&
    isFlag(stream) &&
    (isAbsent(stream_options) || (isObject(stream_options) && isFlag(stream_options.include_usage))) &&
    isCount(max_tokens) &&
    isCount(max_completion_tokens) &&
    isCount(n) &&
    (isAbsent(user) || typeof user === 'string') &&
    (isAbsent(metadata) || isObject(metadata)) &&
    (isAbsent(tools) || (Array.isArray(tools) && tools.every(isObject)))
  )
}

function isMessage(message: unknown): boolean {
  if (!isObject(message) || !isName(message.role)) return false
  const { content } = message
  return typeof content === 'string' || isAbsent(content) || (Array.isArray(content) && content.every(isPart))
}

const isPart = (part: unknown) => isObject(part) && isName(part.type)
const isName = (value: unknown) => typeof value === 'string' && value !== ''
const isFlag = (value: unknown) => isAbsent(value) || typeof value === 'boolean'
const isCount = (value: unknown) => isAbsent(value) || (Number.isSafeInteger(value) && Number(value) > 0)
const isAbsent = (value: unknown) => value === undefined || value === null

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
