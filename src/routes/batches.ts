import * as z from 'zod'
import type { VendorObject } from '../batches/port.ts'
import { anthropic } from '../dialects/anthropic.ts'
import { type Fields, fields, text } from '../dialects/loose-json.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { GatewayError } from '../errors.ts'
import { countLook } from '../gateway/batch.ts'
import { batchNow, chargeIfOver, lookedUp, placeOf } from '../gateway/batch-results.ts'
import { askedInLine, askedOfAnthropic, type BatchAsked, isBatchOver, linesOf } from '../operations/batch-lines.ts'
import { namesInBody } from '../operations/kept-names.ts'
import { begin, here, shown } from './begin-batch.ts'
import {
  afterOf,
  askKeeper,
  batchesOf,
  type Keeping,
  limitOf,
  listed,
  mine,
  OPENAIS,
  saidBy,
} from './kept-at-vendors.ts'
import { mustBeOwn } from './owned-at-vendors.ts'
import { ownerOf } from './responses-stored.ts'
import { type Route, route } from './route.ts'

const paths = (end = '') =>
  [`/v1/batches${end}`, `/batches${end}`, `/openai/v1/batches${end}`, `/azure/v1/batches${end}`] as const
const messagePaths = (end = '') => [`/v1/messages/batches${end}`, `/anthropic/v1/messages/batches${end}`] as const
const ANTHROPIC: readonly string[] = ['anthropic']
const openais = { access: 'key', tag: 'Files and batches', dialect: openaiChat } as const
const anthropics = { access: 'key', tag: 'Files and batches', dialect: anthropic } as const

/** A batch as its vendor tells of it now. One that is over is charged, and its results become its owner's files. */
async function look(asked: Keeping, vendors: readonly string[], action = ''): Promise<Response> {
  const batch = await mine(asked, 'batch', asked.params.id ?? '', vendors)
  const below = `/${encodeURIComponent(batch.id)}${action}`
  const response = await askKeeper(asked, { vendor: batch.vendor, kind: 'batches', below })
  if (!response.ok) return response
  const said = await saidBy(response)
  if (said.id === batch.id) await heard(asked, { ...batch, said }, batch)
  return shown(asked, response, batch.vendor)
}

/** Its files are kept when they are first heard of, and before it: a file that its owner has deleted stays so. */
async function heard(asked: Keeping, batch: VendorObject, before: VendorObject): Promise<void> {
  const { objects } = batchesOf(asked)
  const { vendor, owner, said, id: of } = batch
  const known = filesOf(before.said)
  for (const id of filesOf(said))
    if (!known.includes(id))
      await objects.keep({
        ...{ vendor, owner, id, kind: 'file', batch: of, createdAtMs: asked.receivedAtMs },
        said: { id, object: 'file', purpose: 'batch_output', created_at: Math.floor(asked.receivedAtMs / 1000) },
      })
  await objects.keep(batch)
  if (batch.opening && batch.chargedAtMs === undefined && isBatchOver(said))
    asked.deps.gateway.defer(
      'charge a batch',
      chargeIfOver(batch, batchesOf(asked), asked.deps.gateway).then(() => {}),
    )
}

const filesOf = ({ output_file_id, error_file_id }: Fields) =>
  [output_file_id, error_file_id].flatMap((id) => text(id) ?? [])

/** So many of a page that still run are asked for anew. */
const MOST_ASKED = 10

async function page(asked: Keeping, vendors: readonly string[]): Promise<readonly VendorObject[]> {
  const query = new URL(asked.request.url).searchParams
  const limit = limitOf(query, 20)
  const { objects } = batchesOf(asked)
  const found = await objects.list(ownerOf(asked.principal), 'batch', {
    ...{ vendors, limit: limit + 1 },
    ...afterOf(query, ['after', 'after_id']),
  })
  if (found.some(({ said }) => !isBatchOver(said))) await countLook(asked.principal, asked.deps.gateway)
  let left = MOST_ASKED
  return Promise.all(
    found.map(async (batch) => {
      if (isBatchOver(batch.said) || left-- <= 0) return batch
      const said = await batchNow(batch, asked.deps.gateway).catch(() => undefined)
      if (!said) return batch
      const now = { ...batch, said }
      await heard(asked, now, batch)
      return now
    }),
  )
}

const create = route({
  ...openais,
  method: 'POST',
  paths: paths(),
  summary: 'Begins a batch of a file’s requests: held at its worst case, charged once when its results are known.',
  body: z.looseObject({ input_file_id: z.string() }),
  async handle(asked) {
    const { vendor, id } = await mine(asked, 'file', asked.body.input_file_id, OPENAIS)
    const response = await lookedUp(
      vendor,
      placeOf(vendor, 'files', `/${encodeURIComponent(id)}/content`),
      asked.deps.gateway,
    )
    if (!response.ok || response.body === null)
      throw new GatewayError(
        'upstream_failed',
        `${vendor} did not show the file ${id} (${response.status}). Ask again in a moment.`,
        { retry: true },
      )
    return begin(asked, vendor, asking(response.body, asked))
  },
})

