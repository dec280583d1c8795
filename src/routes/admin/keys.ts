import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { hashOf, keyNameOf, newKeyText, tokenOf } from '../../tenants/key-text.ts'
import { type KeyChanges, keySorts } from '../../tenants/port.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Asked, type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { budgetOf } from './budget.ts'
import { expiryOf } from './expiry.ts'
import { changedLimits, newLimits, shownLimits } from './fields.ts'
import { shownKey } from './shown.ts'

/** A key or its hash, as the caller writes it. */
const keyText = z.string().min(1).max(512)
const customKey = z
  .string()
  .max(512)
  .regex(/^sk-[\x21-\x7e]+$/, "must start with 'sk-' and have no spaces")

const generateBody = z.strictObject({
  key: customKey.nullish(),
  key_alias: name.nullish(),
  user_id: name.nullish(),
  team_id: name.nullish(),
  organization_id: name.nullish(),
  duration: name.nullish(),
  ...newLimits,
})

const updateBody = z.strictObject({
  key: keyText,
  key_alias: name.nullish(),
  user_id: name.nullish(),
  team_id: name.nullish(),
  organization_id: name.nullish(),
  duration: name.nullish(),
  ...changedLimits,
})

const shown = z.object({
  key_name: z.string(),
  key_alias: z.string().nullable(),
  user_id: z.string().nullable(),
  team_id: z.string().nullable(),
  organization_id: z.string().nullable(),
  expires: z.string().nullable(),
  ...shownLimits,
})

const notFound = (key: string) =>
  new GatewayError('not_found', `Key not found in database: ${shortened(key)}. GET /key/list lists the keys.`, {
    param: 'key',
  })

/** A hash may be repeated to its asker, a key may not. */
const shortened = (key: string) => (/^[0-9a-f]{64}$/.test(key) ? key : keyNameOf(key))

/** A team's keys belong to its organization. */
async function mustFit(changes: Pick<KeyChanges, 'teamId' | 'organizationId'>, deps: AppDeps): Promise<void> {
  if (!changes.teamId || !changes.organizationId) return
  const team = await deps.tenantStore.findTeam(changes.teamId)
  if (!team?.organizationId || team.organizationId === changes.organizationId) return
  throw new GatewayError(
    'invalid_request',
    `team_id = ${team.teamId} belongs to organization_id = ${team.organizationId}. Leave organization_id out, or give that one.`,
    { param: 'organization_id' },
  )
}

