import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number } from '../dialects/loose-json.ts'
import { openaiCompletion, openaiReader } from './openai-reader.ts'
import type { Target } from './provider.ts'
import type { Translator } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** Reads what an OpenAI-compatible vendor answers, for callers who do not speak OpenAI's chat themselves. */
export const openaiAnswers = {
  framing: 'sse',
  completion: openaiCompletion,
  reader: openaiReader,
} satisfies Pick<Translator, 'framing' | 'completion' | 'reader'>

export interface PlainOptions {
  readonly dropParams?: boolean
  /** Names beyond OpenAI's own that this vendor knows, of the request (`top_k`) or of a message (`reasoning_content`). */
  readonly knows?: readonly string[]
}

/** LiteLLM's and other vendors' words on a message, which OpenAI's servers refuse. */
const MESSAGE_EXTRAS = [
  'thinking_blocks',
  'reasoning_content',
  'annotations',
  'images',
  'provider_specific_fields',
  'cache_control',
]
/** What other dialects can say and OpenAI's chat cannot. */
const FOREIGN = ['top_k', 'truncation', 'max_tool_calls', 'context_management', 'prompt', 'background']

/**
 * A canonical request with nothing in it that only other vendors understand, for `chatBody`. Thoughts of other vendors and
 * cache markers say nothing to OpenAI, which caches by itself; pictures in a tool's result follow in a user message, since
 * a tool's message holds text only; what has no counterpart is refused by name.
 */
export function plainChat(
  request: ChatRequest,
  target: Pick<Target, 'model'>,
  options: PlainOptions = {},
): ChatRequest {
  const knows = new Set(options.knows ?? [])
  const { model, thinking, reasoning: _, tools, tool_choice, messages, ...rest } = request
  const missing = FOREIGN.filter((field) => rest[field] !== undefined && rest[field] !== null && !knows.has(field))
  const given = list(tools).map(fields)
  const strange = given.filter((tool) => !isPlainTool(tool) && !isWebSearch(tool))
  unsupported([...missing, ...strange.map(({ type }) => `tools of type ${String(type)}`)], options)
  const kept = given.filter(isPlainTool).map(({ cache_control, ...tool }) => tool)
  const search = given.find(isWebSearch)
  const effort = rest.reasoning_effort ?? effortOf(thinking)
  return {
    ...renamedMaximum(without(rest, missing), target.model),
    model,
    messages: messages.flatMap((message) => plainMessage(message, knows)).flatMap(imagesAfterTools),
    ...(kept.length > 0 && { tools: kept }),
    ...(kept.length > 0 && tool_choice !== undefined && { tool_choice }),
    ...(effort !== undefined && effort !== null && { reasoning_effort: isFields(effort) ? effort.effort : effort }),
    ...(search && rest.web_search_options === undefined && { web_search_options: searchOptions(search) }),
  }
}

function isPlainTool({ type }: Fields): boolean {
  return type === 'function' || type === 'custom' || type === undefined
}

function isWebSearch({ type }: Fields): boolean {
  return type === 'web_search' || (typeof type === 'string' && type.startsWith('web_search_preview'))
}

function searchOptions({ search_context_size, user_location }: Fields): object {
  const { type: _, ...place } = fields(user_location)
  return {
    ...(search_context_size !== undefined && search_context_size !== null && { search_context_size }),
    ...(Object.keys(place).length > 0 && { user_location: { type: 'approximate', approximate: place } }),
  }
}

/** A budget of thoughts as OpenAI's word for it, at LiteLLM's thresholds. */
export function effortOf(thinking: unknown): string | undefined {
  const { type, budget_tokens } = fields(thinking)
  if (type === 'adaptive') return 'medium'
  if (type !== 'enabled') return undefined
  const budget = number(budget_tokens) ?? 0
  if (budget >= 4096) return 'high'
  if (budget >= 2048) return 'medium'
  return budget >= 1024 ? 'low' : 'minimal'
}

/** OpenAI's reasoning models know only the newer name of the maximum. */
function renamedMaximum(rest: Fields, model: string): Fields {
  if (!/^(o[1-9]|gpt-[5-9])/.test(model) || rest.max_tokens === undefined || rest.max_tokens === null) return rest
  const { max_tokens, ...others } = rest
  return { ...others, max_completion_tokens: rest.max_completion_tokens ?? max_tokens }
}

function plainMessage(message: ChatMessage, knows: ReadonlySet<string>): ChatMessage[] {
  const kept = without(
    message,
    MESSAGE_EXTRAS.filter((field) => !knows.has(field)),
  )
  const calls = list(message.tool_calls).map(fields)
  return [
    {
      ...kept,
      role: message.role,
      ...(Array.isArray(message.content) && { content: message.content.map(plainPart) }),
      ...(calls.length > 0 && {
        tool_calls: calls.map((call) => without(call, ['provider_specific_fields', 'index'])),
      }),
    },
  ]
}

function plainPart(part: unknown): unknown {
  return isFields(part) && part.cache_control !== undefined ? without(part, ['cache_control']) : part
}

/** Every tool's result comes before anything else may be said, so pictures wait until the last of them. */
function imagesAfterTools(message: ChatMessage, at: number, all: readonly ChatMessage[]): ChatMessage[] {
  if (message.role !== 'tool') return [message]
  const said = { ...message, content: textsOnly(message.content) }
  if (all[at + 1]?.role === 'tool') return [said]
  const first = all.findLastIndex((one, place) => place < at && one.role !== 'tool') + 1
  const shown = all.slice(first, at + 1).flatMap(({ content, tool_call_id }) => {
    const pictures = Array.isArray(content) ? content.filter((part) => fields(part).type !== 'text') : []
    if (pictures.length === 0) return []
    return [{ type: 'text', text: `What the tool call ${String(tool_call_id)} returned beside text:` }, ...pictures]
  })
  return shown.length === 0 ? [said] : [said, { role: 'user', content: shown }]
}

function textsOnly(content: unknown): unknown {
  if (!Array.isArray(content)) return content
  const texts = content.filter((part) => fields(part).type === 'text')
  if (texts.length === content.length) return content
  if (texts.length > 0) return texts
  return 'The result follows in the next message of the user.'
}

function without(from: Fields, names: readonly string[]): Fields {
  if (!names.some((name) => name in from)) return from
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
}
