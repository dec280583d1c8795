import { wordsIn } from '../dialects/anthropic-words.ts'
import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, present, text } from '../dialects/loose-json.ts'
import { openaiSeal } from '../dialects/responses-thoughts.ts'
import { isForeignTo, type Signer } from '../dialects/signer.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openaiEmbedding } from './openai-embeddings.ts'
import { isWebSearch, searchOptions } from './openai-translator.ts'

const defaults = {
  apiBase: 'https://openrouter.ai/api/v1',
  apiBaseEnv: 'OPENROUTER_API_BASE',
  apiKeyEnv: 'OPENROUTER_API_KEY',
}

/**
 * OpenRouter passes most words on to whoever serves the model: cache markers, effort and budgets, files. Signed thoughts
 * are `reasoning_details`, and come back as they were. A provider's failure behind it may stand in a choice.
 */
export const openrouter = {
  ...openaiCompatible(defaults, {
    keepsUp: true,
    request: (request, { model }) => ({
      ...withReasoning(request),
      ...withSearch(list(request.tools).map(fields), request.web_search_options),
      messages: request.messages.map((message) => withDetails(message, MAKERS[model.split('/', 1)[0] ?? ''])),
    }),
    plain: failedChoices,
    refusal: (body) => {
      const error = fields(body.error)
      const { raw, reasons } = fields(error.metadata)
      const flagged = list(reasons).length > 0 || (error.code === 403 && isModeration(error))
      const detail = text(raw)
      return {
        ...body,
        error: {
          ...error,
          ...(flagged && { code: 'content_policy_violation' }),
          ...(detail !== undefined &&
            !flagged && { message: `${text(error.message) ?? ''} ${sentence(detail)}`.trim() }),
        },
      }
    },
  }),
  embedding: openaiEmbedding(defaults),
}

/** A budget in Anthropic's words is one of OpenRouter's. */
function withReasoning({ thinking, ...request }: ChatRequest): ChatRequest {
  const { type, budget_tokens } = fields(thinking)
  if (type === undefined || isFields(request.reasoning)) return request
  const { reasoning_effort, ...rest } = request
  if (type === 'disabled') return { ...rest, reasoning: { enabled: false } }
  const budget = number(budget_tokens)
  const effort = text(reasoning_effort)
  if (effort !== undefined) return { ...rest, reasoning: { effort } }
  return { ...rest, reasoning: budget === undefined ? { enabled: true } : { max_tokens: budget } }
}

function withSearch(
  tools: readonly Fields[],
  asked: unknown,
): { readonly tools?: unknown; readonly web_search_options?: unknown } {
  const search = asked === undefined ? tools.find(isWebSearch) : undefined
  const kept = tools.filter((tool) => !isWebSearch(tool))
  return {
    ...(tools.length > 0 && { tools: kept.length > 0 ? kept.map(sharedTool) : undefined }),
    ...(search && { web_search_options: searchOptions(search) }),
  }
}

/** A tool without what Anthropic alone knows of its streaming. */
function sharedTool(tool: unknown): Fields {
  const { eager_input_streaming: _, ...shared } = fields(tool)
  return shared
}

/** Whose signatures a model behind it reads. */
const MAKERS: Readonly<Record<string, Signer>> = { anthropic: 'anthropic', google: 'google', openai: 'openai' }

function withDetails(message: ChatMessage, maker: Signer | undefined): ChatMessage {
  const { thinking_blocks, reasoning_content, provider_specific_fields, annotations: _, images: __, ...rest } = message
  const kept = list(fields(provider_specific_fields).reasoning_details)
  const blocks = list(thinking_blocks).map(fields)
  const details = isWhole(kept.map(fields), blocks)
    ? kept
    : blocks.flatMap((block, index) => detailOf(block, index, maker))
  const reasoning = text(reasoning_content)
  const calls = list(message.tool_calls).map((call) => {
    const { provider_specific_fields: __, ...shared } = fields(call)
    return shared
  })
  return {
    ...rest,
    ...(Array.isArray(rest.content) && { content: rest.content.map((part) => addressed(fields(part))) }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(details.length === 0 && reasoning !== undefined && { reasoning }),
  }
}

/** A file by its address stands where its data would (openrouter.ai, PDF inputs). */
function addressed(part: Fields): Fields {
  const words = wordsIn(part)
  if (words !== undefined) return { type: 'text', text: words }
  const { file_id, filename } = fields(part.file)
  if (part.type !== 'file' || !/^https?:/.test(String(file_id))) return part
  return { ...part, file: { filename: text(filename) ?? 'document.pdf', file_data: file_id } }
}

/** Clients that gather a stream may keep its last piece only; the blocks were put together by rules that all follow. */
function isWhole(details: readonly Fields[], blocks: readonly Fields[]): boolean {
  const words = (all: readonly Fields[], field: string) => all.map((one) => text(one[field]) ?? '').join('')
  const sealed = (all: readonly Fields[]) => all.filter(({ data }) => text(data) !== undefined).length
  if (details.length === 0 || blocks.length === 0) return details.length > 0
  return words(details, 'text') === words(blocks, 'thinking') && sealed(details) === sealed(blocks)
}

/** What OpenAI sealed for another account opens for nobody here. */
function detailOf(block: Fields, index: number, maker: Signer | undefined): Fields[] {
  const isOwn = (seal: string) => openaiSeal(seal) === undefined && !isForeignTo(maker, seal)
  if (block.type === 'redacted_thinking')
    return isOwn(String(block.data)) ? [{ type: 'reasoning.encrypted', data: block.data, index }] : []
  const words = text(block.thinking)
  const seal = text(block.signature)
  const signature = seal !== undefined && isOwn(seal) ? seal : undefined
  if (words === undefined && signature === undefined) return []
  return [{ type: 'reasoning.text', text: words ?? '', ...present({ signature }), index }]
}

function failedChoices(answer: Fields): Fields {
  const failed = list(answer.choices)
    .map((choice) => fields(choice).error)
    .find(isFields)
  return failed && !isFields(answer.error) ? { ...answer, error: failed, choices: undefined } : answer
}

function isModeration(error: Fields): boolean {
  return /moderation|flagged/i.test(String(error.message)) || fields(error.metadata).flagged_input !== undefined
}

/** What the provider behind it said: its message if it is JSON, else the text. */
function sentence(raw: string): string {
  try {
    const said = fields(JSON.parse(raw))
    return text(fields(said.error).message) ?? text(said.message) ?? text(said.error) ?? raw.slice(0, 500)
  } catch {
    return raw.slice(0, 500)
  }
}
