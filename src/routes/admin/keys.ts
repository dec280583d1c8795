import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import { keySorts } from '../../tenants/port.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { blocking, update } from './change-key.ts'
import { keyText, notFound, shown } from './key-shape.ts'
import { generate } from './make-key.ts'
import { regenerate, regenerateNamed } from './regenerate-key.ts'
import { resetSpend } from './reset-key-spend.ts'
import { shownKey } from './shown.ts'

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

const deletion = route({
  method: 'POST',
  paths: ['/key/delete'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Delete keys, by themselves, their hashes or their aliases. What they spent stays in the log.',
  area: 'admin.key',
  body: z.strictObject({ keys: z.array(keyText).max(500).nullish(), key_aliases: z.array(name).max(500).nullish() }),
  out: z.object({ deleted_keys: z.array(z.string()) }),
  async handle(asked) {
    const { body, deps } = asked
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
    const gone = byToken.size === 0 ? [] : await deps.tenantStore.deleteKeys([...byToken.keys()], authorOf(asked))
    if (gone.length === 0)
      throw new GatewayError('not_found', 'No keys found. GET /key/list lists the keys.', { param: 'keys' })
    return { deleted_keys: gone.map((token) => byToken.get(token) ?? token) }
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
