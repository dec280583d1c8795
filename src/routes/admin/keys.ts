import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { newId } from '../../ids.ts'
import { nanoFromUsd } from '../../money.ts'
import { hashOf, keyNameOf, newKeyText, tokenOf } from '../../tenants/key-text.ts'
import { type Changes, keySorts } from '../../tenants/port.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import { entityName, scopeName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Asked, type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { openWindow } from './budget.ts'
import { expiryOf } from './expiry.ts'
import { changedLimits, limitTypes, newLimits, shownLimits, temporary, usd } from './fields.ts'
import { GUARANTEED, mustBeGuaranteed } from './guaranteed.ts'
import { keysOf } from './keys-of.ts'
import { limitsOf } from './limits.ts'
import { recallAfter } from './recall.ts'
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
  ...limitTypes,
})

const changes = {
  key_alias: name.nullish(),
  user_id: name.nullish(),
  team_id: name.nullish(),
  organization_id: name.nullish(),
  duration: name.nullish(),
  ...changedLimits,
  ...limitTypes,
  ...temporary,
}

const updateBody = z.strictObject({ key: keyText, ...changes })
type ChangeFields = z.output<z.ZodObject<typeof changes>>

const shown = z.object({
  key_name: z.string(),
  key_alias: z.string().nullable(),
  user_id: z.string().nullable(),
  team_id: z.string().nullable(),
  organization_id: z.string().nullable(),
  expires: z.string().nullable(),
  ...shownLimits,
  temp_budget_increase: z.number().nullable(),
  temp_budget_expiry: z.string().nullable(),
})
const made = shown.extend({ key: z.string(), token: z.string(), token_id: z.string() })

const notFound = (key: string) =>
  new GatewayError('not_found', `Key not found in database: ${shortened(key)}. GET /key/list lists the keys.`, {
    param: 'key',
  })

/** A hash may be repeated to its asker, a key may not. */
const shortened = (key: string) => (/^[0-9a-f]{64}$/.test(key) ? key : keyNameOf(key))

/** A team's keys belong to its organization. */
async function mustFit(changes: Pick<Changes<'key'>, 'teamId' | 'organizationId'>, deps: AppDeps): Promise<void> {
  if (!changes.teamId || !changes.organizationId) return
  const team = await deps.tenantStore.find('team', [changes.teamId])
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
  out: made,
  handle: (asked) => newKey(asked.body, asked),
})

/** A key as `/key/generate` makes it, also for routes that make one beside something else. */
export async function newKey(
  body: z.output<typeof generateBody>,
  asked: Pick<Asked<'admin', unknown, unknown>, 'deps' | 'receivedAtMs' | 'request' | 'principal'>,
) {
  const { deps, receivedAtMs: nowMs } = asked
  const key = body.key ?? newKeyText(deps.randomBytes)
  const id = newId(nowMs)
  const token = await hashOf(key)
  const owners = { teamId: body.team_id ?? null, organizationId: body.organization_id ?? null }
  await mustFit(owners, deps)
  const fields = {
    token,
    keyName: keyNameOf(key),
    keyAlias: body.key_alias ?? null,
    userId: body.user_id ?? null,
    ...owners,
    expiresAtMs: expiryOf(body.duration ?? null, nowMs),
    ...(await limitsOf(body, undefined, { entity: entityName('key', id), deps, nowMs })),
  }
  await mustHaveRoom(fields, id, deps)
  const [record] = await deps.tenantStore.create('key', [{ id: [id], fields }], authorOf(asked))
  if (!record) throw new Error('a key that was just made cannot be read')
  return { key, token, token_id: token, ...shownKey(record, nowMs) }
}

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
    const { body, deps } = asked
    const current = await deps.tenantStore.findKey({ token: await tokenOf(body.key) })
    if (!current) throw notFound(body.key)
    return changed(asked, current, body.key, await changesOf(body, current, asked))
  },
})

async function changesOf(
  body: ChangeFields,
  current: KeyRecord,
  { deps, receivedAtMs: nowMs }: Pick<Asked<'admin', unknown, unknown>, 'deps' | 'receivedAtMs'>,
): Promise<Changes<'key'>> {
  const owners = { teamId: body.team_id, organizationId: body.organization_id }
  await mustFit(
    {
      ...current,
      ...(owners.teamId === undefined ? {} : owners),
      ...(owners.organizationId === undefined ? {} : { organizationId: owners.organizationId }),
    },
    deps,
  )
  const limits = await limitsOf(body, current, { entity: entityName('key', current.id), deps, nowMs })
  const given = Object.fromEntries(Object.entries({ ...owners, ...limits }).filter(([, value]) => value !== undefined))
  await mustHaveRoom({ ...current, ...given }, current.id, deps)
  return {
    keyAlias: body.key_alias,
    userId: body.user_id,
    ...owners,
    expiresAtMs: body.duration === undefined ? undefined : expiryOf(body.duration, nowMs),
    ...limits,
  }
}

