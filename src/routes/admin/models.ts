import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Fields, Stored, StoredModel } from '../../models/port.ts'
import { checkedRow, deploymentOf, SALT_LOST, withCredential } from '../../models/resolve.ts'
import type { AppDeps } from '../deps.ts'
import { type Route, route } from '../route.ts'
import { isStorable, name } from '../text.ts'
import { authorOf } from './author.ts'
import { shownRow } from './shown-model.ts'
import { builtOf, find, ofKind, readNow, storeOf } from './stored.ts'

export const fields = z
  .record(z.string(), z.json())
  .refine(isStorable, 'must be text without NUL characters and broken surrogates')

const shown = z.record(z.string(), z.unknown())

const notFound = (id: string) =>
  new GatewayError('invalid_request', `Model id = ${id} not found in db. GET /model/info lists those there are.`, {
    param: 'model_info.id',
  })

/** Whether the row would serve, by the rules of `config.yaml`. Throws what is wrong with it. */
function mustServe(
  row: Pick<StoredModel, 'id' | 'group' | 'info'> & { secret: Fields },
  stored: Stored,
  deps: AppDeps,
) {
  const built = builtOf(deps)
  const wrong = (param: string, message: string) => new GatewayError('invalid_request', message, { param })
  const credential = row.secret.litellm_credential_name
  if (typeof credential === 'string') {
    const found = find(stored, 'credential', credential)
    if (!found)
      throw wrong(
        'litellm_params.litellm_credential_name',
        `There is no stored credential '${credential}'. POST /credentials makes one.`,
      )
    if (!found.secret) throw wrong('litellm_params.litellm_credential_name', `The credential: ${SALT_LOST}`)
  }
  const credentials = new Map(ofKind(stored, 'credential').map((one) => [one.id, one]))
  const checked = checkedRow(
    {
      model_name: row.group,
      litellm_params: withCredential(row.secret, credentials),
      model_info: { ...row.info, id: row.id },
    },
    built,
  )
  if (!checked.ok) throw wrong(checked.path, checked.message)
  const { deployment, notices } = deploymentOf(checked.row, row.id, built)
  if (deployment.disabled !== undefined) throw wrong('litellm_params.model', deployment.disabled)
  const error = notices.find(({ level }) => level === 'error')
  if (error) throw wrong(error.path, `${error.path}: ${error.message}`)
}

/** Models of the file are the file's. */
function mustNotBeOfFile(id: string, deps: AppDeps): void {
  if (!builtOf(deps).deployments.some((one) => one.id === id)) return
  throw new GatewayError(
    'invalid_request',
    `Can't edit model. Model in config. Store model in db via \`/model/new\`, to edit. The model ${id} is one of config.yaml.`,
    { param: 'model_info.id' },
  )
}

const create = route({
  method: 'POST',
  paths: ['/model/new'],
  access: 'admin',
  tag: 'Model management',
  summary: 'Store a model: it serves on every isolate within five seconds.',
  body: z.strictObject({ model_name: name, litellm_params: fields, model_info: fields.optional() }),
  out: shown,
  async handle(asked) {
    const { body, deps, receivedAtMs } = asked
    const store = storeOf(deps, 500)
    const { id: named, ...info } = body.model_info ?? {}
    const id = typeof named === 'string' && named !== '' ? named : newId(receivedAtMs)
    mustNotBeOfFile(id, deps)
    const row = { kind: 'model' as const, id, group: body.model_name, info, secret: body.litellm_params }
    mustServe(row, await readNow(deps), deps)
    const signature = authorOf(asked)
    if (!(await store.create<'model'>(row, signature)))
      throw new GatewayError('conflict', `There is a model with the id ${id} already. POST /model/update changes it.`, {
        param: 'model_info.id',
      })
    const { by, nowMs } = signature
    return shownRow({ ...row, createdAtMs: nowMs, updatedAtMs: nowMs, createdBy: by, updatedBy: by })
  },
})

interface Change {
  readonly model_name?: string | undefined
  readonly litellm_params?: Fields | undefined
  readonly model_info?: Fields | undefined
}

async function change(id: string, changes: Change, asked: Parameters<typeof authorOf>[0] & { deps: AppDeps }) {
  const { deps } = asked
  const store = storeOf(deps)
  mustNotBeOfFile(id, deps)
  const stored = await readNow(deps)
  const before = find(stored, 'model', id)
  if (!before) throw notFound(id)
  const { id: _, ...info } = changes.model_info ?? {}
  const row = {
    kind: 'model' as const,
    id,
    group: changes.model_name ?? before.group,
    info: merged(before.info, info),
    secret: merged(before.secret ?? {}, changes.litellm_params ?? {}),
  }
  // A row whose secrets are lost can only be written anew, as a whole.
  mustServe(row, stored, deps)
  const signature = authorOf(asked)
  if (!(await store.replace<'model'>(row, signature))) throw notFound(id)
  return shownRow({ ...before, ...row, updatedAtMs: signature.nowMs, updatedBy: signature.by })
}

/** What is given goes over what was there; null takes away. */
export function merged(before: Fields, changes: Fields): Fields {
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null))
}

const update = route({
  method: 'POST',
  paths: ['/model/update'],
  access: 'admin',
  tag: 'Model management',
  summary: 'Change some fields of a stored model; the others stay, null takes one away.',
  body: z.strictObject({
    model_name: name.optional(),
    litellm_params: fields.optional(),
    model_info: fields.and(z.object({ id: name })),
  }),
  out: shown,
  handle: (asked) => change(asked.body.model_info.id, asked.body, asked),
})

const patch = route({
  method: 'PATCH',
  paths: ['/model/{model_id}/update'],
  access: 'admin',
  tag: 'Model management',
  summary: 'The same for the model of the path.',
  body: z.strictObject({
    model_name: name.optional(),
    litellm_params: fields.optional(),
    model_info: fields.optional(),
  }),
  out: shown,
  handle: (asked) => change(asked.params.model_id ?? '', asked.body, asked),
})

const deletion = route({
  method: 'POST',
  paths: ['/model/delete'],
  access: 'admin',
  tag: 'Model management',
  summary: 'Delete a stored model; no isolate asks it five seconds later.',
  body: z.strictObject({ id: name }),
  out: z.object({ message: z.string() }),
  async handle(asked) {
    const { deps } = asked
    const { id } = asked.body
    const store = storeOf(deps)
    mustNotBeOfFile(id, deps)
    if (!(await store.remove('model', id, authorOf(asked)))) throw notFound(id)
    return { message: `Model: ${id} deleted successfully` }
  },
})

export const modelManagementRoutes: readonly Route[] = [create, update, patch, deletion]
