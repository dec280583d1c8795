import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import type { Changes } from '../../tenants/port.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { KeyRecord } from '../../tenants/record.ts'
import { entityName } from '../../tenants/scope.ts'
import type { AppDeps } from '../deps.ts'
import { type Asked, route } from '../route.ts'
import { authorOf } from './author.ts'
import { expiryOf } from './expiry.ts'
import { mustFit, mustHaveRoom, mustNotExceedTeam } from './key-fits.ts'
import { type ChangeFields, changes, keyText, notFound, reachOf, shown } from './key-shape.ts'
import { limitsOf } from './limits.ts'
import { mustBeWithin } from './new-rules.ts'
import { recallAfter } from './recall.ts'
import { personOf } from './runs-organization.ts'
import { shownKey } from './shown.ts'
import { isAdmin, mustChangeKey, ownersFor, runsTeam } from './whose.ts'

export const update = route({
  method: 'POST',
  paths: ['/key/update'],
  access: 'editor',
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

type Changing = Pick<Asked<'editor', unknown, unknown>, 'request' | 'requestId' | 'principal' | 'deps' | 'receivedAtMs'>

/** What a body asks of a key that is there. */
export async function changesOf(
  body: ChangeFields,
  current: KeyRecord,
  { principal, deps, receivedAtMs: nowMs }: Changing,
  path = '/key/update',
): Promise<Changes<'key'>> {
  await mustChangeKey(principal, current, path, deps)
  mustBeWithin(body, deps)
  if (!isAdmin(principal)) {
    await mustNotRaise(body, current, principal, deps)
    const owners = {
      team_id: body.team_id === undefined ? current.teamId : body.team_id,
      user_id: body.user_id === undefined ? current.userId : body.user_id,
    }
    await ownersFor(principal, { ...body, ...owners }, path, deps)
    if (owners.team_id === null && owners.user_id !== personOf(principal))
      throw new GatewayError('forbidden', 'A key that leaves its team must be your own.', { param: 'user_id' })
  }
  const owners = { teamId: body.team_id, organizationId: body.organization_id }
  await mustFit(
    {
      ...current,
      ...(owners.teamId === undefined ? {} : owners),
      ...(owners.organizationId === undefined ? {} : { organizationId: owners.organizationId }),
    },
    deps,
  )
  const limits = await limitsOf(body, current, { entity: entityName('key', current.id), deps, nowMs, principal })
  const given = Object.fromEntries(Object.entries({ ...owners, ...limits }).filter(([, value]) => value !== undefined))
  await mustHaveRoom({ ...current, ...given }, current.id, deps)
  if (limits.budgets)
    await mustNotExceedTeam(
      { teamId: body.team_id === undefined ? current.teamId : body.team_id, budgets: limits.budgets },
      deps,
    )
  return {
    keyAlias: body.key_alias,
    userId: body.user_id,
    ...owners,
    ...reachOf(body),
    expiresAtMs: body.duration === undefined ? undefined : expiryOf(body.duration, nowMs),
    ...limits,
  }
}

/** What an admin gave a key is not its owner's to change: limits are, of keys that the owner made. */
async function mustNotRaise(body: ChangeFields, key: KeyRecord, principal: Principal, deps: AppDeps): Promise<void> {
  if (key.teamId !== null && (await runsTeam(principal, key.teamId, deps))) return
  const free = ['key_alias', 'metadata', 'team_id', 'user_id']
  const isOwn = key.createdBy !== null && key.createdBy === principal.userId
  const field = Object.entries(body).find(
    ([name, value]) => value !== undefined && name in changes && !free.includes(name) && !(isOwn && name !== 'blocked'),
  )?.[0]
  if (field === undefined) return
  throw new GatewayError('forbidden', `You may not change ${field} of a key that an admin made. Ask an admin.`, {
    param: field,
  })
}

/** Writes; what the key's ledger holds free comes back where the change takes something away. */
export async function changed(
  asked: Changing,
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
    access: 'editor',
    tag: 'Keys',
    summary,
    area: 'admin.key',
    body: z.strictObject({ key: keyText }),
    out: shown.extend({ key: z.string() }),
    async handle(asked) {
      const { key } = asked.body
      const current = await asked.deps.tenantStore.findKey({ token: await tokenOf(key) })
      if (!current) throw notFound(key)
      await mustChangeKey(asked.principal, current, path, asked.deps)
      return changed(asked, current, key, { blocked })
    },
  })
