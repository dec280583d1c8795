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
  if (isReadable(value) && problemOf(value) === undefined) return { ok: true, event: cut(value) }
  const result = spendEvent.safeParse(value)
  if (!result.success) return { ok: false, error: z.prettifyError(result.error) }
  return { ok: false, error: problemOf(result.data) ?? 'it is not an event as the gateway writes it' }
}

/**
 * An event of this version, as far as it is read here. Only typed code writes them, thousands a second, and the
 * statement has types of its own: the schema is asked only to say what is wrong.
 */
function isReadable(value: unknown): value is SpendEvent {
  if (typeof value !== 'object' || value === null) return false
  const event: { readonly [K in keyof SpendEvent]?: unknown } = value
  return (
    event.v === 1 &&
    typeof event.id === 'string' &&
    typeof event.request_id === 'string' &&
    typeof event.hold_nano === 'string' &&
    typeof event.cost_nano === 'string' &&
    isListOf('string', event.scopes) &&
    isListOf('number', event.windows) &&
    isListOf('boolean', event.covered) &&
    typeof event.usage === 'object' &&
    event.usage !== null &&
    typeof event.start_ms === 'number' &&
    typeof event.end_ms === 'number' &&
    (event.first_token_ms === null || typeof event.first_token_ms === 'number') &&
    Number.isInteger(event.http_status) &&
    (event.end_user === null || typeof event.end_user === 'string') &&
    (event.error_message === null || typeof event.error_message === 'string')
  )
}

function isListOf(type: string, value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type)
}

function cut(event: SpendEvent): SpendEvent {
  const { request_id, end_user, error_message } = event
  if (
    request_id.length <= LONGEST_NAME &&
    (end_user?.length ?? 0) <= LONGEST_NAME &&
    (error_message?.length ?? 0) <= LONGEST_MESSAGE
  )
    return event
  return {
    ...event,
    request_id: request_id.slice(0, LONGEST_NAME),
    end_user: end_user?.slice(0, LONGEST_NAME) ?? null,
    error_message: error_message?.slice(0, LONGEST_MESSAGE) ?? null,
  }
}
