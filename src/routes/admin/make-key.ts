import * as z from 'zod'
import { newId } from '../../ids.ts'
import { hashOf, keyNameOf, newKeyText } from '../../tenants/key-text.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Asked, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { expiryOf } from './expiry.ts'
import { limitTypes, newLimits } from './fields.ts'
import { allowedIps, bound } from './governed.ts'
import { mustFit, mustHaveRoom, mustNotExceedTeam } from './key-fits.ts'
import { customKey, made, reach, reachOf } from './key-shape.ts'
import { limitsOf } from './limits.ts'
import { bounded, defaultTeam, mustMake, withKeyDefaults } from './new-rules.ts'
import { shownKey } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { ownersFor, runsTeam } from './whose.ts'

const generateBody = z.strictObject({
  key: customKey.nullish(),
  key_alias: name.nullish(),
  user_id: name.nullish(),
  team_id: name.nullish(),
  organization_id: name.nullish(),
  duration: name.nullish(),
  ...reach,
  ...newLimits,
  ...limitTypes,
  ...bound,
  ...allowedIps,
})

export const generate = route({
  method: 'POST',
  paths: ['/key/generate'],
  access: 'editor',
  tag: 'Keys',
  summary: 'Make a key. The answer is the only place where it is ever shown.',
  area: 'admin.key',
  // LiteLLM's Python client says its own key in the body, too; nobody reads it.
  body: generateBody.extend({ api_key: z.string().nullish() }),
  out: made,
  async handle(asked) {
    const { body, principal, deps } = asked
    const placed = { ...body, team_id: body.team_id ?? defaultTeam(deps) }
    await mustMake(principal, placed, deps)
    const owned = await ownersFor(principal, placed, '/key/generate', deps)
    return generated(asked, withKeyDefaults(owned, deps))
  },
})

async function generated(asked: Asked<'editor', unknown, unknown>, body: z.output<typeof generateBody>) {
  const { key, id, fields } = await preparedKey(body, asked)
  const [record] = await asked.deps.tenantStore.create('key', [{ id: [id], fields }], authorOf(asked))
  if (!record) throw new Error('a key that was just made cannot be read')
  return { key, token: record.token, token_id: record.token, ...shownKey(record, asked.receivedAtMs) }
}

export const serviceAccount = route({
  method: 'POST',
  paths: ['/key/service-account/generate'],
  access: 'editor',
  tag: 'Keys',
  summary: 'Make a key that belongs to a team and to no person.',
  area: 'admin.key',
  body: generateBody.omit({ user_id: true }).extend({ team_id: name }),
  out: made,
  async handle(asked) {
    const { body, principal, deps } = asked
    await teamNamed(body.team_id, deps)
    if (!(await runsTeam(principal, body.team_id, deps))) {
      await ownersFor(principal, body, '/key/service-account/generate', deps)
    }
    await mustMake(principal, body, deps)
    const metadata = { ...body.metadata, service_account_id: body.key_alias ?? null }
    return generated(asked, withKeyDefaults({ ...body, metadata }, deps))
  },
})

/** A key as `/key/generate` makes it, ready to be written: also by routes that make one beside something else. */
export async function preparedKey(
  asked: z.output<typeof generateBody>,
  {
    deps,
    receivedAtMs: nowMs,
    principal,
  }: Pick<Asked<'editor', unknown, unknown>, 'deps' | 'receivedAtMs' | 'principal'>,
) {
  const body = await bounded(asked, deps)
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
    ...reachOf(body),
    ...(await limitsOf(body, undefined, { entity: entityName('key', id), deps, nowMs, principal })),
  }
  await mustHaveRoom(fields, id, deps)
  await mustNotExceedTeam(fields, deps)
  return { key, id, fields }
}
