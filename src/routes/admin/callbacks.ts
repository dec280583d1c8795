import * as z from 'zod'
import { nearestName } from '../../config/nearest.ts'
import { GatewayError } from '../../errors.ts'
import { publicAddress, refusedAddress } from '../../gateway/outbound.ts'
import {
  callbacksIn,
  callbackTypes,
  HIDDEN,
  MOST_CALLBACKS,
  placeOf,
  SAME_VARIABLE,
  type StoredCallback,
  variablesOf,
} from '../../observe/callbacks.ts'
import { sinks } from '../../observe/registry.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { isStorable, name } from '../text.ts'

const REFERENCE = 'os.environ/'
const LONGEST = 8_192

/** Of one team or key: a sink, what it is told, and what it needs, in LiteLLM's words. */
export const callbackFields = z.strictObject({
  callback_name: name,
  callback_type: z.enum(callbackTypes).nullish(),
  callback_vars: z.record(name, z.string().max(LONGEST).refine(isStorable)).nullish(),
})
type Given = z.output<typeof callbackFields>

const list = z.array(callbackFields).max(MOST_CALLBACKS)

interface Asking {
  /** Whose they are: `team:…`, `key:…`. */
  readonly owner: string
  /** What is there already: an entry given as it is shown stays as it is. */
  readonly before: readonly StoredCallback[]
  /** Who asks; a proxy admin alone may name variables of the gateway. */
  readonly principal: Principal | undefined
  readonly deps: AppDeps
}

/** Metadata with its `logging` checked and sealed, ready to be stored. */
export async function withSealedLogging(
  metadata: Readonly<Record<string, unknown>> | null | undefined,
  asking: Omit<Asking, 'before'> & { readonly record: { readonly metadata: StoredMetadata } | undefined },
): Promise<Readonly<Record<string, unknown>> | null | undefined> {
  if (metadata?.logging == null) return metadata
  const { success, data, error } = list.safeParse(metadata.logging)
  if (!success) {
    const [issue] = error.issues
    const where = ['metadata', 'logging', ...(issue?.path ?? [])].join('.')
    throw invalid(
      `${where}: ${issue?.message ?? 'cannot be read'}. It is a list of {callback_name, callback_type, callback_vars}.`,
    )
  }
  const names = data.map((one) => one.callback_name)
  const twice = names.find((one, index) => names.indexOf(one) !== index)
  if (twice !== undefined)
    throw invalid(`${twice} is there twice. Give it once, with callback_type success_and_failure.`)
  const before = callbacksIn(asking.record?.metadata ?? {})
  return { ...metadata, logging: await Promise.all(data.map((one) => sealedCallback(one, { ...asking, before }))) }
}

type StoredMetadata = Readonly<Record<string, unknown>>

/** An entry ready to be stored. Throws a refusal for what could not be told, or must not. */
export async function sealedCallback(
  given: Given,
  { owner, before, principal, deps }: Asking,
): Promise<StoredCallback> {
  const { callback_name: sink, callback_type } = given
  const known = before.find((one) => isAsShown(one, given))
  if (known) return known
  const variables = variablesOf(sink)
  if (variables.size === 0) throw unknownSink(sink)
  const vars: Record<string, string> = {}
  for (const [given_name, value] of Object.entries(given.callback_vars ?? {})) {
    const variable = SAME_VARIABLE[given_name] ?? given_name
    if (!variables.has(variable)) throw unknownVariable(given_name, sink, [...variables.keys()])
    mustBeUsable(variable, value, principal, deps)
    vars[variable] = value
  }
  const absent = [...variables].find(
    ([variable, { otherwise, optional }]) => !optional && otherwise === undefined && !vars[variable],
  )
  if (absent) throw invalid(`${sink} needs callback_vars.${absent[0]}: what is the operator's is not used for others.`)
  if (!deps.callbackSeals)
    throw new GatewayError(
      'not_implemented',
      'Nothing can be sealed here: set general_settings.salt_key (LITELLM_SALT_KEY).',
    )
  const { keyId, text } = await deps.callbackSeals().seal(JSON.stringify(vars), placeOf(owner, sink))
  return {
    callback_name: sink,
    callback_type: callback_type ?? 'success_and_failure',
    callback_vars: Object.fromEntries(
      Object.entries(vars).map(([variable, value]) => [variable, value.startsWith(REFERENCE) ? value : HIDDEN]),
    ),
    key_id: keyId,
    sealed: text,
  }
}

/** Given back as it was shown: nothing about it is to change. */
function isAsShown(one: StoredCallback, { callback_name, callback_type, callback_vars }: Given): boolean {
  if (one.callback_name !== callback_name || one.callback_type !== (callback_type ?? 'success_and_failure'))
    return false
  const vars = Object.entries(callback_vars ?? {})
  return (
    vars.length === Object.keys(one.callback_vars).length &&
    vars.every(([variable, value]) => one.callback_vars[SAME_VARIABLE[variable] ?? variable] === value)
  )
}

/** A team's admin must not read the gateway's variables by having them sent away, nor send us where only we can go. */
function mustBeUsable(variable: string, value: string, principal: Principal | undefined, deps: AppDeps): void {
  const param = `callback_vars.${variable}`
  if (value === HIDDEN) throw invalid(`${param} is hidden, so give it anew: a changed entry is given whole.`)
  if (value.startsWith(REFERENCE)) {
    if (principal?.role === 'proxy_admin') return
    throw new GatewayError(
      'forbidden',
      `Only a proxy admin may name a variable of the gateway in ${param}. Give the value.`,
      { param },
    )
  }
  const allowedHosts = deps.gateway.config.general.allowedHosts ?? []
  // However many slashes it is written with.
  const isAddress = /^[a-z]+:\/\//i.test(value) || (/^https?:/i.test(value) && URL.canParse(value))
  if (isAddress && publicAddress(withoutUser(value), { allowedHosts, httpsOnly: true }) === undefined)
    throw refusedAddress(value, param)
}

/** Sentry's addresses have a key before the host. */
function withoutUser(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/?#@]*@/i, '$1')
}

function unknownSink(given: string): GatewayError {
  const names = sinks.map((sink) => sink.name)
  const near = nearestName(given, names)
  return invalid(
    `There is no sink "${given}"${near ? `; did you mean "${near}"?` : ''}. There are ${names.join(', ')}.`,
  )
}

function unknownVariable(given: string, sink: string, names: readonly string[]): GatewayError {
  return invalid(`${sink} has no variable "${given}". It has ${names.join(', ')}.`)
}

const invalid = (message: string) => new GatewayError('invalid_request', message, { param: 'metadata.logging' })
