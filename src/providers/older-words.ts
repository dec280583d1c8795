import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'
import type { ParameterRules } from './parameter-rules.ts'
import { unsupported } from './unsupported.ts'

/**
 * A request in the words that OpenAI's chat had for years, which is what most of those who speak it have: a developer is
 * the system, a choice among some tools is a shorter list of tools, earlier calls of tools with free input are functions
 * with one argument, and such tools themselves are refused by name. The very same request where nothing is newer.
 */
export function olderWords(request: ChatRequest, rules: ParameterRules): ChatRequest {
  const choice = fields(request.tool_choice)
  const hasCustom = list(request.tools).some(isCustom)
  const isNewer = hasCustom || choice.type === 'allowed_tools' || choice.type === 'custom'
  const messages = request.messages.some(isNewerMessage) ? request.messages.map(olderMessage) : request.messages
  if (!isNewer) return messages === request.messages ? request : { ...request, messages }
  unsupported(hasCustom ? ['tools of type custom'] : [], rules)
  const { tools, tool_choice, ...rest } = request
  const only = choice.type === 'allowed_tools' ? namesAllowed(choice) : undefined
  const left = list(tools).filter((tool) => !isCustom(tool) && (only?.includes(nameOf(tool)) ?? true))
  const kept = choice.type === 'custom' ? undefined : only ? modeOf(choice) : tool_choice
  return {
    ...rest,
    messages,
    ...(left.length > 0 && { tools: left, ...(kept !== undefined && { tool_choice: kept }) }),
  }
}

/** Tools that are surely another vendor's: Anthropic's have the day of their version, Google's a name in two words. */
export function isOthersTool({ type }: Fields): boolean {
  return typeof type === 'string' && (/_\d{8}$/.test(type) || GOOGLES.has(type) || type === 'mcp_toolset')
}

const GOOGLES: ReadonlySet<string> = new Set([
  'googleSearch',
  'googleSearchRetrieval',
  'googleMaps',
  'urlContext',
  'codeExecution',
  'computerUse',
  'fileSearch',
  'enterpriseWebSearch',
])

function isCustom(tool: unknown): boolean {
  return fields(tool).type === 'custom'
}

function nameOf(tool: unknown): string {
  return text(fields(fields(tool).function).name) ?? ''
}

function namesAllowed(choice: Fields): readonly string[] {
  return list(fields(choice.allowed_tools ?? choice).tools).map(
    (tool) => nameOf(tool) || (text(fields(tool).name) ?? ''),
  )
}

function modeOf(choice: Fields): string {
  return fields(choice.allowed_tools ?? choice).mode === 'required' ? 'required' : 'auto'
}

function isNewerMessage({ role, tool_calls }: ChatMessage): boolean {
  return role === 'developer' || list(tool_calls).some(isCustom)
}

function olderMessage(message: ChatMessage): ChatMessage {
  if (message.role === 'developer') return { ...message, role: 'system' }
  if (!list(message.tool_calls).some(isCustom)) return message
  return { ...message, tool_calls: list(message.tool_calls).map((call) => functionCall(fields(call))) }
}

/** A call with free input as a function's, for vendors that have no other. */
export function functionCall(call: Fields): Fields {
  if (call.type !== 'custom' || !isFields(call.custom)) return call
  const { custom, ...rest } = call
  const { name, input } = call.custom
  return { ...rest, type: 'function', function: { name, arguments: JSON.stringify({ input }) } }
}
