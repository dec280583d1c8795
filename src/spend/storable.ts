import * as z from 'zod'
import { type SpendEvent, spendEvent } from './event.ts'

/** Below a million dollars: more for one attempt is a mistake, and adding such rows up must not overflow a window. */
const AMOUNT = /^\d{1,15}$/
const INT4_MAX = 2 ** 31 - 1
/** Milliseconds that a date can hold. */
const LATEST_MS = 8.64e15
/** Long texts make index rows fail; nothing of ours is longer. */
const LONGEST_NAME = 512
const LONGEST_MESSAGE = 4_096
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

const moment = (ms: number) => Number.isInteger(ms) && Math.abs(ms) <= LATEST_MS

/** What the types cannot say, so that no batch fails for a row. */
function problemOf(event: SpendEvent): string | undefined {
  const { scopes, windows, covered } = event
  if (!UUID_V7.test(event.id)) return 'id must be a UUIDv7'
  if (!AMOUNT.test(event.hold_nano) || !AMOUNT.test(event.cost_nano))
    return 'hold_nano and cost_nano must be from 0 to a million dollars'
  if (windows.length !== scopes.length || covered.length !== scopes.length)
    return 'windows and covered must be one for each of scopes'
  if (new Set(scopes.map((scope, i) => `${scope}|${windows[i]}`)).size < scopes.length)
    return 'scopes must not name a window twice'
  if (![...windows, event.start_ms, event.end_ms, event.first_token_ms ?? 0].every(moment))
    return 'windows, start_ms, first_token_ms and end_ms must be whole milliseconds'
  if (Math.abs(event.http_status) > INT4_MAX) return 'http_status is not a status'
  return undefined
}

export type Checked = { readonly ok: true; readonly event: SpendEvent } | { readonly ok: false; readonly error: string }

/** Whether Postgres will take this as a row, with texts of a caller or vendor cut to a length that it can index. */
export function checkEvent(value: unknown): Checked {
  const result = spendEvent.safeParse(value)
  if (!result.success) return { ok: false, error: z.prettifyError(result.error) }
  const event = result.data
  const problem = problemOf(event)
  if (problem !== undefined) return { ok: false, error: problem }
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
