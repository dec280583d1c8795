import * as z from 'zod'
import { type Fields, fields, isFields, list, parsed, text } from '../dialects/loose-json.ts'
import { asItems, continued } from '../dialects/responses-request.ts'
import { GatewayError } from '../errors.ts'
import type { ResponseStore } from '../responses/port.ts'
import { frameSplitter } from '../streams/frames.ts'
import type { Principal } from '../tenants/principal.ts'
import type { AppDeps } from './deps.ts'
import { type Asked, type Route, route } from './route.ts'

/** Whose a kept response is: the key's team's, else its own. */
export function ownerOf({ teamId, keyId }: Pick<Principal, 'teamId' | 'keyId'>): string {
  return teamId === undefined ? `key:${keyId}` : `team:${teamId}`
}

const NOT_KEPT = { 'x-tollgate-response-stored': 'false' }

/**
 * Answers a request of `/v1/responses` and, where the operator has a store, keeps the answer for its owner unless
 * `store: false` says otherwise, as OpenAI does; what it refers to is put before its input. Without a store, `store: true`
 * is answered with a header that says it was not kept.
 */
export async function answerAndKeep(
  {
    body,
    deps,
    principal,
    receivedAtMs,
  }: Pick<Asked<'key', unknown, Fields>, 'body' | 'deps' | 'principal' | 'receivedAtMs'>,
  answer: (body: Fields) => Promise<Response>,
): Promise<Response> {
  const store = deps.responses
  if (!store) {
    const response = await answer(body)
    return body.store === true ? withHeaders(response, NOT_KEPT) : response
  }
  const owner = ownerOf(principal)
  const previous = text(body.previous_response_id)
  const whole =
    previous === undefined ? body : await continuedFrom(previous, { body, store, owner, nowMs: receivedAtMs })
  const response = await answer(whole)
  if (body.store === false || !response.ok || response.body === null) return response
  const told = { store: true, previous_response_id: previous ?? null }
  const keep = (said: Fields) => {
    const id = text(said.id)
    if (id === undefined) return
    const kept = { id, response: said, input: asItems(whole.input) }
    deps.gateway.defer('keep a response', store.keep(owner, kept, receivedAtMs))
  }
  if (response.headers.get('content-type')?.startsWith('text/event-stream'))
    return new Response(keptStream(response.body, told, keep), response)
  const said = { ...fields(await response.json()), ...told }
  keep(said)
  return Response.json(said, response)
}

interface Reference {
  readonly body: Fields
  readonly store: ResponseStore
  readonly owner: string
  readonly nowMs: number
}

async function continuedFrom(id: string, { body, store, owner, nowMs }: Reference): Promise<Fields> {
  const earlier = await store.find(owner, id, nowMs)
  if (earlier) return continued(body, { input: earlier.input, output: earlier.response.output })
  throw new GatewayError('invalid_request', `Previous response with id '${id}' not found.`, {
    param: 'previous_response_id',
    code: 'previous_response_not_found',
  })
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** The events that carry the whole response; the others are text on its way and pass as they are. */
const CARRIERS = /^[^{]*\{"type": ?"response\.(created|in_progress|completed|incomplete)"/
const LAST = new Set(['response.completed', 'response.incomplete'])

/** The stream as it is, but for what its response says of being kept. A stream that broke off keeps nothing. */
function keptStream(
  source: ReadableStream<Uint8Array>,
  told: Fields,
  keep: (said: Fields) => void,
): ReadableStream<Uint8Array> {
  const frames = frameSplitter()
  const shown = (frame: Uint8Array): Uint8Array => {
    const event = decoder.decode(frame)
    if (!CARRIERS.test(event)) return frame
    const start = event.indexOf('data:') + 'data:'.length
    const carried = parsed(event.slice(start))
    if (!isFields(carried)) return frame
    const response = { ...fields(carried.response), ...told }
    if (LAST.has(String(carried.type))) keep(response)
    return encoder.encode(`${event.slice(0, start)} ${JSON.stringify({ ...carried, response })}\n\n`)
  }
  return source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (const frame of frames.push(chunk)) controller.enqueue(shown(frame))
      },
      flush(controller) {
        const rest = frames.rest()
        if (rest) controller.enqueue(rest)
      },
    }),
  )
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  const shown = new Headers(response.headers)
  for (const [name, value] of Object.entries(headers)) shown.set(name, value)
  return new Response(response.body, { status: response.status, headers: shown })
}

function storeOf({ responses }: AppDeps): ResponseStore {
  if (responses) return responses
  throw new GatewayError(
    'not_found',
    'This gateway keeps no responses. The operator can set litellm_settings.responses_store: true.',
  )
}

function notThere(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id '${id}' not found.`, { param: 'response_id' })
}

const paths = (end: string) =>
  [
    `/v1/responses/{response_id}${end}`,
    `/responses/{response_id}${end}`,
    `/openai/v1/responses/{response_id}${end}`,
  ] as const

const retrieve = route({
  method: 'GET',
  paths: [...paths('')],
  access: 'key',
  tag: 'Models',
  summary: 'A kept response, for the team that it was made for.',
  async handle({ params: { response_id: id = '' }, principal, deps, receivedAtMs }) {
    const kept = await storeOf(deps).find(ownerOf(principal), id, receivedAtMs)
    if (!kept) throw notThere(id)
    return kept.response
  },
})

const remove = route({
  method: 'DELETE',
  paths: [...paths('')],
  access: 'key',
  tag: 'Models',
  summary: 'A kept response is forgotten.',
  async handle({ params: { response_id: id = '' }, principal, deps, receivedAtMs }) {
    if (!(await storeOf(deps).forget(ownerOf(principal), id, receivedAtMs))) throw notThere(id)
    return { id, object: 'response', deleted: true }
  },
})

const inputItems = route({
  method: 'GET',
  paths: [...paths('/input_items')],
  access: 'key',
  tag: 'Models',
  summary: 'What a kept response answered, item by item, the latest first.',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    order: z.enum(['asc', 'desc']).default('desc'),
    after: z.string().optional(),
  }),
  async handle({ params: { response_id: id = '' }, query: { limit, order, after }, principal, deps, receivedAtMs }) {
    const kept = await storeOf(deps).find(ownerOf(principal), id, receivedAtMs)
    if (!kept) throw notThere(id)
    const items = kept.input.map((item, at) => withId(fields(item), `${id.replace(/^resp_/, '')}_${at}`))
    const ordered = order === 'asc' ? items : items.toReversed()
    const from = after === undefined ? 0 : ordered.findIndex((item) => item.id === after) + 1
    const data = ordered.slice(from, from + limit)
    return {
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: from + limit < ordered.length,
    }
  },
})

/** An item as OpenAI lists it: with an id, and a message's text as a part. */
function withId(item: Fields, base: string): Fields {
  const type = text(item.type) ?? 'message'
  const { content } = item
  const said = item.role === 'assistant' ? 'output_text' : 'input_text'
  return {
    id: `${type === 'message' ? 'msg' : 'item'}_${base}`,
    ...item,
    type,
    ...(typeof content === 'string' && { content: [{ type: said, text: content }] }),
    ...(Array.isArray(content) && { content: list(content) }),
  }
}

export const storedResponseRoutes: readonly Route[] = [retrieve, remove, inputItems]
