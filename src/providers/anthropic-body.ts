import { blocksOf, unreadable } from '../dialects/anthropic-parts.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, text } from '../dialects/loose-json.ts'
import { allowedBetas, neededBetas } from './anthropic-beta.ts'
import { conversationOf, hasUnthoughtCalls, namesFiles } from './anthropic-conversation.ts'
import { type ClaudeTraits, claudeTraits } from './anthropic-model.ts'
import { samplingOf } from './anthropic-sampling.ts'
import { ANSWER_TOOL, grammarOf } from './anthropic-schema.ts'
import { isThinking, thinkingOf } from './anthropic-thinking.ts'
import { type ToolChoice, toolChoiceOf, toolsOf, toolsOfHistory, webSearch } from './anthropic-tools.ts'
import { chatBody } from './chat-body.ts'
import { foreignWords, isForeignHint, type Tongue } from './foreign-words.ts'
import type { Target } from './provider.ts'
import { kept, unsupported } from './unsupported.ts'

/** What a body for Anthropic's Messages API is made of, wherever the model runs. */
export interface ClaudeBody {
  /** Without `model` and `stream`, which each cloud says elsewhere. */
  readonly body: Fields
  /** Values of `anthropic-beta`: those that the body needs, and those that the caller asked for and may have. */
  readonly betas: readonly string[]
}

/** How a cloud's Claude differs from Anthropic's own. */
export type Platform = Partial<Pick<ClaudeTraits, 'laterInstructions' | 'schemas'>>

type Asked = { readonly [field: string]: unknown }

/** Words of OpenAI's that Claude has no counterpart of, with the values that ask for nothing. */
const FOREIGN: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  best_of: (value) => value === 1,
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  logit_bias: (value) => Object.keys(fields(value)).length === 0,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  seed: () => false,
  modalities: (value) => list(value).every((kind) => kind === 'text'),
  audio: () => false,
  prediction: () => false,
  functions: (value) => list(value).length === 0,
  function_call: (value) => value === 'none',
  verbosity: (value) => value === 'medium',
  store: (value) => value === false,
  suffix: () => false,
}

const OWN: readonly Tongue[] = ['anthropic']

/** Hints that change no answer, and fields that are translated below. */
const READ = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'stream_options',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'web_search_options',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'output_config',
  'service_tier',
  'anthropic_beta',
  'betas',
  'anthropic_version',
])

/**
 * Canonical chat as a body for Claude. OpenAI's words are translated or refused by name; words that neither OpenAI nor
 * this file knows are Anthropic's own and go as they are.
 */
export function claudeBody(request: ChatRequest, target: Target, platform: Platform = {}): ClaudeBody {
  const asked: Asked = chatBody(request, target)
  const traits = { ...claudeTraits(target.model), ...platform }
  const refused = Object.entries(FOREIGN).flatMap(([field, saysNothing]) =>
    isSet(asked[field]) && !saysNothing(asked[field]) ? [field] : [],
  )
  const foreign = foreignWords(asked, OWN)
  const allowed = unsupported([...refused, ...foreign], target)

  const { system: told, messages } = conversationOf(request.messages, traits.laterInstructions)
  const system = [...blocksOf(asked.system, 'system'), ...told]
  if (!traits.prefill && messages.at(-1)?.role === 'assistant')
    throw unreadable('messages', 'ends with an assistant, which this model does not continue; end with a user')

  const maxTokens =
    count(asked.max_completion_tokens) ?? count(asked.max_tokens) ?? target.maxOutputTokens ?? traits.maxTokens
  const wish = { asked, traits, maxTokens, unthoughtCalls: hasUnthoughtCalls(messages), target }
  const thinking = thinkingOf(wish)
  const thinks = isThinking(thinking) || traits.unthinking === 'impossible'
  const format = formatOf(asked.response_format, traits)
  const tooling = toolingOf({ asked, traits, target, thinks, answerTool: format.tool })
  const tools = tooling.tools.length > 0 ? tooling.tools : toolsOfHistory(messages)
  const toolChoice = tooling.tools.length > 0 ? tooling.choice : tools.length > 0 ? { type: 'none' } : undefined
  const instructions =
    tooling.instruction === undefined ? system : [...system, { type: 'text', text: tooling.instruction }]
  const output = outputOf(asked, format.grammar, thinking.effort)
  const userId = userIdOf(request)

  const own = Object.entries(asked).filter(
    ([field]) => !READ.has(field) && !(field in FOREIGN) && !foreign.includes(field) && !isForeignHint(field, OWN),
  )
  const body: Fields = {
    ...Object.fromEntries(own),
    ...kept(allowed, asked),
    max_tokens: maxTokens,
    ...(instructions.length > 0 && { system: instructions }),
    messages,
    ...(tools.length > 0 && { tools }),
    ...(toolChoice && { tool_choice: toolChoice }),
    ...(thinking.thinking && { thinking: thinking.thinking }),
    ...(output && { output_config: output }),
    ...stopOf(asked.stop, target),
    ...samplingOf(asked, traits, isThinking(thinking), target),
    ...tierOf(asked.service_tier, target),
    ...(userId !== undefined && { metadata: { user_id: userId } }),
  }
  const betas = [
    ...neededBetas(body, namesFiles(messages)),
    ...allowedBetas(asked.anthropic_beta),
    ...allowedBetas(asked.betas),
  ]
  return { body, betas: [...new Set(betas)] }
}

