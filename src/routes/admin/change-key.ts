import * as z from 'zod'
import { tokenOf } from '../../tenants/key-text.ts'
import type { Changes } from '../../tenants/port.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Asked, route } from '../route.ts'
import { authorOf } from './author.ts'
import { expiryOf } from './expiry.ts'
import { mustFit, mustHaveRoom } from './key-fits.ts'
import { type ChangeFields, changes, keyText, notFound, shown } from './key-shape.ts'
import { limitsOf } from './limits.ts'
import { recallAfter } from './recall.ts'
import { shownKey } from './shown.ts'

export const update = route({
  method: 'POST',
  paths: ['/key/update'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Change some fields of a key; the others stay. A limit of null is taken away.',
  area: 'admin.key',
  body: z.strictObject({ key: keyText, ...changes }),
  out: shown.extend({ key: z.string() }),
  async handle(asked) {
    const { body, deps } = asked
    const current = await deps.tenantStore.findKey({ token: await tokenOf(body.key) })
    if (!current) throw notFound(body.key)
    return changed(asked, current, body.key, await changesOf(body, current, asked))
  },
})

/** What a body asks of a key that is there. */
export async function changesOf(
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

export const blocking = (path: '/key/block' | '/key/unblock', blocked: boolean, summary: string) =>
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
