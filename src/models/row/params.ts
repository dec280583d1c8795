import { distance } from 'fastest-levenshtein'
import type { Json, Notice } from '../../config/config.ts'
import { nearestName } from '../../config/nearest.ts'
import { accountNotices } from './accounts.ts'
import { gatewayParams, type ModelRow } from './model-list.ts'
import { isReference, shownKey } from './secrets.ts'

type Params = ModelRow['litellm_params']

/** What goes to the provider besides the request: everything that is not for the gateway. */
export function providerParams(params: Params): { [key: string]: Json } {
  const extra = Object.entries(params).filter(([key, value]) => !Object.hasOwn(gatewayParams, key) && isPlain(value))
  return {
    ...(Object.fromEntries(extra) as { [key: string]: Json }),
    ...(params.extra_body === undefined ? {} : { extra_body: params.extra_body as Json }),
  }
}

function isPlain(value: unknown): boolean {
  return value !== undefined && !hasReference(value)
}

function hasReference(value: unknown): boolean {
  if (typeof value === 'string') return isReference(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasReference)
}

/** What is wrong with a row's parameters, by the vendor that they are for. */
export function* paramNotices(params: Params, provider: string): Generator<Notice> {
  yield* accountNotices(params, provider)
  for (const [key, value] of Object.entries(params)) {
    const path = `litellm_params.${shownKey(key)}`
    const ours = Object.hasOwn(gatewayParams, key)
    const meant = ours ? undefined : mistypedFor(key)
    if (meant) yield { level: 'warning', path, message: `goes to the provider as it is; did you mean '${meant}'?` }
    if ((!ours || key === 'extra_body') && hasReference(value))
      yield {
        level: 'error',
        path,
        message:
          'found a reference (os.environ/…) in a parameter for the provider, expected plain values; references are read in api_key, api_base, organization and extra_headers',
      }
  }
  if ((params.api_base ?? params.base_url) !== undefined && params.api_key === undefined && provider === 'openai')
    yield {
      level: 'advice',
      path: 'litellm_params',
      message: 'names an api_base and no api_key, so no key is sent; if the address wants one, set api_key',
    }
}

/** Parameters of OpenAI's API that look like ours and are not. */
const providerParamNames = ['top_p', 'top_k', 'n', 'seed', 'stop', 'user', 'tools', 'store', 'models', 'temp']

function mistypedFor(key: string): string | undefined {
  if (providerParamNames.includes(key)) return undefined
  const near = nearestName(key, Object.keys(gatewayParams))
  return near !== undefined && key.length > 3 && distance(key, near) <= 2 ? near : undefined
}
