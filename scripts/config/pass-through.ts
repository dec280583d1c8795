import type { Notice, Text } from '../../src/config/config.ts'
import type { FilesAccount, PassThroughEndpoint, PassThroughSettings } from '../../src/config/pass-through.ts'
import { given } from '../../src/models/row/given.ts'
import { ms } from '../../src/models/row/policies.ts'
import { textFrom, textOf } from '../../src/models/row/text.ts'
import { picoFromUsdPerToken } from '../../src/prices/pico.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void
type Row = Readonly<Record<string, unknown>>

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Under these a row without a target only says what a path costs. */
export const VENDOR_PATHS =
  /^\/(?:openai|openai_passthrough|anthropic|gemini|vertex_ai|vertex-ai|bedrock|azure|azure_ai|cohere|mistral|vllm)(?:\/|$)/

/** `pass_through_endpoints` and `files_settings`; what is wrong is said by its place, and left out. */
export function passThroughOf(file: ConfigFile, note: Note): PassThroughSettings | undefined {
  const { pass_through_endpoints: rows = [], pass_through_request_timeout: seconds } = file.general_settings ?? {}
  const endpoints = rows.flatMap((row, index) => {
    const at = ['general_settings', 'pass_through_endpoints', index]
    const fault = (name: string, message: string) => {
      note('error', [...at, name], message)
      return []
    }
    if (row === undefined || row === null) return []
    return endpointOf(row as Row, seconds, fault, note, at)
  })
  const filesAccounts = (file.files_settings ?? []).flatMap((row, index): FilesAccount[] => {
    const { custom_llm_provider: provider, api_key, api_base, api_version } = (row ?? {}) as Row
    if (typeof provider !== 'string' || provider === '') {
      note(
        'error',
        ['files_settings', index, 'custom_llm_provider'],
        'found no vendor, expected openai, azure or anthropic',
      )
      return []
    }
    return [
      {
        provider,
        ...given('apiKey', textIn(api_key)),
        ...given('apiBase', textIn(api_base)),
        ...given('apiVersion', textIn(api_version)),
      },
    ]
  })
  return endpoints.length + filesAccounts.length === 0 ? undefined : { endpoints, filesAccounts }
}

function endpointOf(
  row: Row,
  seconds: number | undefined,
  fault: (name: string, message: string) => never[],
  note: Note,
  at: readonly PropertyKey[],
): PassThroughEndpoint[] {
  const { path, target, headers, default_query_params: query, include_subpath: subpaths, cost_per_request: usd } = row
  if (typeof path !== 'string' || !/^\/[\w./~:-]*[\w~-]$/.test(path) || path.includes('..') || path.includes('//'))
    return fault('path', 'found no path, expected one such as /my-vendor')
  const isPrice = target === undefined && VENDOR_PATHS.test(path)
  const to = typeof target === 'string' ? textOf(target) : undefined
  if (!isPrice && (to === undefined || (typeof to === 'string' && !/^https?:\/\/[^/?#\s@]+(?:[/?]|$)/.test(to))))
    return fault('target', 'found no address, expected one such as https://api.vendor.com/v1')
  if (usd !== undefined && usd !== null && (typeof usd !== 'number' || !(usd >= 0)))
    return fault('cost_per_request', 'found no price, expected dollars such as 0.002')
  if (isPrice && typeof usd !== 'number')
    return fault('cost_per_request', 'is missing: a row without a target says what a path of a vendor costs')
  const methods = methodsIn(row.methods)
  if (methods === undefined && row.methods !== undefined && row.methods !== null)
    return fault('methods', `found no methods, expected a list of ${METHODS.join(', ')}`)
  if (row.auth === false) note('warning', [...at, 'auth'], 'means nothing here: every path asks for a key')
  const timeout = typeof row.timeout === 'number' ? row.timeout : seconds
  return [
    {
      path,
      ...given('target', to),
      headers: Object.fromEntries(entriesOf(headers).map(([name, value]) => [name.toLowerCase(), partsOf(value)])),
      query: Object.fromEntries(entriesOf(query)),
      subpaths: subpaths === true,
      ...given('methods', methods),
      ...given('pricePico', typeof usd === 'number' ? picoFromUsdPerToken(usd) : undefined),
      ...given('timeoutMs', ms(timeout || undefined)),
    },
  ]
}

function methodsIn(given: unknown): readonly string[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined
  const methods = given.map((one) => String(one).toUpperCase())
  return methods.every((one) => METHODS.includes(one)) ? methods : undefined
}

function entriesOf(given: unknown): readonly (readonly [string, string])[] {
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given).map(([name, value]) => [name, String(value)])
}

/** `bearer os.environ/KEY`: a variable may stand within a text. */
function partsOf(value: string): readonly Text[] {
  return value
    .split(/(os\.environ\/\w+)/)
    .filter((part) => part !== '')
    .map(textOf)
}

function textIn(value: unknown): Text | undefined {
  return typeof value === 'string' ? textFrom(value) : undefined
}
