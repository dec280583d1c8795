import * as z from 'zod'
import { hashOf, keyNameOf, newKeyText, tokenOf } from '../../tenants/key-text.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Asked, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { changesOf } from './change-key.ts'
import { expiryOf } from './expiry.ts'
import { changes, customKey, keyText, made, notFound } from './key-shape.ts'
import { recallAfter } from './recall.ts'
import { shownKey } from './shown.ts'

const newToken = z.strictObject({
  new_key: customKey.nullish(),
  grace_period: name.nullish(),
  ...changes,
})

/** The same key under a new text: its id, its spend and its limits stay. */
async function regenerated(asked: Asked<'editor', unknown, z.output<typeof newToken>>, named: string) {
  const { body, deps, receivedAtMs: nowMs } = asked
  const current = await deps.tenantStore.findKey({ token: await tokenOf(named) })
  if (!current) throw notFound(named)
  const key = body.new_key ?? newKeyText(deps.randomBytes)
  const token = await hashOf(key)
  const graceUntilMs = body.grace_period == null ? null : expiryOf(body.grace_period, nowMs)
  const record = await deps.tenantStore.regenerateKey(
    current.id,
    { token, keyName: keyNameOf(key), graceUntilMs },
    await changesOf(body, current, asked, '/key/regenerate'),
    authorOf(asked),
  )
  if (!record) throw notFound(named)
  recallAfter(entityName('key', record.id), current, record, deps)
  return { key, token, token_id: token, ...shownKey(record, nowMs) }
}

export const regenerate = route({
  method: 'POST',
  paths: ['/key/regenerate'],
  access: 'editor',
  tag: 'Keys',
  summary: 'Give a key a new text. The old one ends at once, or after `grace_period`.',
  area: 'admin.key',
  body: newToken.extend({ key: keyText }),
  out: made,
  handle: (asked) => regenerated(asked, asked.body.key),
})

export const regenerateNamed = route({
  method: 'POST',
  paths: ['/key/{key}/regenerate'],
  access: 'editor',
  tag: 'Keys',
  summary: 'The same for the key, or the hash, in the path.',
  area: 'admin.key',
  body: newToken,
  out: made,
  handle: (asked) => regenerated(asked, asked.params.key ?? ''),
})
