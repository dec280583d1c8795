import type { ChatRequest } from '../dialects/chat.ts'
import { type Fields, fields, isFields, list, parsed, present } from '../dialects/loose-json.ts'
import { GatewayError } from '../errors.ts'
import { type ChatBody, chatBody } from './chat-body.ts'
import { lowerNames } from './lower-names.ts'
import { isOthersTool, olderWords } from './older-words.ts'
import { compatibleFailure } from './openai-compatible-failure.ts'
import { openaiFailure } from './openai-failure.ts'
import { openaiCompletion, openaiReader } from './openai-reader.ts'
import { plainChat } from './openai-translator.ts'
import { openaiUsage } from './openai-usage.ts'
import type { Provider, Target } from './provider.ts'
import type { ChunkReader, Reading, Translator } from './translator.ts'
import { unsupported } from './unsupported.ts'

/** How a vendor's OpenAI differs from OpenAI's. All of it is pure; what is not named is OpenAI's way. */
export interface Accent {
  /** Names beyond OpenAI's that this vendor knows, of the request (`top_k`) or of a message (`reasoning_content`). */
  readonly knows?: readonly string[]
  /** It keeps up with OpenAI's newer words (`olderWords`). */
  readonly keepsUp?: true
  /** OpenAI's fields that it does not have: refused where they ask for something, unless they may be dropped. */
  readonly lacks?: readonly string[]
  /** OpenAI's fields that it does not have and that change nothing in an answer: left out. */
  readonly ignores?: readonly string[]
  /** The canonical request as the vendor's body is made of; replaces the leaving out of what only others understand. */
  readonly request?: (request: ChatRequest, target: Target) => ChatRequest
  /** The body in the vendor's words. */
  readonly body?: (body: ChatBody, target: Target, request: ChatRequest) => Fields
  /** An answer, whole or one event of a stream, in OpenAI's words. */
  readonly plain?: (answer: Fields) => Fields
  /** The vendor's `usage` as OpenAI counts. */
  readonly counts?: (usage: Fields, answer: Fields) => Fields
  /** A refusal's body as OpenAI writes it. */
  readonly refusal?: (body: Fields) => Fields
  readonly url?: (target: Target) => string
  readonly headers?: (target: Target) => Record<string, string>
}

export interface OpenaiCompatible extends Provider, Translator {
  readonly dialect: 'openai'
  /** The vendor's answers, whole or single events, in OpenAI's words. Absent where they are so already. */
  readonly plain?: (answer: unknown) => unknown
  /** With an accent, it leaves out by itself what it does not understand. */
  readonly understands?: true
}

/** A vendor that speaks OpenAI's chat completions, in an accent of its own if it must. */
export function openaiCompatible(defaults: Provider['defaults'], accent?: Accent): OpenaiCompatible {
  const url = accent?.url ?? ((target) => urlOf(target.apiBase ?? defaults.apiBase, target.model, '/chat/completions'))
  const headers = accent?.headers ?? headersFor
  const asked = (body: unknown, target: Target) => ({
    url: url(target),
    method: 'POST',
    headers: headers(target),
    body: JSON.stringify(body),
  })
  const usage = (answer: unknown) => openaiUsage(counted(answer, accent))
  const plain = accent?.plain
  const read = (answer: unknown) => (plain && isFields(answer) ? plain(answer) : answer)
  return {
    dialect: 'openai',
    framing: 'sse',
    defaults,
    chat: (request, target) => asked(accent ? accented(request, target, accent) : chatBody(request, target), target),
    forward: (body, stream, target) => asked({ ...body, model: target.model, stream }, target),
    usage,
    failure: accent ? compatibleFailure(accent.refusal) : openaiFailure,
    completion: (body, reading) => openaiCompletion(read(body), reading, usage),
    reader: (reading) => (plain ? plainReader(reading, usage, plain) : openaiReader(reading, usage)),
    ...(plain && { plain: read }),
    ...(accent && { understands: true }),
  }
}

