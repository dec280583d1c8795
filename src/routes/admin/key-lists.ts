import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import { type KeyQuery, keySorts } from '../../tenants/port.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { route } from '../route.ts'
import { name } from '../text.ts'
import { keyText, notFound, shown } from './key-shape.ts'
import { page, sizeOf, sortOrder } from './paging.ts'
import { shownKey } from './shown.ts'
import { seesAll, seesKey, teamsRunBy } from './whose.ts'

const filter = name.optional()

/** Whose keys a list may have: everyone's for who sees everything, else the caller's own and those of teams it runs. */
async function seenBy(principal: Principal, deps: AppDeps): Promise<KeyQuery['seenBy']> {
  if (seesAll(principal)) return undefined
  return {
    userId: principal.teamId === undefined ? principal.userId : undefined,
    teamIds: await teamsRunBy(principal, deps),
  }
}

export const list = route({
  method: 'GET',
  paths: ['/key/list'],
  access: 'key',
  tag: 'Keys',
  summary: 'Keys that the caller may see, page by page: their hashes, or everything about them.',
  query: z.strictObject({
    page,
    size: sizeOf(10),
    user_id: filter,
    team_id: filter,
    organization_id: filter,
    key_hash: filter,
    key_alias: filter,
    return_full_object: z.stringbool().default(false),
    // Keys of teams that the caller runs are always among them.
    include_team_keys: z.stringbool().optional(),
    sort_by: z.enum(keySorts).default('created_at'),
    sort_order: sortOrder('desc'),
  }),
  out: z.object({
    keys: z.array(z.union([z.string(), shown.extend({ token: z.string() })])),
    total_count: z.number(),
    current_page: z.number(),
    total_pages: z.number(),
  }),
  async handle({ query, principal, deps, receivedAtMs }) {
    const { keys, total } = await deps.tenantStore.listKeys({
      page: query.page,
      size: query.size,
      userId: query.user_id,
      teamId: query.team_id,
      organizationId: query.organization_id,
      token: query.key_hash,
      keyAlias: query.key_alias,
      seenBy: await seenBy(principal, deps),
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

export const aliases = route({
  method: 'GET',
  paths: ['/key/aliases'],
  access: 'key',
  tag: 'Keys',
  summary: 'The aliases of the keys that the caller may see, page by page.',
  query: z.strictObject({ page, size: sizeOf(50), search: filter }),
  out: z.object({
    aliases: z.array(z.string()),
    total_count: z.number(),
    current_page: z.number(),
    total_pages: z.number(),
    size: z.number(),
  }),
  async handle({ query, principal, deps }) {
    const { keys, total } = await deps.tenantStore.listKeys({
      page: query.page,
      size: query.size,
      aliasHas: query.search ?? '',
      seenBy: await seenBy(principal, deps),
      sortBy: 'key_alias',
      sortOrder: 'asc',
    })
    return {
      aliases: keys.flatMap(({ keyAlias }) => keyAlias ?? []),
      total_count: total,
      current_page: query.page,
      total_pages: Math.ceil(total / query.size),
      size: query.size,
    }
  },
})

export const infos = route({
  method: 'POST',
  paths: ['/v2/key/info'],
  access: 'key',
  tag: 'Keys',
  summary: 'Several keys with their limits and their spend.',
  area: 'admin.key',
  body: z.strictObject({ keys: z.array(keyText).min(1).max(100) }),
  out: z.object({ key: z.array(z.string()), info: z.array(shown) }),
  async handle({ body, principal, deps, receivedAtMs }) {
    const records = await Promise.all(
      body.keys.map(async (key) => {
        const record = await deps.tenantStore.findKey({ token: await tokenOf(key) })
        if (record && (await seesKey(principal, record, deps))) return record
        if (seesAll(principal)) throw notFound(key)
        throw new GatewayError('forbidden', 'You are not allowed to access this key.', { param: 'keys' })
      }),
    )
    return { key: body.keys, info: records.map((record) => shownKey(record, receivedAtMs)) }
  },
})

export const health = route({
  method: 'POST',
  paths: ['/key/health'],
  access: 'key',
  tag: 'Keys',
  summary: 'Whether the key that asks works.',
  out: z.object({ key: z.literal('healthy'), logging_callbacks: z.null() }),
  // Who is not healthy does not come here: blocked and expired keys are refused at the door.
  handle: () => ({ key: 'healthy', logging_callbacks: null }),
})
