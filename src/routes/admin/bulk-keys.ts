import * as z from 'zod'
import { toGatewayError } from '../../errors.ts'
import { tokenOf } from '../../tenants/key-text.ts'
import { route } from '../route.ts'
import { changed, changesOf } from './change-key.ts'
import { changes, keyText, notFound } from './key-shape.ts'

export const bulkUpdate = route({
  method: 'POST',
  paths: ['/key/bulk_update'],
  access: 'admin',
  tag: 'Keys',
  summary: 'Change several keys, each for itself: the answer says which changed and why others did not.',
  area: 'admin.key',
  body: z.strictObject({
    keys: z
      .array(z.strictObject({ key: keyText, ...changes }))
      .min(1)
      .max(500),
  }),
  out: z.object({
    total_requested: z.number(),
    successful_updates: z.array(z.object({ key: z.string(), key_info: z.unknown() })),
    failed_updates: z.array(z.object({ key: z.string(), failed_reason: z.string() })),
  }),
  async handle(asked) {
    const done: { key: string; key_info: unknown }[] = []
    const failed: { key: string; failed_reason: string }[] = []
    for (const { key, ...body } of asked.body.keys) {
      try {
        const current = await asked.deps.tenantStore.findKey({ token: await tokenOf(key) })
        if (!current) throw notFound(key)
        done.push({ key, key_info: await changed(asked, current, key, await changesOf(body, current, asked)) })
      } catch (thrown) {
        failed.push({ key, failed_reason: toGatewayError(thrown).message })
      }
    }
    return { total_requested: asked.body.keys.length, successful_updates: done, failed_updates: failed }
  },
})