type Guaranteed = Pick<Changes<'key'>, 'teamId' | 'rpmLimit' | 'tpmLimit' | 'rpmLimitType' | 'tpmLimitType'>

/** What is guaranteed to a team's keys must fit the team. */
async function mustHaveRoom(key: Guaranteed, id: string, deps: AppDeps): Promise<void> {
  if (!key.teamId || !(key.rpmLimitType === GUARANTEED || key.tpmLimitType === GUARANTEED)) return
  const team = await deps.tenantStore.find('team', [key.teamId])
  if (!team) return
  const others = (await keysOf({ teamId: team.teamId }, deps)).filter((one) => one.id !== id)
  mustBeGuaranteed(key, others, { ...team, name: `team_id = ${team.teamId}` })
}

/** Writes; what the key's ledger holds free comes back where the change takes something away. */
async function changed(
  asked: Asked<'admin', unknown, unknown>,
  current: KeyRecord,
  key: string,
  changes: Changes<'key'>,
): Promise<unknown> {
  const { deps, receivedAtMs } = asked
  const record = await deps.tenantStore.update('key', [current.id], changes, authorOf(asked))
  if (!record) throw notFound(key)
  recallAfter(entityName('key', record.id), current, record, deps)
  return { key, ...shownKey(record, receivedAtMs) }
}

const newToken = z.strictObject({
  new_key: customKey.nullish(),
  grace_period: name.nullish(),
  ...changes,
})

/** The same key under a new text: its id, its spend and its limits stay. */
async function regenerated(asked: Asked<'admin', unknown, z.output<typeof newToken>>, named: string) {
  const { body, deps, receivedAtMs: nowMs } = asked
  const current = await deps.tenantStore.findKey({ token: await tokenOf(named) })
  if (!current) throw notFound(named)
  const key = body.new_key ?? newKeyText(deps.randomBytes)
  const token = await hashOf(key)
  const graceUntilMs = body.grace_period == null ? null : expiryOf(body.grace_period, nowMs)
  const record = await deps.tenantStore.regenerateKey(
    current.id,
    { token, keyName: keyNameOf(key), graceUntilMs },
    await changesOf(body, current, asked),
    authorOf(asked),
  )
  if (!record) throw notFound(named)
  recallAfter(entityName('key', record.id), current, record, deps)
  return { key, token, token_id: token, ...shownKey(record, nowMs) }
}

const regenerate = route({
  method: 'POST',
  paths: ['/key/regenerate'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Give a key a new text. The old one ends at once, or after `grace_period`.',
  area: 'admin.key',
  body: newToken.extend({ key: keyText }),
  out: made,
  handle: (asked) => regenerated(asked, asked.body.key),
})

const regenerateNamed = route({
  method: 'POST',
  paths: ['/key/{key}/regenerate'],
  access: 'admin',
  tag: 'Keys',
  summary: 'The same for the key, or the hash, in the path.',
  area: 'admin.key',
  body: newToken,
  out: made,
  handle: (asked) => regenerated(asked, asked.params.key ?? ''),
})

const resetSpend = route({
  method: 'POST',
  paths: ['/key/{key}/reset_spend'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Set what a key has spent in its open window: to less than it has, as one row of the log.',
  area: 'admin.key',
  body: z.strictObject({ reset_to: usd }),
  out: z.object({
    key_hash: z.string(),
    spend: z.number(),
    previous_spend: z.number(),
    max_budget: z.number().nullable(),
    budget_reset_at: z.string().nullable(),
  }),
  async handle({ body, params, deps, receivedAtMs: nowMs }) {
    const named = params.key ?? ''
    const key = await deps.tenantStore.findKey({ token: await tokenOf(named) })
    if (!key) throw notFound(named)
    const entity = entityName('key', key.id)
    const before = shownKey(key, nowMs)
    if (body.reset_to > before.spend) {
      throw new GatewayError(
        'invalid_request',
        `reset_to may not be above what the key has spent, which is ${before.spend}.`,
        { param: 'reset_to' },
      )
    }
    const main = key.budgets.find(({ part }) => part === 'main')
    const scope = main?.scope ?? scopeName(entity, 'life')
    const { startMs } = openWindow(scope, main, key, nowMs)
    await deps.tenantStore.resetSpend({
      operation: newId(nowMs),
      scope,
      startMs,
      targetNano: nanoFromUsd(body.reset_to),
    })
    return {
      key_hash: key.token,
      spend: body.reset_to,
      previous_spend: before.spend,
      max_budget: before.max_budget,
      budget_reset_at: before.budget_reset_at,
    }
  },
})

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
  regenerate,
  regenerateNamed,
  resetSpend,
  deletion,
  blocking('/key/block', true, 'Stop a key: within five seconds everywhere.'),
  blocking('/key/unblock', false, 'Let a blocked key go on.'),
  list,
]
