import { isAnthropicsPart, wordsIn } from '../dialects/anthropic-words.ts'
import type { ChatMessage, ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, present, text } from '../dialects/loose-json.ts'
import { flatAnnotation } from '../dialects/responses-input.ts'
import { openaiSeal, reasoningItem, type Thought, thoughtIn } from '../dialects/responses-thoughts.ts'
import { GatewayError } from '../errors.ts'
import { chatBody } from './chat-body.ts'
import { foreignWords, isForeignHint, type Tongue } from './foreign-words.ts'
import { cannotThink, effortOf } from './openai-translator.ts'
import type { Target } from './provider.ts'
import { unsupported } from './unsupported.ts'

/** What chat can say and Responses cannot. `n` may be one. */
const MISSING = [
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'prediction',
  'audio',
  'modalities',
  'top_k',
]

const OWN: readonly Tongue[] = ['responses']

/** Said in other words, below. */
const TRANSLATED = new Set([
  ...MISSING,
  'model',
  'messages',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'response_format',
  'verbosity',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'web_search_options',
  'logprobs',
  'store',
  'include',
  'stream',
  'stream_options',
])

/** The body of OpenAI's `/v1/responses` for a canonical request. Nothing is kept there unless the request says `store`. */
export function openaiResponsesBody(request: ChatRequest, target: Target): Fields {
  const body: Fields & ReturnType<typeof chatBody> = chatBody(request, target)
  const missing = MISSING.filter((field) => means(field, body[field]))
  const foreign = foreignWords(body, OWN).filter((field) => field !== 'top_k')
  if (Number(body.n ?? 1) > 1) missing.push('n')
  const names = body.messages.flatMap(({ role, name }, at) =>
    // A result's name is its call's, which the call itself says.
    text(name) === undefined || role === 'tool' || role === 'function' ? [] : [`messages[${at}].name`],
  )
  if (isShown(body.thinking) && cannotThink(target.model)) missing.push('thinking')
  unsupported([...missing, ...foreign, ...names], target)
  const rest = Object.fromEntries(
    Object.entries(body).filter(
      ([field, value]) =>
        !TRANSLATED.has(field) && value !== null && !foreign.includes(field) && !isForeignHint(field, OWN),
    ),
  )
  const effort = missing.includes('thinking') ? undefined : effortIn(body)
  const tools = [...list(body.tools).map(fields), ...list(body.functions).map(asFunction)].map(flatTool)
  const search = isFields(body.web_search_options) ? [webSearch(body.web_search_options)] : []
  const include = [
    ...(thinks(target.model, effort) ? ['reasoning.encrypted_content'] : []),
    ...(body.logprobs === true ? ['message.output_text.logprobs'] : []),
  ]
  const format = flatFormat(body.response_format)
  return {
    ...rest,
    model: target.model,
    input: inputOf(body.messages),
    store: body.store === true,
    ...(body.stream === true && { stream: true }),
    ...present({
      max_output_tokens: body.max_completion_tokens ?? body.max_tokens,
      tool_choice: flatChoice(body.tool_choice ?? legacyChoice(body.function_call)),
      reasoning: effort,
    }),
    ...((format !== undefined || isSet(body.verbosity)) && { text: present({ format, verbosity: body.verbosity }) }),
    ...(tools.length + search.length > 0 && { tools: [...tools, ...search] }),
    ...(include.length > 0 && { include: [...new Set([...list(body.include), ...include])] }),
  }
}

/**
 * A body in Responses' own words, for OpenAI: the deployment's fields underneath, the gateway's left out. Nothing is kept
 * there, so that metadata would label nothing; sealed thoughts are always asked for, or the next turn could not hand them
 * back, and no item is sent by an id that OpenAI would look up in vain.
 */
export function forwardedBody(given: Fields, stream: boolean, target: Target): Fields {
  const asked = { ...given, model: target.model, stream, messages: [] }
  const {
    messages: _,
    stream_options: __,
    metadata: ___,
    max_tokens,
    max_completion_tokens,
    ...body
  } = chatBody(asked, target)
  const { include_obfuscation } = fields(given.stream_options)
  const include = list(body.include)
  const sealed = thinks(target.model, isFields(body.reasoning) ? body.reasoning : undefined)
  return {
    ...present({ max_output_tokens: max_completion_tokens ?? max_tokens }),
    ...body,
    ...(Array.isArray(body.input) && { input: body.input.flatMap(unkept) }),
    store: false,
    ...(isSet(include_obfuscation) && { stream_options: { include_obfuscation } }),
    ...(sealed && { include: [...new Set([...include, 'reasoning.encrypted_content'])] }),
  }
}

