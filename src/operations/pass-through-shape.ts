import type { Deployment } from '../config/config.ts'
import { anthropic as anthropicDialect } from '../dialects/anthropic.ts'
import type { ChatRequest } from '../dialects/chat.ts'
import { completions } from '../dialects/completions.ts'
import type { Dialect, PathFields } from '../dialects/dialect.ts'
import { gemini as geminiDialect } from '../dialects/gemini.ts'
import { type Fields, isFields, text } from '../dialects/loose-json.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { responses } from '../dialects/responses.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { anthropic } from '../providers/anthropic.ts'
import { bedrock } from '../providers/bedrock.ts'
import { gemini } from '../providers/gemini.ts'
import { openai } from '../providers/openai.ts'
import { openaiResponses } from '../providers/openai-responses.ts'
import type { Vendor } from '../providers/translator.ts'
import type { WorstCase } from './chat.ts'
import { chat } from './chat-operation.ts'
import { embeddings } from './embeddings-operation.ts'
import type { AnyRequest, Operation } from './operation.ts'
import { valueBytes } from './text-size.ts'

/** A kind of request that is understood although it is only passed on: what it may cost, and where its usage is told. */
export interface Shape {
  readonly dialect: Dialect
  readonly path: PathFields
  /** Whose words the answer is in. */
  readonly vendor: Vendor
  readonly streams: boolean
  worstCase(body: Fields, deployment: Deployment): WorstCase
  estimateUsage(body: Fields, outputChars: number, maxOutputTokens?: number): Usage
  /** The request as its stream is read by, where it can be read. */
  chatRequest(body: Fields): ChatRequest | undefined
}

interface Passed {
  readonly method: string
  /** Below the vendor's address. */
  readonly rest: string
  readonly body: Fields
}

const GEMINI = /\/models\/([^/]+):(generateContent|streamGenerateContent)$/
const CLAUDE_ON_VERTEX = /\/publishers\/anthropic\/models\/([^/]+):(rawPredict|streamRawPredict)$/
const CONVERSE = /^\/model\/([^/]+)\/(converse|converse-stream)$/

/** Undefined for everything that is not one of the chats and embeddings that are priced by tokens. */
export function shapeOf({ method, rest, body }: Passed): Shape | undefined {
  if (method !== 'POST') return undefined
  const path = rest.replace(/\/$/, '')
  const streams = body.stream === true
  if (path === '/v2/chat')
    return asTextShape({ model: text(body.model) ?? '', vendor: openai, streams, most: body.max_tokens })
  if (path.endsWith('/chat/completions'))
    return chatShape({ dialect: openaiChat, vendor: openai, streams, path: {} }, foundElsewhere)
  if (path.endsWith('/embeddings')) return embeddingShape
  if (path.endsWith('/completions')) return chatShape({ dialect: completions, vendor: openai, streams, path: {} })
  if (/\/responses$/.test(path))
    return chatShape({ dialect: responses, vendor: openaiResponses, streams, path: {} }, elsewhereKept)
  if (/\/v1\/messages$/.test(path))
    return chatShape({ dialect: anthropicDialect, vendor: anthropic, streams, path: {} })
  const [, claude, predict] = CLAUDE_ON_VERTEX.exec(path) ?? []
  if (claude !== undefined) {
    const named = { dialect: anthropicDialect, vendor: anthropic, path: { model: plain(claude) } }
    return chatShape({ ...named, streams: streams || predict === 'streamRawPredict' })
  }
  const [, model, action] = GEMINI.exec(path) ?? []
  if (model !== undefined) {
    const stream = action === 'streamGenerateContent'
    return chatShape({
      dialect: geminiDialect,
      vendor: gemini,
      streams: stream,
      path: { model: plain(model), ...(stream && { stream }) },
    })
  }
  const [, id, converse] = CONVERSE.exec(path) ?? []
  if (id === undefined) return undefined
  const { maxTokens: most } = isFields(body.inferenceConfig) ? body.inferenceConfig : {}
  return asTextShape({ model: plain(id), vendor: bedrock, streams: converse === 'converse-stream', most })
}