/** Operators write numbers as text, too; what bounds the cost is read as the bound was reckoned. */
function count(value: unknown): number | undefined {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? Math.ceil(found) : undefined
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

interface Format {
  readonly grammar?: Fields
  /** The tool whose input is the answer, where there is no grammar for it. */
  readonly tool?: Fields
}

function formatOf(asked: unknown, traits: ClaudeTraits): Format {
  const { type, json_schema, schema: bare } = fields(asked)
  if (type === 'json_object') return { tool: answerTool({ type: 'object', additionalProperties: true }) }
  if (type !== 'json_schema') return {}
  const { schema: named, description } = fields(json_schema)
  const schema = isFields(named) ? named : fields(bare)
  const grammar = traits.schemas ? grammarOf(schema) : undefined
  return grammar === undefined || Object.keys(schema).length === 0
    ? { tool: answerTool(schema, description) }
    : { grammar: { type: 'json_schema', schema: grammar } }
}

function answerTool(schema: Fields, description?: unknown): Fields {
  return {
    name: ANSWER_TOOL,
    description: text(description) ?? 'Gives the final answer. Its input is the answer.',
    input_schema: { type: 'object', ...schema },
  }
}

interface Tooling {
  readonly tools: readonly Fields[]
  readonly choice: Fields | undefined
  readonly instruction?: string
}

/**
 * The caller's tools, a search of the web where OpenAI's option asks for one, and the tool that carries the answer. That
 * one is forced, beside the caller's own as one of them; where the model cannot be forced, an instruction asks for it.
 */
function toolingOf({
  asked,
  traits,
  target,
  thinks,
  answerTool,
}: {
  readonly asked: Asked
  readonly traits: ClaudeTraits
  readonly target: Target
  readonly thinks: boolean
  readonly answerTool: Fields | undefined
}): Tooling {
  const { choice, allowed }: ToolChoice = toolChoiceOf(asked)
  const given = toolsOf(asked.tools, { traits, target }).filter(
    ({ name }) => !allowed || allowed.includes(String(name)),
  )
  const search = isFields(asked.web_search_options) ? [webSearch(asked.web_search_options)] : []
  const tools = [...given, ...search]
  const canForce = traits.forcedTools && !thinks
  if (answerTool) {
    if (canForce) {
      const forced =
        tools.length === 0 || choice?.type === 'none' ? { type: 'tool', name: ANSWER_TOOL } : { type: 'any' }
      return { tools: [...tools, answerTool], choice: choice?.type === 'tool' ? choice : forced }
    }
    const schema = JSON.stringify(answerTool.input_schema)
    return {
      tools,
      choice,
      instruction: `Give the final answer as one JSON object and nothing else. Its JSON schema: ${schema}`,
    }
  }
  if (canForce || (choice?.type !== 'any' && choice?.type !== 'tool')) return { tools, choice }
  unsupported(['tool_choice'], target)
  const { name: _, ...rest } = choice
  return { tools, choice: { ...rest, type: 'auto' } }
}

function outputOf(asked: Asked, grammar: Fields | undefined, effort: string | undefined): Fields | undefined {
  const { effort: _, ...own } = fields(asked.output_config)
  const output = { ...own, ...(effort !== undefined && { effort }), ...(grammar && { format: grammar }) }
  return Object.keys(output).length > 0 ? output : undefined
}

/** A sequence of blanks alone is refused by the vendor. */
function stopOf(asked: unknown, target: Target): Fields {
  const all = typeof asked === 'string' ? [asked] : list(asked)
  const usable = all.filter((stop) => typeof stop === 'string' && stop.trim() !== '')
  if (usable.length < all.length) unsupported(['stop'], target)
  return usable.length > 0 ? { stop_sequences: usable } : {}
}

const TIERS: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'standard_only',
  standard_only: 'standard_only',
}

function tierOf(asked: unknown, target: Target): Fields {
  if (!isSet(asked)) return {}
  const tier = TIERS[String(asked)]
  if (tier !== undefined) return { service_tier: tier }
  unsupported(['service_tier'], target)
  return {}
}

/** Whom the request is for. The vendor refuses names of people here, so addresses and telephone numbers stay with us. */
function userIdOf(request: ChatRequest): string | undefined {
  const id = text(request.user) ?? text(request.metadata?.user_id) ?? text(request.safety_identifier)
  if (id === undefined || /^\S+@\S+\.\S+$/.test(id) || /^\+?[\d\s().-]{7,}$/.test(id)) return undefined
  return id
}