const NEEDS_NO_ID = new Set([
  'message',
  'reasoning',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
])

/** Items that stand for themselves. Thoughts that OpenAI did not seal, or not at all, are nothing to it. */
function unkept(item: unknown): unknown[] {
  if (!isFields(item) || typeof item.type !== 'string') return [item]
  const { id: _, ...own } = item
  if (item.type !== 'reasoning') return [NEEDS_NO_ID.has(item.type) ? own : item]
  const thought = thoughtIn(item)
  return thought && isOpenais(thought) ? [own] : []
}

function isOpenais(thought: Thought): boolean {
  if (!('block' in thought) || thought.block.type !== 'thinking') return false
  return openaiSeal(thought.block.signature ?? '') !== undefined
}

/** Whether a field asks for anything: a penalty of zero and a plain text modality change nothing. */
function means(field: string, value: unknown): boolean {
  if (!isSet(value) || (Array.isArray(value) && value.length === 0)) return false
  if (field.endsWith('_penalty')) return value !== 0
  if (field === 'modalities') return list(value).some((one) => one !== 'text')
  return !(isFields(value) && Object.keys(value).length === 0)
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

function effortIn(body: Fields): Fields | undefined {
  const { reasoning_effort: said, thinking } = body
  const reasoning = {
    ...(isFields(said) ? said : present({ effort: text(said) ?? effortOf(thinking) })),
    ...(isShown(thinking) && { summary: 'auto' }),
    ...fields(body.reasoning),
  }
  return Object.keys(reasoning).length > 0 ? reasoning : undefined
}

function isShown(thinking: unknown): boolean {
  const { type } = fields(thinking)
  return type === 'enabled' || type === 'adaptive'
}

/** Models that do not think refuse to be asked for sealed thoughts. */
function thinks(model: string, reasoning: Fields | undefined): boolean {
  if (reasoning?.effort === 'none' || cannotThink(model)) return false
  return reasoning !== undefined || /^(o[1-9]|gpt-[5-9]|codex)(?!.*chat)/.test(model)
}

function inputOf(messages: readonly ChatMessage[]): Fields[] {
  const custom = new Set<string>()
  let lastCall = ''
  return messages.flatMap((message, at) => {
    const { role, content } = message
    if (role === 'tool' || role === 'function') {
      const id = text(message.tool_call_id) ?? lastCall
      const type = custom.has(id) ? 'custom_tool_call_output' : 'function_call_output'
      return [{ type, call_id: id, output: outputOf(content) }]
    }
    if (role !== 'assistant') return [{ type: 'message', role, content: contentOf(content, 'input_text') }]
    const calls = list(message.tool_calls).map(fields).map(callItem)
    if (isFields(message.function_call)) {
      lastCall = `call_${at}`
      calls.push(callItem({ id: lastCall, function: message.function_call }))
    }
    for (const { type, call_id } of calls) if (type === 'custom_tool_call') custom.add(String(call_id))
    const said = assistantContent(message)
    return [
      ...thoughtsOf(message),
      ...list(fields(message.provider_specific_fields).response_items).filter(isFields),
      ...(said.parts.length > 0 ? [{ type: 'message', role, content: said.parts }] : []),
      ...said.items,
      ...calls,
    ]
  })
}

/** Only what OpenAI sealed itself: it can read no other vendor's thoughts. Nothing is kept there, so no id would be found. */
function thoughtsOf(message: ChatMessage): Fields[] {
  return list(message.thinking_blocks)
    .filter(isFields)
    .flatMap((block) => {
      const { thinking, signature } = block
      if (typeof thinking !== 'string' || typeof signature !== 'string' || !openaiSeal(signature)) return []
      const { id: _, ...own } = reasoningItem({ type: 'thinking', thinking, signature }, '')
      return [own]
    })
}

const CHAT_PARTS = new Set(['text', 'refusal', 'image_url', 'file', 'input_audio'])

/** Text of the assistant's own, and items that this dialect's sibling parked in its content. */
function assistantContent({ content, refusal }: ChatMessage): { parts: Fields[]; items: Fields[] } {
  const given = Array.isArray(content) ? content.filter(isFields) : []
  const parts = Array.isArray(content)
    ? given.filter(({ type }) => CHAT_PARTS.has(String(type))).map((part) => partOf(part, 'output_text'))
    : text(content) === undefined
      ? []
      : [{ type: 'output_text', text: content }]
  return {
    parts: [...parts, ...(text(refusal) === undefined ? [] : [{ type: 'refusal', refusal }])],
    items: given.filter(({ type }) => !CHAT_PARTS.has(String(type))),
  }
}

function contentOf(content: unknown, textType: string): unknown {
  if (typeof content === 'string') return content
  return list(content)
    .filter(isFields)
    .map((part) => partOf(part, textType))
}

function outputOf(content: unknown): unknown {
  if (Array.isArray(content)) return contentOf(content, 'input_text')
  return typeof content === 'string' ? content : ''
}

function partOf(part: Fields, textType: string): Fields {
  const marks = present({ prompt_cache_breakpoint: part.prompt_cache_breakpoint })
  switch (part.type) {
    case 'text':
      return { type: textType, text: part.text, ...marks }
    case 'image_url': {
      const { url, detail } = isFields(part.image_url) ? part.image_url : { url: part.image_url, detail: undefined }
      return { type: 'input_image', image_url: url, detail: detail ?? 'auto', ...marks }
    }
    case 'file':
      return { ...filePart(fields(part.file)), ...marks }
    default: {
      const words = wordsIn(part)
      if (words !== undefined) return { type: textType, text: words }
      if (isAnthropicsPart(part))
        throw new GatewayError(
          'invalid_request',
          `A part of type "${String(part.type)}" is Anthropic's, which OpenAI does not have. Send text, or a file itself.`,
          { param: `messages.content.${String(part.type)}` },
        )
      const { cache_control: _, citations: __, context: ___, ...own } = part
      return own
    }
  }
}

function filePart({ file_id, file_data, filename, format }: Fields): Fields {
  const id = text(file_id)
  if (id !== undefined && String(format ?? '').startsWith('image/'))
    return { type: 'input_image', detail: 'auto', ...(isAddress(id) ? { image_url: id } : { file_id: id }) }
  return {
    type: 'input_file',
    ...present({ file_data, filename: text(filename) }),
    ...(id !== undefined && (isAddress(id) ? { file_url: id } : { file_id: id })),
  }
}

function isAddress(id: string): boolean {
  return id.startsWith('https://') || id.startsWith('http://')
}

function callItem(call: Fields): Fields {
  const custom = call.type === 'custom'
  const { name, input, arguments: written } = fields(custom && isFields(call.custom) ? call.custom : call.function)
  return custom
    ? { type: 'custom_tool_call', call_id: call.id, name, input: input ?? written ?? '' }
    : { type: 'function_call', call_id: call.id, name, arguments: text(written) ?? '{}' }
}

function asFunction(definition: unknown): Fields {
  return { type: 'function', function: definition }
}

/** Responses take a function for strict unless it says otherwise, chat the other way round. */
function flatTool(tool: Fields): Fields {
  const { type, function: definition, custom } = tool
  if (type === 'custom' && isFields(custom))
    return { type, ...custom, ...present({ format: flatGrammar(custom.format) }) }
  if (!isFields(definition)) return tool
  const { name, description, parameters, strict, ...rest } = definition
  return {
    type: 'function',
    name,
    ...present({ description }),
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
    ...rest,
  }
}

function flatGrammar(format: unknown): unknown {
  return isFields(format) && isFields(format.grammar) ? { type: format.type, ...format.grammar } : format
}

function webSearch({ search_context_size, user_location }: Fields): Fields {
  const place = fields(user_location)
  return {
    type: 'web_search',
    ...present({ search_context_size }),
    ...(isFields(place.approximate) && { user_location: { type: 'approximate', ...place.approximate } }),
  }
}

function flatChoice(choice: unknown): unknown {
  const flat = flatAnnotation(choice)
  if (!isFields(flat) || flat.type !== 'allowed_tools') return flat
  return { ...flat, tools: list(flat.tools).map(flatAnnotation) }
}

function legacyChoice(choice: unknown): unknown {
  return isFields(choice) ? { type: 'function', name: choice.name } : choice
}

function flatFormat(format: unknown): unknown {
  return isFields(format) && format.type === 'json_schema' ? flatAnnotation(format) : (format ?? undefined)
}
