import type { ChatDelta, ToolCall } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, place, present, text } from '../dialects/loose-json.ts'

export function wholeCalls(message: Fields, answerId: string): ToolCall[] {
  return callsIn(message).map((call, at) => {
    const { name, written, type } = callFields(call)
    return {
      id: text(call.id) ?? `call_${answerId}_${at}`,
      type,
      function: { name: name ?? '', arguments: written === '' && type === 'function' ? '{}' : written },
      ...asideOfCall(call),
    }
  })
}

export interface StreamedCall {
  /** The vendor's place for it; several calls may claim the same. */
  readonly place: number
  readonly id: string | undefined
  readonly type: string
  /** Some servers write it in pieces, some with every piece of the arguments. */
  name: string
  isNameTold: boolean
  written: string
}

type CallDelta = NonNullable<ChatDelta['tool_calls']>[number]

interface CallPlace {
  readonly calls: StreamedCall[]
  readonly prefix: string
  readonly tools: readonly string[]
}

/**
 * A piece of a call, with the index that the call has here: calls are counted as they appear, because vendors leave the
 * index out, repeat it for every call, or start wherever they like. Id, type and name are said once; a name that may only
 * be the beginning of one waits for the arguments.
 */
export function readCall(piece: Fields, { calls, prefix, tools }: CallPlace): CallDelta[] {
  const { name = '', written, type } = callFields(piece)
  const id = text(piece.id)
  const spot = place(piece.index)
  const before = calls.findLastIndex((call) =>
    spot === undefined ? id === undefined || call.id === id : call.place === spot,
  )
  const found = calls[before]
  const isNew = found === undefined || (name !== '' && isAnother(found, { id, name, tools }))
  const call = isNew ? { place: spot ?? calls.length, id, type, name: '', isNameTold: false, written: '' } : found
  const at = isNew ? calls.push(call) - 1 : before
  if (name !== call.name && !call.isNameTold) call.name += name
  call.written += written
  const showsName = call.name !== '' && !call.isNameTold && (call.written !== '' || !mayGoOn(call.name, tools))
  call.isNameTold ||= showsName
  return [
    ...(isNew ? calls.slice(0, -1).flatMap(lateName) : []),
    {
      index: at,
      ...(isNew && { id: id ?? `${prefix}_${at}`, type }),
      function: {
        ...(showsName && { name: call.name }),
        ...(isNew || written !== '' ? { arguments: written } : {}),
      },
      ...asideOfCall(piece),
    },
  ]
}

type Naming = { readonly id: string | undefined; readonly name: string; readonly tools: readonly string[] }

/** A name begins a new call where the id is new, or, without ids, where the call before has all that it needs. */
function isAnother(before: StreamedCall, { id, name, tools }: Naming): boolean {
  if (id !== undefined && before.id !== undefined) return id !== before.id
  if (id !== undefined || before.name === '') return false
  if (parsed(before.written) !== undefined) return true
  return before.written === '' && before.name !== name && tools.includes(before.name) && tools.includes(name)
}

function mayGoOn(name: string, tools: readonly string[]): boolean {
  return tools.some((tool) => tool !== name && tool.startsWith(name))
}

/** A name that waited for more, and nothing came. */
function lateName(call: StreamedCall, index: number): CallDelta[] {
  if (call.isNameTold || call.name === '') return []
  call.isNameTold = true
  return [{ index, function: { name: call.name } }]
}

/** What a call still lacks when the answer ends. */
export function closed(call: StreamedCall, index: number): CallDelta[] {
  const name = lateName(call, index)
  return call.written === '' && call.type === 'function' ? [...name, { index, function: { arguments: '{}' } }] : name
}

export function callsIn(message: Fields): Fields[] {
  // Some servers stream a call alone instead of in a list.
  const calls = isFields(message.tool_calls) ? [message.tool_calls] : list(message.tool_calls).filter(isFields)
  if (calls.length > 0 || !isFields(message.function_call)) return calls
  return [{ index: 0, type: 'function', function: message.function_call }]
}

function callFields(call: Fields): { name: string | undefined; written: string; type: string } {
  const custom = isFields(call.custom)
  const { name, arguments: args, input } = fields(custom ? call.custom : call.function)
  const written = custom ? input : args
  return {
    name: text(name),
    written: typeof written === 'string' ? written : isFields(written) ? JSON.stringify(written) : '',
    type: custom ? 'custom' : (text(call.type) ?? 'function'),
  }
}

/** Signatures that vendors hang on a call: LiteLLM's field, and Google's in its OpenAI-compatible answers. */
function asideOfCall(call: Fields): Pick<ToolCall, 'provider_specific_fields'> {
  const aside = { ...fields(call.provider_specific_fields), ...present({ extra_content: call.extra_content }) }
  return Object.keys(aside).length > 0 ? { provider_specific_fields: aside } : {}
}
