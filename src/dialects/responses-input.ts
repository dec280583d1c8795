import { GatewayError } from '../errors.ts'
import type { ChatMessage, ThinkingBlock } from './chat.ts'
import { type Fields, fields, isFields, list, present, text } from './loose-json.ts'
import { type CarriedFields, thoughtIn } from './responses-thoughts.ts'

/** Tools that ran at the vendor: what came of them is in the answer's text already, so only their own vendor needs them. */
const RAN_AT_VENDOR = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_list_tools',
  'mcp_call',
])

/** What one assistant turn says over several items: chat has one message for it, or tool results lose their calls. */
interface Turn {
  readonly content: Fields[]
  readonly calls: Fields[]
  readonly thoughts: ThinkingBlock[]
  readonly annotations: unknown[]
  readonly items: Fields[]
  readonly carried: CarriedFields[]
}

/**
 * Input items as messages. Reasoning, text and calls that follow each other are one assistant's message. Items that no chat
 * knows (a computer's screenshot, an approval) become parts of their own type, so that a vendor can refuse them by name.
 */
export function messagesOf(input: string | readonly Fields[]): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  const messages: ChatMessage[] = []
  let turn: Turn | undefined
  const speak = (): Turn => {
    turn ??= { content: [], calls: [], thoughts: [], annotations: [], items: [], carried: [] }
    return turn
  }
  const close = () => {
    if (turn) messages.push(...assistant(turn))
    turn = undefined
  }
  for (const [at, item] of input.entries()) {
    const path = `input[${at}]`
    const type = text(item.type) ?? (item.role === undefined ? '' : 'message')
    if (type === 'message' && item.role === 'assistant') {
      const parts = contentOf(item.content, `${path}.content`)
      speak().content.push(...parts.parts)
      speak().annotations.push(...parts.annotations)
    } else if (type === 'reasoning') {
      const thought = thoughtIn(item)
      if (thought && 'block' in thought) speak().thoughts.push(thought.block)
      else if (thought) speak().carried.push(thought.carried)
    } else if (type === 'function_call')
      speak().calls.push({
        id: named(item, 'call_id', path),
        type: 'function',
        function: { name: named(item, 'name', path), arguments: text(item.arguments) ?? '{}' },
      })
    else if (type === 'custom_tool_call')
      speak().calls.push({
        id: named(item, 'call_id', path),
        type: 'custom',
        custom: { name: named(item, 'name', path), input: typeof item.input === 'string' ? item.input : '' },
      })
    else if (RAN_AT_VENDOR.has(type)) speak().items.push(item)
    else if (type === 'message') {
      close()
      messages.push(plainMessage(item, path))
    } else if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      close()
      messages.push({
        role: 'tool',
        tool_call_id: named(item, 'call_id', path),
        content: outputOf(item.output, `${path}.output`),
      })
    } else if (type === 'item_reference')
      throw new GatewayError(
        'invalid_request',
        `${path} refers to an item that this gateway did not keep. Send the item itself; with reasoning, ask for include: ["reasoning.encrypted_content"].`,
        { param: path },
      )
    else if (type === '') throw invalid(`${path}.type`, 'must name the kind of item')
    else speak().content.push({ ...item, type })
  }
  close()
  return messages
}

