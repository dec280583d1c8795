import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, number, parsed, text } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { claudeTraits } from './anthropic-model.ts'
import { samplingOf } from './anthropic-sampling.ts'
import { ANSWER_TOOL } from './anthropic-schema.ts'
import { isThinking, thinkingOf } from './anthropic-thinking.ts'
import { type BedrockMessage, type Block, bedrockConversation, cachePoint } from './bedrock-content.ts'
import {
  type BedrockCaching,
  type BedrockFamily,
  bedrockCaching,
  bedrockFamily,
  bedrockModel,
  knowsSchemas,
} from './bedrock-models.ts'
import { chatBody } from './chat-body.ts'
import { foreignWords, isForeignHint, type Tongue } from './foreign-words.ts'
import type { Target } from './provider.ts'
import { kept, unsupported } from './unsupported.ts'

/** OpenAI's and the gateway's words that change nothing in an answer: who asks, and what should be kept of it. */
const INERT = ['model', 'messages', 'user', 'safety_identifier', 'store', 'metadata', 'prompt_cache_key', 'reasoning']
/** OpenAI's words for which Converse has none. */
const MISSING = [
  'seed',
  'logit_bias',
  'frequency_penalty',
  'presence_penalty',
  'logprobs',
  'top_logprobs',
  'audio',
  'modalities',
  'prediction',
  'verbosity',
  'web_search_options',
  'functions',
  'function_call',
  'prompt_cache_retention',
  'suffix',
]
/** Converse's own fields, which a request or a deployment may give in its own words. */
const NATIVE = [
  'guardrailConfig',
  'performanceConfig',
  'promptVariables',
  'requestMetadata',
  'additionalModelResponseFieldPaths',
]
const READ = [
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'n',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'thinking',
  'service_tier',
  'top_k',
  'output_config',
  'serviceTier',
  'outputConfig',
  'inferenceConfig',
  'additionalModelRequestFields',
]
const TIERS: Readonly<Record<string, string>> = {
  default: 'default',
  standard_only: 'default',
  flex: 'flex',
  priority: 'priority',
  reserved: 'reserved',
}

/**
 * A canonical request as Converse's body. OpenAI's fields become Converse's; fields that neither knows go to the model as
 * `additionalModelRequestFields`.
 */
export function converseBody(request: ChatRequest, target: Target): Fields {
  const { messages: _, model: __, ...given } = chatBody({ ...request, stream: false }, target)
  const { id } = bedrockModel(target.model)
  const family = bedrockFamily(id)
  const { system, messages } = bedrockConversation(request.messages, {
    caching: bedrockCaching(id),
    signedOnly: family === 'anthropic',
  })
  const own: readonly Tongue[] = family === 'anthropic' ? ['anthropic'] : []
  const foreign = foreignWords(given, own).filter((field) => field !== 'top_k')
  const lacking = [...MISSING.filter((field) => means(given[field])), ...foreign]
  const { structure, shape } = structured(given.response_format, id)
  const reasoning = reasoningFields({ given, messages, id, family, target })
  const tools = toolConfig({
    given,
    messages,
    family,
    caching: bedrockCaching(id),
    structure,
    thinks: reasoning.thinks,
  })
  const tier = serviceTier(given.service_tier)
  const lacked = [...lacking, ...several(given.n), ...reasoning.lacking, ...tools.lacking, ...tier.lacking]
  const allowed = unsupported(lacked, target)

  const sampling =
    family === 'anthropic'
      ? samplingOf(given, claudeTraits(id), isThinking({ ...reasoning.additional }), target)
      : given
  const stop = stops(given.stop)
  const inferenceConfig = {
    ...defined({
      maxTokens: number(given.max_completion_tokens) ?? number(given.max_tokens),
      temperature: number(sampling.temperature),
      topP: number(sampling.top_p),
      stopSequences: stop.length > 0 ? stop : undefined,
    }),
    ...fields(given.inferenceConfig),
  }
  const additional = {
    ...unknown(given, (field) => foreign.includes(field) || isForeignHint(field, own)),
    ...kept(allowed, given),
    ...topK(sampling.top_k, family),
    ...reasoning.additional,
    ...tools.additional,
    ...fields(given.additionalModelRequestFields),
  }
  const outputConfig = { ...reasoning.outputConfig, ...shape, ...fields(given.outputConfig) }
  const paths = family === 'anthropic' && stop.length > 0 ? ['/stop_sequence'] : undefined
  return {
    messages,
    ...(system.length > 0 && { system }),
    ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
    ...(tools.config && { toolConfig: tools.config }),
    ...(Object.keys(additional).length > 0 && { additionalModelRequestFields: additional }),
    ...(Object.keys(outputConfig).length > 0 && { outputConfig }),
    ...(tier.tier !== undefined && { serviceTier: { type: tier.tier } }),
    ...(isFields(given.serviceTier) && { serviceTier: given.serviceTier }),
    ...(paths && { additionalModelResponseFieldPaths: paths }),
    ...defined(Object.fromEntries(NATIVE.map((field) => [field, given[field]]))),
  }
}