function accented(request: ChatRequest, target: Target, accent: Accent): Fields {
  const { lacks = [], ignores = [] } = accent
  const said = accent.keepsUp ? request : olderWords(request, target)
  const body = chatBody(accent.request?.(said, target) ?? understood(said, target, accent), target)
  const allowed = unsupported(
    lacks.filter((field) => means(body[field], field)),
    target,
  )
  for (const field of [...lacks, ...ignores]) if (!allowed.includes(field)) delete body[field]
  // Metadata belongs to what a vendor stores: who does not know the one does not know the other.
  if (body.store === undefined) delete body.metadata
  return accent.body?.(body, target, request) ?? body
}

/** What asks for nothing: one answer, no penalty, an empty list. */
function means(value: unknown, field: string): boolean {
  if (field === 'parallel_tool_calls') return value === false
  if (value === undefined || value === null || value === false || value === 0) return false
  if (field === 'n') return value !== 1
  if (field === 'modalities') return list(value).some((one) => one !== 'text')
  return !Array.isArray(value) || value.length > 0
}

/**
 * Only what this vendor understands. Tools of its own kinds go to it as they are: it knows them, or says that it does not.
 * An effort is left alone where the vendor knows the caller's own words for thinking.
 */
function understood(request: ChatRequest, target: Target, { knows = [], keepsUp }: Accent): ChatRequest {
  const tools = list(request.tools)
  const isTheirs = (tool: unknown) =>
    !isShared(fields(tool), knows) && (keepsUp === true || !isOthersTool(fields(tool)))
  const ours = tools.filter((tool) => !isTheirs(tool))
  const theirs = tools.filter(isTheirs)
  const plain = plainChat({ ...request, tools: ours }, target, {
    knows,
    ...present({ dropParams: target.dropParams, allowedOpenaiParams: target.allowedOpenaiParams }),
  })
  const { reasoning_effort, tools: shared, ...rest } = plain
  const kept = knows.filter((field) => request[field] !== undefined).map((field) => [field, request[field]])
  const told = kept.some(([field]) => field === 'thinking' || field === 'reasoning')
  const effort = told ? request.reasoning_effort : reasoning_effort
  const offered = [...list(shared), ...theirs]
  return {
    ...rest,
    ...Object.fromEntries(kept),
    ...(effort !== undefined && effort !== null && { reasoning_effort: effort }),
    ...(offered.length > 0 && { tools: offered }),
    ...(theirs.length > 0 && request.tool_choice !== undefined && { tool_choice: request.tool_choice }),
  }
}

/** Web search by OpenAI's name, too, unless the vendor has a tool of that name. */
function isShared({ type }: Fields, knows: readonly string[]): boolean {
  if (type === 'function' || type === 'custom' || type === undefined) return true
  return String(type).startsWith('web_search') && !knows.includes('web_search')
}

function counted(answer: unknown, accent: Accent | undefined): unknown {
  if (accent?.counts === undefined || !isFields(answer) || !isFields(answer.usage)) return answer
  return { ...answer, usage: accent.counts(answer.usage, answer) }
}

/** Every event is put into OpenAI's words before it is read. */
function plainReader(reading: Reading, usage: Provider['usage'], plain: (answer: Fields) => Fields): ChunkReader {
  const reader = openaiReader(reading, usage)
  return {
    read({ event, data }) {
      const answer = parsed(data)
      const said = isFields(answer) ? JSON.stringify(plain(answer)) : data
      return reader.read({ ...(event !== undefined && { event }), data: said })
    },
    get complete() {
      return reader.complete
    },
    get error() {
      return reader.error
    },
    get malformed() {
      return reader.malformed
    },
  }
}

/** Where one of OpenAI's endpoints is, below an `api_base` with or without a query; a base that names it already stays. */
export function urlOf(apiBase: string | undefined, model: string, path: `/${string}`): string {
  if (apiBase === undefined)
    throw new GatewayError('internal', `Nobody knows where "${model}" is: the operator must set its api_base.`)
  const [address = '', query] = apiBase.split('?', 2)
  const base = address.replace(/\/+$/, '')
  const url = base.endsWith(path) ? base : `${base}${path}`
  return query === undefined ? url : `${url}?${query}`
}

export function headersFor({ apiKey, organization, extraHeaders }: Target): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    ...(organization !== undefined && { 'openai-organization': organization }),
    ...lowerNames(extraHeaders),
  }
}
