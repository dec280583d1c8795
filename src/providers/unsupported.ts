import { GatewayError } from '../errors.ts'
import type { ParameterRules } from './parameter-rules.ts'

/**
 * Refuses what the vendor cannot do, by name; passes when nothing is named or the operator lets such fields be dropped,
 * and then the caller of this function leaves them out. Returns those that shall go to the vendor all the same
 * (`allowed_openai_params`).
 */
export function unsupported(
  fields: readonly string[],
  { dropParams, allowedOpenaiParams }: ParameterRules,
): readonly string[] {
  if (fields.length === 0) return fields
  const allowed = allowedOpenaiParams ? fields.filter((field) => allowedOpenaiParams.includes(field)) : []
  const lacking = fields.filter((field) => !allowed.includes(field))
  const [param] = lacking
  if (param === undefined || dropParams === true) return allowed
  const names = lacking.map((field) => `"${field}"`).join(', ')
  throw new GatewayError(
    'invalid_request',
    `This model's provider does not support ${names}. Leave ${lacking.length === 1 ? 'it' : 'them'} out, or set drop_params so that the gateway does.`,
    { param },
  )
}

/** Which of these fields say something: null, nothing, and what means the same as nothing say none. */
export function saysOf(given: { readonly [field: string]: unknown }, meaningless: readonly unknown[] = []): string[] {
  return Object.keys(given).filter((field) => ![undefined, null, ...meaningless].includes(given[field]))
}

/** The allowed fields with what they say. */
export function kept(
  allowed: readonly string[],
  given: { readonly [field: string]: unknown },
): { readonly [field: string]: unknown } {
  return Object.fromEntries(allowed.map((field) => [field, given[field]]))
}