/** What a caller writes to ask for nothing. */
function means(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false
  if (Array.isArray(value)) return value.length > 0 && !value.every((one) => one === 'text')
  return !isFields(value) || Object.keys(value).length > 0
}

function several(n: unknown): string[] {
  return number(n) !== undefined && n !== 1 ? ['n'] : []
}

function stops(stop: unknown): string[] {
  return (typeof stop === 'string' ? [stop] : list(stop)).filter((one) => typeof one === 'string')
}

function unknown(given: Fields, isForeign: (field: string) => boolean): Fields {
  const known = new Set([...INERT, ...MISSING, ...NATIVE, ...READ])
  return defined(Object.fromEntries(Object.entries(given).filter(([field]) => !known.has(field) && !isForeign(field))))
}

function topK(value: unknown, family: BedrockFamily): Fields {
  const k = number(value)
  if (k === undefined) return {}
  return family === 'nova' || family === 'nova-2' ? { inferenceConfig: { topK: k } } : { top_k: k }
}

function serviceTier(asked: unknown): { readonly tier?: string; readonly lacking: readonly string[] } {
  const word = text(asked)
  if (word === undefined || word === 'auto') return { lacking: [] }
  const tier = TIERS[word]
  return tier === undefined ? { lacking: ['service_tier'] } : { tier, lacking: [] }
}

interface Structured {
  /** By the vendor's own structured output. */
  readonly shape: Fields
  /** By a tool with this schema. */
  readonly structure?: Fields
}

function structured(format: unknown, id: string): Structured {
  const { type, json_schema } = fields(format)
  if (type === 'json_object') return { shape: {}, structure: { type: 'object', additionalProperties: true } }
  if (type !== 'json_schema') return { shape: {} }
  const { name, description, schema } = fields(json_schema)
  if (!isFields(schema))
    throw new GatewayError('invalid_request', 'response_format.json_schema.schema must be a JSON schema.', {
      param: 'response_format.json_schema.schema',
    })
  if (!knowsSchemas(id)) return { shape: {}, structure: schema }
  const jsonSchema = {
    schema: JSON.stringify(schema),
    ...defined({ name: text(name), description: text(description) }),
  }
  return { shape: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } }
}

interface Reasoning {
  readonly additional: Fields
  readonly outputConfig: Fields
  readonly lacking: readonly string[]
  readonly thinks: boolean
}

interface ReasoningQuestion {
  readonly given: Fields
  readonly messages: readonly BedrockMessage[]
  readonly id: string
  readonly family: BedrockFamily
  readonly target: Target
}

/** A turn that is still using tools and whose thoughts were lost on the way: it cannot begin to think in its middle. */
function unthought(messages: readonly BedrockMessage[]): boolean {
  if (!messages.at(-1)?.content.some(({ toolResult }) => toolResult !== undefined)) return false
  const calling = messages.findLast(({ role }) => role === 'assistant')
  return calling?.content.every(({ reasoningContent }) => reasoningContent === undefined) ?? false
}

/** Each family has its own words for thinking; a family without any is not asked to. */
function reasoningFields({ given, messages, id, family, target }: ReasoningQuestion): Reasoning {
  const nothing: Reasoning = { additional: {}, outputConfig: {}, lacking: [], thinks: false }
  const thinking = isFields(given.thinking) ? given.thinking : undefined
  const effort = text(given.reasoning_effort) ?? text(fields(given.reasoning_effort).effort)
  if (thinking === undefined && effort === undefined && !isFields(given.output_config)) return nothing
  if (family === 'anthropic') {
    const traits = claudeTraits(id)
    const maxTokens = number(given.max_completion_tokens) ?? number(given.max_tokens) ?? traits.maxTokens
    const found = thinkingOf({ asked: given, traits, maxTokens, unthoughtCalls: unthought(messages), target })
    return {
      ...nothing,
      additional: found.thinking ? { thinking: found.thinking } : {},
      outputConfig: found.effort === undefined ? {} : { effort: found.effort },
      thinks: isThinking(found) || !traits.forcedTools,
    }
  }
  const off = effort === 'none' || thinking?.type === 'disabled'
  if (family === 'nova-2') {
    if (off) return { ...nothing, additional: { reasoningConfig: { type: 'disabled' } } }
    if (effort === 'low' || effort === 'medium' || effort === 'high')
      return {
        ...nothing,
        additional: { reasoningConfig: { type: 'enabled', maxReasoningEffort: effort } },
        thinks: true,
      }
  }
  if (family === 'gpt-oss' && (effort === 'low' || effort === 'medium' || effort === 'high'))
    return { ...nothing, additional: { reasoning_effort: effort }, thinks: true }
  if (off && (family === 'nova' || family === 'other')) return nothing
  return {
    ...nothing,
    // Callers of Anthropic's dialect said how much they want as a budget.
    lacking: [thinking ? 'thinking' : 'reasoning_effort'],
  }
}

interface ToolQuestion {
  readonly given: Fields
  readonly messages: readonly BedrockMessage[]
  readonly family: BedrockFamily
  readonly caching: BedrockCaching
  readonly structure: Fields | undefined
  readonly thinks: boolean
}