/** What a request is asked of, by its body, its path or its query; undefined where it names nothing. */
export function modelNamed(rest: string, body: Fields, query: URLSearchParams): string | undefined {
  const path = rest.replace(/\/$/, '')
  const [, inPath] = MODEL_IN_PATH.map((place) => place.exec(path)).find((found) => found !== null) ?? []
  // A vendor that finds a model in the path asks that one, whatever the body says.
  if (inPath !== undefined) return plain(inPath).replace(/^models\//, '')
  const named = [body.model, body.modelId, ...query.getAll('model')].map(text).filter((one) => one !== undefined)
  const [only, ...others] = new Set(named.map((one) => one.replace(/^models\//, '')))
  if (others.length === 0) return only
  throw new GatewayError('invalid_request', 'The request names several models. Name one.', { param: 'model' })
}

/** However a server writes it: some do not care for capitals. */
const MODEL_IN_PATH = [
  /\/models\/([^/]+?)(?::\w+)?$/i,
  /^\/model\/([^/]+)\//i,
  /\/openai\/deployments\/([^/]+)/i,
  /\/(?:engines|tunedModels)\/([^/:]+)/i,
  /\/endpoints\/((?!openapi(?:\/|$))[^/:]+)/i,
]

/** Whether a request of a vendor that is known here costs nothing: it only looks, takes away, counts or puts a file there. */
export function isFree(method: string, rest: string): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'DELETE' || method === 'OPTIONS') return true
  return FREE.test(rest.replace(/\/$/, ''))
}

/**
 * By the vendors' price lists: counting tokens and cancelling are free everywhere, and files are kept free of charge by
 * OpenAI, Anthropic, Google and Mistral. Assistants, threads and messages cost nothing until they are run.
 */
const FREE =
  /(?:\/count_tokens|:countTokens|\/tokenize|\/detokenize|\/cancel|\/v1\/files|\/upload\/v1(?:beta)?\/files|\/v1\/uploads(?:\/[^/]+\/(?:parts|complete))?|\/v1\/assistants(?:\/[^/]+)?|\/v1\/threads(?:\/(?!runs$)[^/]+(?:\/messages(?:\/[^/]+)?)?)?)$/

interface ChatShape {
  readonly dialect: Dialect
  readonly vendor: Vendor
  readonly streams: boolean
  readonly path: PathFields
}

function chatShape(
  { dialect, vendor, streams, path }: ChatShape,
  unseen: (body: Fields) => string | undefined = () => undefined,
): Shape {
  const read = (body: Fields) =>
    chat.parse(path.model === undefined ? body : { ...body, model: path.model }, path, dialect)
  return {
    dialect,
    path,
    vendor,
    streams,
    worstCase(body, deployment) {
      const why = unseen(body)
      return why === undefined ? worstOf(chat, () => read(body), deployment) : unbounded(why)
    },
    estimateUsage: (body, chars, most) => estimated(chat, () => read(body), chars, most, body),
    chatRequest: (body) => quietly(() => read(body)),
  }
}

const embeddingShape: Shape = {
  dialect: openaiChat,
  path: {},
  vendor: openai,
  streams: false,
  worstCase: (body, deployment) => worstOf(embeddings, () => embeddings.parse(body, {}, openaiChat), deployment),
  estimateUsage: (body, chars, most) =>
    estimated(embeddings, () => embeddings.parse(body, {}, openaiChat), chars, most, body),
  chatRequest: () => undefined,
}

interface AsText {
  readonly model: string
  readonly vendor: Vendor
  readonly streams: boolean
  /** What the request says its answer may have at the most. */
  readonly most: unknown
}

/**
 * Chats in tongues that nobody speaks here (Bedrock's Converse, Cohere's own): the whole body as text, which bounds what
 * lies in it. What lies elsewhere has no bound.
 */
function asTextShape({ model, vendor, streams, most }: AsText): Shape {
  const asked = (body: Fields): ChatRequest => ({
    model,
    messages: [{ role: 'user', content: JSON.stringify(body) }],
    ...(typeof most === 'number' && { max_tokens: most }),
    ...(streams && { stream: true }),
  })
  return {
    dialect: openaiChat,
    path: { model },
    vendor,
    streams,
    worstCase: (body, deployment) =>
      ELSEWHERE.test(JSON.stringify(body))
        ? unbounded('It has documents, pictures, films or searches kept elsewhere, whose size cannot be told.')
        : worstOf(chat, () => asked(body), deployment),
    estimateUsage: (body, chars, most) => estimated(chat, () => asked(body), chars, most, body),
    chatRequest: asked,
  }
}

const ELSEWHERE = /"(?:s3Location|promptVariables|document|video|cachePoint|image|image_url|connectors)":/

/** Azure puts what it finds in the caller's own data before the question. */
function foundElsewhere({ data_sources: sources }: Fields): string | undefined {
  return sources === undefined || sources === null
    ? undefined
    : 'It is answered from data_sources, and nobody knows here how much of them is read.'
}

/** What goes on with something that the vendor keeps, or is worked on later, cannot be bounded by what it says. */
function elsewhereKept(body: Fields): string | undefined {
  const found = ['previous_response_id', 'conversation', 'prompt'].find(
    (field) => body[field] !== undefined && body[field] !== null,
  )
  if (found !== undefined) return `It refers to what the vendor keeps (${found}), whose size is not known here.`
  return body.background === true ? 'It is worked on in the background, where its usage is not seen.' : undefined
}

/** A request that cannot be read has no bound; its vendor will say what is wrong with it. */
function worstOf<R extends AnyRequest>(operation: Operation<R>, read: () => R, deployment: Deployment): WorstCase {
  try {
    return operation.worstCase(read(), deployment)
  } catch (error) {
    return unbounded(toGatewayError(error).message)
  }
}

function unbounded(why: string): WorstCase {
  return { costNano: undefined, tokens: 0, outputTokens: 0, maxOutputTokens: undefined, unbounded: why }
}

function estimated<R extends AnyRequest>(
  operation: Operation<R>,
  read: () => R,
  outputChars: number,
  maxOutputTokens: number | undefined,
  body: Fields,
): Usage {
  const request = quietly(read)
  if (request) return operation.estimateUsage(request, outputChars, maxOutputTokens)
  return chat.estimateUsage(
    { model: '', messages: [{ role: 'user', content: ' '.repeat(Math.min(valueBytes(body), 10_000_000)) }] },
    outputChars,
    maxOutputTokens,
  )
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
