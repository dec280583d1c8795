import * as z from 'zod'
import { type SpendEvent, spendEvent } from './event.ts'

/** A million dollars for one attempt is a mistake; adding such rows up must not overflow a window. */
const MOST_NANO = 10n ** 15n
const INT4_MAX = 2 ** 31 - 1
/** Milliseconds that a date can hold. */
const LATEST_MS = 8.64e15
/** Long texts make index rows fail; nothing of ours is longer. */
const LONGEST_NAME = 512
const LONGEST_MESSAGE = 4_096
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

const moment = (ms: number) => Number.isInteger(ms) && Math.abs(ms) <= LATEST_MS
const amount = (nano: string) => BigInt(nano) >= 0n && BigInt(nano) <= MOST_NANO

/** An event that Postgres takes as it stands: what the types cannot say is checked here, so that no batch fails for a row. */
const storable = spendEvent.check(({ value: event, issues }) => {
  const refuse = (path: keyof SpendEvent, message: string) =>
    issues.push({ code: 'custom', path: [path], message, input: event[path] })
  if (!UUID_V7.test(event.id)) refuse('id', 'must be a UUIDv7')
  if (!amount(event.hold_nano)) refuse('hold_nano', `must be from 0 to ${MOST_NANO}`)
  if (!amount(event.cost_nano)) refuse('cost_nano', `must be from 0 to ${MOST_NANO}`)
  if (event.windows.length !== event.scopes.length) refuse('windows', 'must be one for each scope')
  if (event.covered.length !== event.scopes.length) refuse('covered', 'must be one for each scope')
  if (!event.windows.every(moment)) refuse('windows', 'must be whole milliseconds')
  if (new Set(event.scopes.map((scope, i) => `${scope}|${event.windows[i]}`)).size < event.scopes.length)
    refuse('scopes', 'must not name a window twice')
  if (![event.start_ms, event.end_ms, event.first_token_ms ?? 0].every(moment))
    refuse('end_ms', 'times must be whole milliseconds')
  if (Math.abs(event.http_status) > INT4_MAX) refuse('http_status', 'is not a status')
})

export type Checked = { readonly ok: true; readonly event: SpendEvent } | { readonly ok: false; readonly error: string }

/** Whether Postgres will take this as a row, with texts of a caller or vendor cut to a length that it can index. */
export function checkEvent(value: unknown): Checked {
  const result = storable.safeParse(value)
  if (!result.success) return { ok: false, error: z.prettifyError(result.error) }
  const event = result.data
  return {
    ok: true,
    event: {
      ...event,
      request_id: event.request_id.slice(0, LONGEST_NAME),
      end_user: event.end_user?.slice(0, LONGEST_NAME) ?? null,
      error_message: event.error_message?.slice(0, LONGEST_MESSAGE) ?? null,
    },
  }
}