interface Tools {
  readonly config?: Fields
  readonly additional: Fields
  readonly lacking: readonly string[]
}

function toolConfig({ given, messages, family, caching, structure, thinks }: ToolQuestion): Tools {
  const lacking: string[] = []
  const { mode, name, only } = choice(given.tool_choice)
  const specs: Block[] = []
  const vendors: Fields[] = []
  for (const [at, tool] of list(given.tools).map(fields).entries()) {
    if (isFunction(tool)) {
      const spec = toolSpec(tool, `tools[${at}]`)
      if (only === undefined || only.includes(String(spec.name)))
        specs.push({ toolSpec: spec }, ...cachePoint(tool.cache_control, caching === 'long' ? caching : 'none'))
    } else if (isFields(tool.toolSpec) || isFields(tool.systemTool) || isFields(tool.cachePoint)) specs.push(tool)
    else if (family === 'anthropic' && /_\d{8}$/.test(String(tool.type))) vendors.push(tool)
    else lacking.push(`tools[${at}]`)
  }
  const used = namesUsed(messages)
  if (structure)
    specs.push({
      toolSpec: { name: ANSWER_TOOL, description: 'Gives the answer in its shape.', inputSchema: { json: structure } },
    })
  else if (specs.length === 0 && vendors.length === 0) {
    if (used.length === 0) return { additional: {}, lacking }
    // Bedrock refuses a history with calls when no tool is declared.
    specs.push(...used.map((one) => ({ toolSpec: { name: one, inputSchema: { json: { type: 'object' } } } })))
  }
  if (mode === 'none' && !structure) {
    if (used.length === 0) return { additional: {}, lacking }
    lacking.push('tool_choice')
  }
  const alone = specs.filter((spec) => spec.toolSpec !== undefined).length === 1 && vendors.length === 0
  const forced = structure && !thinks ? (alone ? { tool: { name: ANSWER_TOOL } } : { any: {} }) : undefined
  const toolChoice = forced ?? wanted(mode, name)
  const single = given.parallel_tool_calls === false
  if (single && family !== 'anthropic') lacking.push('parallel_tool_calls')
  const additional = {
    ...(vendors.length > 0 && { tools: vendors }),
    ...(single &&
      family === 'anthropic' && { tool_choice: { ...anthropicChoice(toolChoice), disable_parallel_tool_use: true } }),
  }
  const config = { tools: specs, ...(toolChoice && { toolChoice }) }
  return { ...(specs.length > 0 && { config }), additional, lacking }
}

function isFunction({ type, function: declared }: Fields): boolean {
  return (type === 'function' || type === undefined) && isFields(declared)
}

function toolSpec(tool: Fields, path: string): Fields {
  const { name, description, parameters, strict } = fields(tool.function)
  if (text(name) === undefined)
    throw new GatewayError('invalid_request', `${path}.function.name must be the name of a function.`, {
      param: `${path}.function.name`,
    })
  const schema = typeof parameters === 'string' ? parsed(parameters) : parameters
  return {
    name,
    ...defined({ description: text(description) }),
    inputSchema: {
      json: isFields(schema) && Object.keys(schema).length > 0 ? schema : { type: 'object', properties: {} },
    },
    ...(strict === true && { strict }),
  }
}

type Mode = 'auto' | 'none' | 'required' | 'function'

function choice(asked: unknown): { readonly mode?: Mode; readonly name?: string; readonly only?: readonly string[] } {
  if (asked === 'auto' || asked === 'none' || asked === 'required') return { mode: asked }
  if (asked === 'any') return { mode: 'required' }
  const { type, function: chosen, allowed_tools, name } = fields(asked)
  if (type === 'allowed_tools') {
    const { mode, tools } = fields(allowed_tools ?? asked)
    const only = list(tools).map((tool) => String(fields(fields(tool).function).name ?? fields(tool).name))
    return { mode: mode === 'required' ? 'required' : 'auto', only }
  }
  const called = text(fields(chosen).name) ?? text(name)
  if (called !== undefined) return { mode: 'function', name: called }
  if (type === 'auto' || type === 'none') return { mode: type }
  return type === 'any' || type === 'required' ? { mode: 'required' } : {}
}

function wanted(mode: Mode | undefined, name: string | undefined): Fields | undefined {
  if (mode === 'auto') return { auto: {} }
  if (mode === 'required') return { any: {} }
  return mode === 'function' ? { tool: { name } } : undefined
}

function anthropicChoice(toolChoice: Fields | undefined): Fields {
  if (toolChoice?.any) return { type: 'any' }
  return toolChoice?.tool ? { type: 'tool', ...fields(toolChoice.tool) } : { type: 'auto' }
}

function namesUsed(messages: readonly BedrockMessage[]): string[] {
  const blocks = messages.flatMap(({ content }) => content)
  const called = blocks.map(({ toolUse }) => text(fields(toolUse).name)).filter((name) => name !== undefined)
  return [...new Set(called)]
}

function defined(entries: Fields): Fields {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined && value !== null))
}