/** So many names are asked after at once. */
const NAMES_AT_ONCE = 1_000

/** The requests of a file, as far as somebody reads them. Throws where one of those names what is somebody else's. */
async function* asking(
  body: ReadableStream<Uint8Array>,
  asked: Pick<Keeping, 'principal' | 'deps'>,
): AsyncGenerator<BatchAsked | undefined> {
  const names = new Set<string>()
  for await (const line of linesOf(body)) {
    const one = askedInLine(line)
    for (const name of namesInBody(one?.body)) names.add(name)
    if (names.size >= NAMES_AT_ONCE) {
      await mustBeOwn([...names], asked)
      names.clear()
    }
    yield one
  }
  await mustBeOwn([...names], asked)
}

const list = route({
  ...openais,
  method: 'GET',
  paths: paths(),
  summary: 'The batches of the caller’s team.',
  async handle(asked) {
    return listed(await page(asked, OPENAIS), limitOf(new URL(asked.request.url).searchParams, 20))
  },
})

const retrieve = route({
  ...openais,
  method: 'GET',
  paths: paths('/{id}'),
  summary: 'A batch as it stands.',
  handle: (asked) => look(asked, OPENAIS),
})

const cancel = route({
  ...openais,
  method: 'POST',
  paths: paths('/{id}/cancel'),
  summary: 'Ends a batch; what was answered by then is charged.',
  handle: (asked) => look(asked, OPENAIS, '/cancel'),
})

const createMessages = route({
  ...anthropics,
  method: 'POST',
  paths: messagePaths(),
  summary: 'Begins a batch of Messages: held at its worst case, charged once when its results are known.',
  body: z.looseObject({ requests: z.array(z.unknown()) }),
  async handle(asked) {
    await mustBeOwn(namesInBody(asked.body.requests), asked)
    return begin(asked, 'anthropic', askedOfAnthropic(asked.body.requests))
  },
})

const listMessages = route({
  ...anthropics,
  method: 'GET',
  paths: messagePaths(),
  summary: 'The caller’s team’s batches of Messages.',
  async handle(asked) {
    const { object: _, ...found } = listed(
      await page(asked, ANTHROPIC),
      limitOf(new URL(asked.request.url).searchParams, 20),
    )
    return { ...found, data: (found.data as readonly unknown[]).map((said) => here(fields(said), asked)) }
  },
})

const retrieveMessages = route({
  ...anthropics,
  method: 'GET',
  paths: messagePaths('/{id}'),
  summary: 'A batch of Messages as it stands.',
  handle: (asked) => look(asked, ANTHROPIC),
})

const cancelMessages = route({
  ...anthropics,
  method: 'POST',
  paths: messagePaths('/{id}/cancel'),
  summary: 'Ends a batch of Messages; what was answered by then is charged.',
  handle: (asked) => look(asked, ANTHROPIC, '/cancel'),
})

const results = route({
  ...anthropics,
  method: 'GET',
  paths: messagePaths('/{id}/results'),
  summary: 'The results of a batch of Messages; reading them charges it.',
  async handle(asked) {
    const batch = await mine(asked, 'batch', asked.params.id ?? '', ANTHROPIC)
    const below = `/${encodeURIComponent(batch.id)}/results`
    const response = await askKeeper(asked, { vendor: 'anthropic', kind: 'batches', below })
    if (response.ok) asked.deps.gateway.defer('charge a batch', chargedNow(asked, batch))
    return response
  },
})

async function chargedNow(asked: Keeping, batch: VendorObject): Promise<void> {
  const said = (await batchNow(batch, asked.deps.gateway)) ?? batch.said
  await chargeIfOver({ ...batch, said }, batchesOf(asked), asked.deps.gateway)
}

const removeMessages = route({
  ...anthropics,
  method: 'DELETE',
  paths: messagePaths('/{id}'),
  summary: 'A batch of Messages that is over is deleted, once it is charged.',
  async handle(asked) {
    const batch = await mine(asked, 'batch', asked.params.id ?? '', ANTHROPIC)
    await chargedNow(asked, batch)
    const response = await askKeeper(asked, {
      vendor: 'anthropic',
      kind: 'batches',
      below: `/${encodeURIComponent(batch.id)}`,
    })
    if (response.ok) await batchesOf(asked).objects.forget(ownerOf(asked.principal), 'batch', batch.id, ANTHROPIC)
    return response
  },
})

export const batchRoutes: readonly Route[] = [
  ...[create, list, retrieve, cancel],
  ...[createMessages, listMessages, retrieveMessages, cancelMessages, results, removeMessages],
]
