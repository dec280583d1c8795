import type { AccessSettings } from '../config/access.ts'
import { GatewayError } from '../errors.ts'
import type { Principal } from '../tenants/principal.ts'

type Fields = Readonly<Record<string, unknown>>

/** Throws unless a call of a model says all that the operator, its key and its team want to be told. */
export function mustSayEnough(
  { headers, body }: { readonly headers: Headers; readonly body: Fields },
  { enforcedParams, metadata }: Pick<Principal, 'enforcedParams' | 'metadata'>,
  access: AccessSettings | undefined,
): void {
  if (access?.enforcesUser && isNone(body.user))
    throw missing('user', "'user' param not passed in. 'enforce_user_param'=True")
  if (access?.refusesTags && !isNone(fieldsOf(body.metadata).tags ?? body.tags ?? headers.get('x-litellm-tags'))) {
    throw missing(
      'metadata.tags',
      'Requests bring no tags here (general_settings.reject_clientside_metadata_tags). Leave metadata.tags out.',
    )
  }
  const isServiceAccount = metadata.service_account_id !== undefined
  mustName(body, access?.enforcedParams)
  mustName(body, enforcedParams)
  if (isServiceAccount) mustName(body, access?.serviceAccountParams)
}

function mustName(body: Fields, params: readonly string[] | undefined): void {
  const absent = params?.find((param) => isNone(at(body, param)))
  if (absent === undefined) return
  throw missing(absent, `BadRequest please pass param=${absent} in request body. This is a required param`)
}

const missing = (param: string, message: string) =>
  new GatewayError('invalid_request', message, { param, retry: false })
const isNone = (value: unknown) => value === undefined || value === null || value === ''
const at = (body: Fields, path: string): unknown =>
  path.split('.').reduce<unknown>((value, part) => fieldsOf(value)[part], body)

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}