const generate = route({
  method: 'POST',
  paths: ['/key/generate'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Make a key. The answer is the only place where it is ever shown.',
  area: 'admin.key',
  body: generateBody,
  out: shown.extend({ key: z.string(), token: z.string(), token_id: z.string() }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const key = body.key ?? newKeyText(deps.randomBytes)
    const id = newId(nowMs)
    const token = await hashOf(key)
    const timeZone = deps.gateway.config.litellm.timeZone
    const owners = { teamId: body.team_id ?? null, organizationId: body.organization_id ?? null }
    await mustFit(owners, deps)
    const record = await deps.tenantStore.createKey(
      {
        id,
        token,
        keyName: keyNameOf(key),
        keyAlias: body.key_alias ?? null,
        userId: body.user_id ?? null,
        ...owners,
        expiresAtMs: expiryOf(body.duration ?? null, nowMs),
        models: body.models ?? [],
        metadata: body.metadata ?? {},
        rpmLimit: body.rpm_limit ?? null,
        tpmLimit: body.tpm_limit ?? null,
        blocked: body.blocked ?? false,
        budget: budgetOf(body, undefined, { entity: entityName('key', id), timeZone, nowMs }) ?? undefined,
      },
      authorOf(asked),
    )
    await deps.tenants.forget([token])
    return { key, token, token_id: token, ...shownKey(record, nowMs) }
  },
})

const info = route({
  method: 'GET',
  paths: ['/key/info'],
  access: 'key',
  tag: 'Keys',
  summary: 'A key with its limits and its spend; without `key`, the one that asks.',
  query: z.strictObject({ key: keyText.optional() }),
  out: z.object({ key: z.string(), info: shown }),
  async handle({ query, principal, deps, receivedAtMs }) {
    if (query.key === undefined && principal.kind === 'master') {
      throw new GatewayError(
        'invalid_request',
        'The master key has no row of its own. Name a key: /key/info?key=sk-...',
        {
          param: 'key',
        },
      )
    }
    const token = query.key === undefined ? principal.keyHash : await tokenOf(query.key)
    if (principal.role !== 'proxy_admin' && token !== principal.keyHash) {
      throw new GatewayError('forbidden', 'You are not allowed to access this key. A key may ask about itself only.', {
        param: 'key',
      })
    }
    const record = await deps.tenantStore.findKey({ token })
    if (!record) throw notFound(query.key ?? token)
    return { key: query.key ?? token, info: shownKey(record, receivedAtMs) }
  },
})

const update = route({
  method: 'POST',
  paths: ['/key/update'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Change some fields of a key; the others stay. A limit of null is taken away.',
  area: 'admin.key',
  body: updateBody,
  out: shown.extend({ key: z.string() }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    const current = await deps.tenantStore.findKey({ token: await tokenOf(body.key) })
    if (!current) throw notFound(body.key)
    const owners = { teamId: body.team_id, organizationId: body.organization_id }
    await mustFit(
      {
        ...current,
        ...(owners.teamId === undefined ? {} : owners),
        ...(owners.organizationId === undefined ? {} : { organizationId: owners.organizationId }),
      },
      deps,
    )
    const timeZone = deps.gateway.config.litellm.timeZone
    return changed(asked, current, body.key, {
      keyAlias: body.key_alias,
      userId: body.user_id,
      ...owners,
      expiresAtMs: body.duration === undefined ? undefined : expiryOf(body.duration, nowMs),
      models: body.models,
      metadata: body.metadata,
      rpmLimit: body.rpm_limit,
      tpmLimit: body.tpm_limit,
      blocked: body.blocked,
      budget: budgetOf(body, current.budgets[0], { entity: entityName('key', current.id), timeZone, nowMs }),
    })
  },
})

/** Writes, and drops every copy of the key that this gateway can reach. */
async function changed(
  asked: Asked<'admin', unknown, unknown>,
  current: KeyRecord,
  key: string,
  changes: KeyChanges,
): Promise<unknown> {
  const { deps, receivedAtMs } = asked
  const record = await deps.tenantStore.updateKey(current.id, changes, authorOf(asked))
  await deps.tenants.forget([current.token])
  if (!record) throw notFound(key)
  return { key, ...shownKey(record, receivedAtMs) }
}

const deletion = route({
  method: 'POST',
  paths: ['/key/delete'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Delete keys, by themselves, their hashes or their aliases. What they spent stays in the log.',
  area: 'admin.key',
  body: z.strictObject({ keys: z.array(keyText).max(500).nullish(), key_aliases: z.array(name).max(500).nullish() }),
  out: z.object({ deleted_keys: z.array(z.string()) }),
  async handle({ body, deps }) {
    const { keys, key_aliases: aliases } = body
    if (!keys?.length && !aliases?.length) {
      throw new GatewayError('invalid_request', 'Name what to delete: `keys` or `key_aliases`.', { param: 'keys' })
    }
    const byToken = new Map<string, string>()
    for (const key of keys ?? []) byToken.set(await tokenOf(key), key)
    for (const alias of aliases ?? []) {
      const found = await deps.tenantStore.findKey({ alias })
      if (found) byToken.set(found.token, alias)
    }
    const gone = byToken.size === 0 ? [] : await deps.tenantStore.deleteKeys([...byToken.keys()])
    await deps.tenants.forget([...byToken.keys()])
    if (gone.length === 0)
      throw new GatewayError('not_found', 'No keys found. GET /key/list lists the keys.', { param: 'keys' })
    return { deleted_keys: gone.map((token) => byToken.get(token) ?? token) }
  },
})

const blocking = (path: '/key/block' | '/key/unblock', blocked: boolean, summary: string) =>
  route({
    method: 'POST',
    paths: [path],
    access: 'admin',
    tag: 'Keys',
    summary,
    area: 'admin.key',
    body: z.strictObject({ key: keyText }),
    out: shown.extend({ key: z.string() }),
    async handle(asked) {
      const { key } = asked.body
      const current = await asked.deps.tenantStore.findKey({ token: await tokenOf(key) })
      if (!current) throw notFound(key)
      return changed(asked, current, key, { blocked })
    },
  })

const filter = name.optional()

const list = route({
  method: 'GET',
  paths: ['/key/list'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Keys, page by page: their hashes, or everything about them.',
  query: z.strictObject({
    page: z.coerce.number().int().min(1).max(1_000_000).default(1),
    size: z.coerce.number().int().min(1).max(100).default(10),
    user_id: filter,
    team_id: filter,
    organization_id: filter,
    key_hash: filter,
    key_alias: filter,
    return_full_object: z.stringbool().default(false),
    sort_by: z.enum(keySorts).default('created_at'),
    sort_order: z.enum(['asc', 'desc']).default('desc'),
  }),
  out: z.object({
    keys: z.array(z.union([z.string(), shown.extend({ token: z.string() })])),
    total_count: z.number(),
    current_page: z.number(),
    total_pages: z.number(),
  }),
  async handle({ query, deps, receivedAtMs }) {
    const { keys, total } = await deps.tenantStore.listKeys({
      page: query.page,
      size: query.size,
      userId: query.user_id,
      teamId: query.team_id,
      organizationId: query.organization_id,
      token: query.key_hash,
      keyAlias: query.key_alias,
      sortBy: query.sort_by,
      sortOrder: query.sort_order,
    })
    return {
      keys: keys.map((key) =>
        query.return_full_object ? { token: key.token, ...shownKey(key, receivedAtMs) } : key.token,
      ),
      total_count: total,
      current_page: query.page,
      total_pages: Math.ceil(total / query.size),
    }
  },
})

export const keyRoutes: readonly Route[] = [
  generate,
  info,
  update,
  deletion,
  blocking('/key/block', true, 'Stop a key: within five seconds everywhere.'),
  blocking('/key/unblock', false, 'Let a blocked key go on.'),
  list,
]
