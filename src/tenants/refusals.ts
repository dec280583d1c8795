import { GatewayError } from '../errors.ts'

/** Field names as admins write them. */
export type NamedField =
  | 'key'
  | 'key_alias'
  | 'team_id'
  | 'organization_id'
  | 'user_id'
  | 'user_email'
  | 'budget_id'
  | 'name'

export function alreadyThere(field: NamedField, value: string): GatewayError {
  return new GatewayError('conflict', `${field} = ${value} already exists. Choose another ${field}.`, {
    // As LiteLLM's clients know a person who is there already.
    status: field === 'user_email' ? 409 : 400,
    param: field,
  })
}

export function notThere(field: NamedField, value: string): GatewayError {
  return new GatewayError('conflict', `${field} = ${value} does not exist. Create it first.`, {
    status: 400,
    param: field,
  })
}

export function stillUsed(budgetId: string): GatewayError {
  return new GatewayError(
    'conflict',
    `budget_id = ${budgetId} is still in use. Give those who have it another budget first.`,
    { status: 400, param: 'id' },
  )
}
