import { GatewayError } from '../errors.ts'
import type { Moment, Others, Tenants } from '../tenants/port.ts'
import type { Principal } from '../tenants/principal.ts'
import { mustBeActive } from '../tenants/standing.ts'
import { isStorable } from './text.ts'

const CUSTOMER_HEADERS = ['x-litellm-customer-id', 'x-litellm-end-user-id'] as const
const TAGS_HEADER = 'x-litellm-tags'
const MAX_TAGS = 16
const MAX_LENGTH = 256

type Fields = Readonly<Record<string, unknown>>

/** The caller of one request: its key, with the customer and the tags that the request names. */
export async function callerOf(
  principal: Principal,
  request: { readonly headers: Headers; readonly body: Fields },
  tenants: Tenants,
  moment: Moment,
): Promise<Principal> {
  const others = othersOf(request.headers, request.body, principal)
  if (others.customerId === undefined && others.tags === undefined) return principal
  const caller = await tenants.withOthers(principal, others, moment)
  mustBeActive(caller, moment.nowMs)
  return caller
}

/** Whom a request is for: whom the caller's token names, else in LiteLLM's order headers, `user`, `litellm_metadata.user`, `metadata.user_id`. */
export function othersOf(headers: Headers, body: Fields, principal: Pick<Principal, 'ownTags' | 'customerId'>): Others {
  const metadata = fieldsOf(body.metadata)
  const { customerId, ownTags: own } = principal
  const named = customerId === undefined ? customerIn(headers, body, metadata) : (['user', customerId] as const)
  const given = body.tags ?? metadata.tags ?? fromHeader(headers.get(TAGS_HEADER))
  if (named === undefined && isNone(given) && isNone(own)) return NOBODY
  const tags = [...new Set([...tagsOf(given, 'tags'), ...tagsOf(own, 'metadata.tags')])]
  if (tags.length > MAX_TAGS)
    throw refused('tags', `At most ${MAX_TAGS} tags fit a request; this one has ${tags.length}.`)
  return {
    ...(named === undefined ? {} : { customerId: textOf(named[1], named[0]) }),
    ...(tags.length === 0 ? {} : { tags }),
  }
}

/** The first place that says something, by its name. */
function customerIn(headers: Headers, body: Fields, metadata: Fields): readonly [string, unknown] | undefined {
  for (const header of CUSTOMER_HEADERS) {
    const value = headers.get(header)
    if (value !== null && value !== '') return [header, value]
  }
  if (!isNone(body.user) && body.user !== '') return ['user', body.user]
  const { user } = fieldsOf(body.litellm_metadata)
  if (!isNone(user) && user !== '') return ['litellm_metadata.user', user]
  const { user_id } = metadata
  return isNone(user_id) || user_id === '' ? undefined : ['metadata.user_id', user_id]
}

const isNone = (value: unknown) => value === undefined || value === null

function tagsOf(value: unknown, param: string): readonly string[] {
  if (isNone(value)) return []
  if (!Array.isArray(value)) throw refused(param, `${param} must be a list of texts.`)
  return value.map((tag) => textOf(tag, param))
}

const fromHeader = (text: string | null) =>
  text
    ?.split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')

function textOf(value: unknown, param: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH && isStorable(value)) return value
  throw refused(param, `${param} must be a text of at most ${MAX_LENGTH} characters.`)
}

const refused = (param: string, message: string) => new GatewayError('invalid_request', message, { param })

const NOBODY: Others = {}
const NOTHING: Fields = {}
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : NOTHING)

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
