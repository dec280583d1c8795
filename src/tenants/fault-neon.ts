import { GatewayError } from '../errors.ts'
import { alreadyThere, type NamedField, notThere } from './refusals.ts'

interface PostgresError {
  readonly code: string
  readonly constraint: string
}

function postgresError(error: unknown): PostgresError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && at.code !== '') {
      const constraint = 'constraint' in at && typeof at.constraint === 'string' ? at.constraint : ''
      return { code: at.code, constraint }
    }
  }
  return undefined
}

/** A fault without a SQLSTATE is the way to Postgres, not Postgres; so are its own shutdowns. */
export function refusalOf(error: unknown): unknown {
  const code = postgresError(error)?.code
  if (code !== undefined && !/^(08|53|57P)/.test(code)) return error
  return new GatewayError('database_unavailable', 'The database cannot be reached. Ask again in a moment.', {
    cause: error,
    retryAfterMs: 1_000,
  })
}

const UNIQUE = '23505'
const FOREIGN = '23503'

/** Whether Postgres would not delete a row because another names it. */
export const isReferenced = (error: unknown): boolean => postgresError(error)?.code === FOREIGN

/** Part of a constraint's name, the field an admin knows it by, and the field of ours that has its value. */
type Meaning = readonly [part: string, field: NamedField, of: string]

const TAKEN: readonly Meaning[] = [
  ['key_alias', 'key_alias', 'keyAlias'],
  ['user_email', 'user_email', 'userEmail'],
  ['virtual_key', 'key', 'keyName'],
  ['team_membership', 'user_id', 'userId'],
  ['budget_template', 'budget_id', 'budgetId'],
  ['internal_user', 'user_id', 'userId'],
  ['customer', 'user_id', 'userId'],
  ['tag', 'name', 'name'],
  ['organization', 'organization_id', 'organizationId'],
  ['team', 'team_id', 'teamId'],
]
const MISSING: readonly Meaning[] = [
  ['budget_id', 'budget_id', 'budgetId'],
  ['user_id', 'user_id', 'userId'],
  ['organization_id', 'organization_id', 'organizationId'],
  ['team_id', 'team_id', 'teamId'],
]

/** What Postgres says about names, in the admin's words. */
export function explain(names: object): (error: unknown) => never {
  return (error) => {
    const fault = postgresError(error)
    const find = (meanings: readonly Meaning[]) => meanings.find(([part]) => fault?.constraint.includes(part))
    const value = (of: string) => String((names as Readonly<Record<string, unknown>>)[of] ?? '')
    const taken = fault?.code === UNIQUE ? find(TAKEN) : undefined
    if (taken) throw alreadyThere(taken[1], value(taken[2]))
    const missing = fault?.code === FOREIGN ? find(MISSING) : undefined
    if (missing) throw notThere(missing[1], value(missing[2]))
    throw error
  }
}
