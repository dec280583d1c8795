import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { tokenOf } from '../tenants/key-text.ts'
import { authorOf } from './admin/author.ts'
import { keyText, notFound } from './admin/key-shape.ts'
import { type Route, route } from './route.ts'

const LONGEST_MINUTES = 24 * 60
const MINUTE_MS = 60_000

const debugKey = route({
  method: 'POST',
  paths: ['/debug/key'],
  access: 'admin',
  tag: 'Keys',
  summary:
    "Write a line of the operator's log for each attempt of a key, whatever `LOG_LEVEL` is, for so many minutes; 0 ends it. Never a body.",
  body: z.strictObject({ key: keyText, minutes: z.number().min(0).max(LONGEST_MINUTES).default(15) }),
  out: z.object({ key_name: z.string(), until: z.iso.datetime().nullable() }),
  async handle(asked) {
    const { body, deps, receivedAtMs: nowMs } = asked
    if (!deps.debugKeys)
      throw new GatewayError('not_found', 'Which keys are debugged is kept in Postgres, and there is none.', {
        param: 'key',
      })
    const key = await deps.tenantStore.findKey({ token: await tokenOf(body.key) })
    if (!key) throw notFound(body.key)
    const untilMs = nowMs + Math.round(body.minutes * MINUTE_MS)
    await deps.debugKeys.set(key.id, untilMs, authorOf(asked).by, nowMs)
    return { key_name: key.keyName, until: body.minutes === 0 ? null : new Date(untilMs).toISOString() }
  },
})

export const debugRoutes: readonly Route[] = [debugKey]