function assistant({ content, calls, thoughts, annotations, items, carried }: Turn): ChatMessage[] {
  const own = carried.filter(({ call }) => call === undefined).map((one) => one.fields)
  const aside: Fields = Object.assign({}, ...own, items.length > 0 ? { response_items: items } : {})
  const reasoning = thoughts.flatMap((block) =>
    block.type === 'thinking' && block.thinking !== '' ? [block.thinking] : [],
  )
  const [only] = content
  const isText = content.length === 1 && only?.type === 'text' && Object.keys(only).length === 2
  const message: ChatMessage = {
    role: 'assistant',
    content: content.length === 0 ? null : isText ? only.text : content,
    ...(calls.length > 0 && { tool_calls: calls.map((call) => withCarried(call, carried)) }),
    ...(reasoning.length > 0 && { reasoning_content: reasoning.join('\n\n') }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
    ...(annotations.length > 0 && { annotations }),
    ...(Object.keys(aside).length > 0 && { provider_specific_fields: aside }),
  }
  return [message]
}

function withCarried(call: Fields, carried: readonly CarriedFields[]): Fields {
  const found = carried.find((one) => one.call === call.id)
  return found ? { ...call, provider_specific_fields: found.fields } : call
}

function plainMessage(item: Fields, path: string): ChatMessage {
  const role = text(item.role)
  if (role !== 'user' && role !== 'system' && role !== 'developer')
    throw invalid(`${path}.role`, 'must be user, assistant, system or developer')
  if (typeof item.content === 'string') return { role, content: item.content }
  return { role, content: contentOf(item.content, `${path}.content`).parts }
}

/** A tool's result is any text; the empty one too. */
function outputOf(output: unknown, path: string): unknown {
  if (typeof output === 'string') return output
  return contentOf(output, path).parts
}

function contentOf(content: unknown, path: string): { parts: Fields[]; annotations: unknown[] } {
  if (typeof content === 'string') return { parts: [{ type: 'text', text: content }], annotations: [] }
  if (!Array.isArray(content)) throw invalid(path, 'must be a string or a list of content parts')
  const parts = content.map((part, at) => partOf(part, `${path}[${at}]`))
  return { parts, annotations: content.flatMap((part) => list(fields(part).annotations)).map(nestedAnnotation) }
}

function partOf(part: unknown, path: string): Fields {
  if (!isFields(part)) throw invalid(path, 'must be an object')
  const marks = present({ prompt_cache_breakpoint: part.prompt_cache_breakpoint, cache_control: part.cache_control })
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
      if (typeof part.text !== 'string') throw invalid(`${path}.text`, 'must be a string')
      return { type: 'text', text: part.text, ...marks }
    case 'refusal':
      return { type: 'refusal', refusal: text(part.refusal) ?? '', ...marks }
    case 'input_image':
      return { ...imagePart(part, path), ...marks }
    case 'input_file':
      return { ...filePart(part, path), ...marks }
    case undefined:
      throw invalid(`${path}.type`, 'must be a string')
    default:
      return part
  }
}

function imagePart(part: Fields, path: string): Fields {
  const url = text(part.image_url) ?? text(fields(part.image_url).url)
  const fileId = text(part.file_id)
  if (url !== undefined) return { type: 'image_url', image_url: { url, ...present({ detail: text(part.detail) }) } }
  if (fileId !== undefined) return { type: 'file', file: { file_id: fileId, format: 'image/*' } }
  throw invalid(path, 'must have an image_url or a file_id')
}

/** A file by its address is, as LiteLLM has it, a `file_id` that is a URL. */
function filePart(part: Fields, path: string): Fields {
  const id = text(part.file_id) ?? text(part.file_url)
  const file = present({ file_data: text(part.file_data), file_id: id, filename: text(part.filename) })
  if (file.file_data === undefined && id === undefined)
    throw invalid(path, 'must have file_data, a file_url or a file_id')
  return { type: 'file', file }
}

/** `{type: T, …}` as chat has it: `{type: T, T: {…}}`. */
export function nestedAnnotation(annotation: unknown): unknown {
  if (!isFields(annotation)) return annotation
  const { type, ...rest } = annotation
  return typeof type === 'string' && !isFields(rest[type]) ? { type, [type]: rest } : annotation
}

export function flatAnnotation(annotation: unknown): unknown {
  if (!isFields(annotation)) return annotation
  const { type, ...rest } = annotation
  const inner = typeof type === 'string' ? rest[type] : undefined
  return isFields(inner) ? { type, ...inner } : annotation
}

function named(item: Fields, field: string, path: string): string {
  const value = text(item[field])
  if (value === undefined) throw invalid(`${path}.${field}`, 'must be a string and not empty')
  return value
}

export function invalid(param: string, fault: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${fault}.`, { param })
}
