import * as z from 'zod'
import { newId } from '../../ids.ts'
import { hashOf, keyNameOf, newKeyText } from '../../tenants/key-text.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Asked, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { expiryOf } from './expiry.ts'
import { limitTypes, newLimits } from './fields.ts'
import { mustFit, mustHaveRoom } from './key-fits.ts'
import { customKey, made } from './key-shape.ts'
import { limitsOf } from './limits.ts'
import { shownKey } from './shown.ts'

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

export const generate = route({
  method: 'POST',
  paths: ['/key/generate'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Make a key. The answer is the only place where it is ever shown.',
  area: 'admin.key',
  body: generateBody,
  out: made,
  async handle(asked) {
    const { deps, receivedAtMs } = asked
    const { key, id, fields } = await preparedKey(asked.body, asked)
    const [record] = await deps.tenantStore.create('key', [{ id: [id], fields }], authorOf(asked))
    if (!record) throw new Error('a key that was just made cannot be read')
    return { key, token: record.token, token_id: record.token, ...shownKey(record, receivedAtMs) }
  },
})

/** A key as `/key/generate` makes it, ready to be written: also by routes that make one beside something else. */
export async function preparedKey(
  body: z.output<typeof generateBody>,
  { deps, receivedAtMs: nowMs }: Pick<Asked<'admin', unknown, unknown>, 'deps' | 'receivedAtMs'>,
) {
  const key = body.key ?? newKeyText(deps.randomBytes)
  const id = newId(nowMs)
  const owners = { teamId: body.team_id ?? null, organizationId: body.organization_id ?? null }
  await mustFit(owners, deps)
  const fields = {
    token: await hashOf(key),
    keyName: keyNameOf(key),
    keyAlias: body.key_alias ?? null,
    userId: body.user_id ?? null,
    ...owners,
    expiresAtMs: expiryOf(body.duration ?? null, nowMs),
    ...(await limitsOf(body, undefined, { entity: entityName('key', id), deps, nowMs })),
  }
  await mustHaveRoom(fields, id, deps)
  return { key, id, fields }
}
