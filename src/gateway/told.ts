import { isTraceparent } from '../observe/trace-ids.ts'
import type { AnyRequest } from '../operations/operation.ts'
import { inputCostNano } from '../prices/cost.ts'
import type { SpendEvent } from '../spend/event.ts'
import type { Attempt } from './attempt.ts'
import { mayHelp } from './fallback.ts'
import type { Outcome } from './finish.ts'
import { logsMetadata } from './logs-metadata.ts'

type Fields = Readonly<Record<string, unknown>>
type Ended = Pick<Outcome, 'usage' | 'error' | 'status' | 'left'>
type Told = Partial<SpendEvent>

/** What a request says for its log alone, in LiteLLM's names, by the field of the event that it becomes. */
const SAID = {
  session_id: ['session_id'],
  trace_id: ['trace_id', 'existing_trace_id'],
  trace_name: ['trace_name'],
  generation_name: ['generation_name'],
  trace_user_id: ['trace_user_id'],
} as const
const LONGEST = 256
const SESSION_HEADER = 'x-litellm-session-id'
const TRACE_HEADER = 'x-litellm-trace-id'
/** A key's limit for one model, as `modelName` names it. */
const KEY_AND_MODEL = /^key:[^:]*:model=/
/** Names of sinks, with commas between them. */
const UNLOGGED_HEADER = 'x-litellm-disable-callbacks'

/** What sinks tell about an attempt beside its row. Never a prompt, an answer or a key. */
export function toldOf(attempt: Attempt<AnyRequest>, { usage, error, status, left }: Ended): Told {
  const { call, deployment, rates, retries, fallbacks } = attempt
  const { headers, principal, body } = call
  const told: { -readonly [K in keyof Told]: Told[K] } = { received_ms: call.receivedAtMs }
  if (typeof body.model === 'string' && body.model !== deployment.group) told.requested_model = cut(body.model)
  if (retries > 0) told.retries = retries
  if (fallbacks > 0) told.fallbacks = fallbacks
  if (status === 'failure' && attempt.elsewhere === true && error && mayHelp(error)) told.elsewhere = true
  if (principal.teamAlias !== undefined) told.team_alias = principal.teamAlias
  if (deployment.price) told.input_cost_nano = String(inputCostNano(deployment.price, usage))
  if (left?.requests !== undefined) told.vendor_remaining_requests = left.requests
  if (left?.tokens !== undefined) told.vendor_remaining_tokens = left.tokens
  for (const { entity, kind, remaining } of rates)
    if (KEY_AND_MODEL.test(entity)) {
      if (kind === 'requests') told.key_remaining_requests = remaining
      if (kind === 'tokens') told.key_remaining_tokens = remaining
    }
  const address = headers.get('cf-connecting-ip')
  if (address !== null) told.requester_ip_address = cut(address)
  const agent = headers.get('user-agent')
  if (agent !== null) told.user_agent = cut(agent)
  const parent = headers.get('traceparent')
  if (parent !== null && isTraceparent(parent)) told.traceparent = parent
  const session = headers.get(SESSION_HEADER)
  if (session !== null) told.session_id = cut(session)
  const trace = headers.get(TRACE_HEADER)
  if (trace !== null) told.trace_id = cut(trace)
  const forLog = logsMetadata(body, headers)
  if (forLog) told.spend_logs_metadata = forLog
  said(told, body)
  const unlogged = unloggedOf(body, headers)
  if (unlogged) told.unlogged = unlogged
  return told
}

function said(told: { -readonly [K in keyof Told]: Told[K] }, body: Fields): void {
  const { litellm_session_id: session, litellm_trace_id: trace } = body
  if (typeof session === 'string' && session !== '') told.session_id ??= cut(session)
  if (typeof trace === 'string' && trace !== '') told.trace_id ??= cut(trace)
  for (const place of [body.metadata, body.litellm_metadata]) if (isFields(place)) saidIn(place, told)
}

function saidIn(place: Fields, told: { -readonly [K in keyof Told]: Told[K] }): void {
  for (const field of Object.keys(SAID) as (keyof typeof SAID)[])
    for (const name of SAID[field]) {
      const value = place[name]
      if (typeof value === 'string' && value !== '') told[field] ??= cut(value)
    }
  if (isFields(place.prompt)) promptIn(place.prompt, told)
}

/** A prompt as Langfuse's SDKs give it (`metadata.prompt`), of which a link is made. What it says stays with the caller. */
function promptIn({ name, version }: Fields, told: { -readonly [K in keyof Told]: Told[K] }): void {
  if (typeof name !== 'string' || name === '' || !Number.isSafeInteger(version) || told.prompt_name !== undefined)
    return
  told.prompt_name = cut(name)
  told.prompt_version = Number(version)
}

function unloggedOf(body: Fields, headers: Headers): string[] | undefined {
  if (body['no-log'] === true) return ['*']
  const names = headers.get(UNLOGGED_HEADER)
  return names === null
    ? undefined
    : cut(names)
        .split(',')
        .map((name) => name.trim().toLowerCase())
}

const cut = (text: string) => (text.length <= LONGEST ? text : text.slice(0, LONGEST))

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
