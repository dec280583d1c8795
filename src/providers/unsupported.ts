import { GatewayError } from '../errors.ts'

/**
 * Refuses what the vendor cannot do, by name; passes when nothing is named or the operator lets such fields be dropped,
 * and then the caller of this function leaves them out.
 */
export function unsupported(fields: readonly string[], target: { readonly dropParams?: boolean }): void {
  const [param] = fields
  if (param === undefined || target.dropParams === true) return
  const names = fields.map((field) => `"${field}"`).join(', ')
  throw new GatewayError(
    'invalid_request',
    `This model's provider does not support ${names}. Leave ${fields.length === 1 ? 'it' : 'them'} out, or set drop_params so that the gateway does.`,
    { param },
  )
}
