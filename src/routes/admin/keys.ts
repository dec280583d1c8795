import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { bulkUpdate } from './bulk-keys.ts'
import { blocking, update } from './change-key.ts'
import { aliases, health, infos, list } from './key-lists.ts'
import { keyText, notFound, shown } from './key-shape.ts'
import { generate, serviceAccount } from './make-key.ts'
import { regenerate, regenerateNamed } from './regenerate-key.ts'
import { resetSpend } from './reset-key-spend.ts'
import { shownKey } from './shown.ts'
import { isAdmin, mustChangeKey, seesAll, seesKey } from './whose.ts'

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
    const record = await deps.tenantStore.findKey({ token })
    if (!(record ? await seesKey(principal, record, deps) : seesAll(principal))) {
      throw new GatewayError('forbidden', 'You are not allowed to access this key.', { param: 'key' })
    }
    if (!record) throw notFound(query.key ?? token)
    return { key: query.key ?? token, info: shownKey(record, receivedAtMs) }
  },
})

const deletion = route({
  method: 'POST',
  paths: ['/key/delete'],
  access: 'editor',
  tag: 'Keys',
  summary: 'Delete keys, by themselves, their hashes or their aliases. What they spent stays in the log.',
  area: 'admin.key',
  body: z.strictObject({ keys: z.array(keyText).max(500).nullish(), key_aliases: z.array(name).max(500).nullish() }),
  out: z.object({ deleted_keys: z.array(z.string()) }),
  async handle(asked) {
    const { body, principal, deps } = asked
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
    for (const token of isAdmin(principal) ? [] : byToken.keys()) {
      const found = await deps.tenantStore.findKey({ token })
      if (found) await mustChangeKey(principal, found, '/key/delete', deps)
      else throw new GatewayError('forbidden', 'You are not allowed to access this key.', { param: 'keys' })
    }
    const gone = byToken.size === 0 ? [] : await deps.tenantStore.deleteKeys([...byToken.keys()], authorOf(asked))
    if (gone.length === 0)
      throw new GatewayError('not_found', 'No keys found. GET /key/list lists the keys.', { param: 'keys' })
    return { deleted_keys: gone.map((token) => byToken.get(token) ?? token) }
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
  aliases,
  infos,
  health,
  serviceAccount,
  bulkUpdate,
]
