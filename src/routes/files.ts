import { openaiChat } from '../dialects/openai-chat.ts'
import { batchNow, chargeIfOver } from '../gateway/batch-results.ts'
import {
  afterOf,
  askKeeper,
  batchesOf,
  type Keeping,
  keptOf,
  limitOf,
  listed,
  mine,
  OPENAIS,
  vendorNamed,
} from './kept-at-vendors.ts'
import { ownerOf } from './responses-stored.ts'
import { type Route, route } from './route.ts'
import { isStorable } from './text.ts'

const paths = (end = '') =>
  [`/v1/files${end}`, `/files${end}`, `/openai/v1/files${end}`, `/azure/v1/files${end}`] as const
const common = { access: 'key', tag: 'Files and batches', dialect: openaiChat } as const

const create = route({
  ...common,
  method: 'POST',
  paths: paths(),
  summary: 'Keeps a file at OpenAI or Azure (`custom_llm_provider`), for the team that gave it.',
  async handle(asked) {
    batchesOf(asked)
    const vendor = vendorNamed(asked)
    const body = asked.request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null
    const response = await askKeeper(asked, { vendor, kind: 'files', ...(body && { body }) })
    if (response.ok) await keptOf(asked, response, { vendor, kind: 'file' })
    return response
  },
})

const list = route({
  ...common,
  method: 'GET',
  paths: paths(),
  summary: 'The files of the caller’s team.',
  async handle(asked) {
    const query = new URL(asked.request.url).searchParams
    const limit = limitOf(query, 100)
    const purpose = query.get('purpose')
    const { objects } = batchesOf(asked)
    if (purpose !== null && !isStorable(purpose)) return listed([], limit)
    const found = await objects.list(ownerOf(asked.principal), 'file', {
      ...{ vendors: OPENAIS, limit: limit + 1, oldestFirst: query.get('order') === 'asc' },
      ...afterOf(query, ['after']),
      ...(purpose !== null && { purpose }),
    })
    return listed(found, limit)
  },
})

const retrieve = route({
  ...common,
  method: 'GET',
  paths: paths('/{id}'),
  summary: 'What is known of a file.',
  handle: (asked) => look(asked, ''),
})

const content = route({
  ...common,
  method: 'GET',
  paths: paths('/{id}/content'),
  summary: 'What a file holds. Reading the results of a batch charges it.',
  handle: (asked) => look(asked, '/content'),
})

async function look(asked: Keeping, end: string): Promise<Response> {
  const { vendor, id, batch } = await mine(asked, 'file', asked.params.id ?? '', OPENAIS)
  const response = await askKeeper(asked, { vendor, kind: 'files', below: `/${encodeURIComponent(id)}${end}` })
  if (response.ok && batch !== undefined && end !== '')
    asked.deps.gateway.defer('charge a batch', chargedBy(asked, batch, vendor))
  return response
}

/** Results are there, so their batch is over, whatever was last heard of it. */
async function chargedBy(asked: Keeping, id: string, vendor: string): Promise<void> {
  const batch = await mine(asked, 'batch', id, [vendor])
  if (batch.chargedAtMs !== undefined) return
  const { gateway } = asked.deps
  const said = (await batchNow(batch, gateway)) ?? batch.said
  await chargeIfOver({ ...batch, said }, batchesOf(asked), gateway)
}

const remove = route({
  ...common,
  method: 'DELETE',
  paths: paths('/{id}'),
  summary: 'A file is deleted at its vendor.',
  async handle(asked) {
    const { vendor, id, batch } = await mine(asked, 'file', asked.params.id ?? '', OPENAIS)
    // What it holds says what its batch costs.
    if (batch !== undefined) await chargedBy(asked, batch, vendor)
    const response = await askKeeper(asked, { vendor, kind: 'files', below: `/${encodeURIComponent(id)}` })
    if (response.ok || response.status === 404)
      await batchesOf(asked).objects.forget(ownerOf(asked.principal), 'file', id, [vendor])
    return response
  },
})

export const fileRoutes: readonly Route[] = [create, list, retrieve, content, remove]
