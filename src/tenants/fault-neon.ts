import { sqlState } from '../db/sql-state.ts'
import { alreadyThere, type NamedField, notThere } from './refusals.ts'

/** The constraint that Postgres found broken. */
function constraintOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('constraint' in at && typeof at.constraint === 'string') return at.constraint
  }
  return ''
}

const UNIQUE = '23505'
const FOREIGN = '23503'

/** Whether Postgres would not delete a row because another names it. */
export const isReferenced = (error: unknown): boolean => sqlState(error) === FOREIGN

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
    const [code, constraint] = [sqlState(error), constraintOf(error)]
    const find = (meanings: readonly Meaning[]) => meanings.find(([part]) => constraint.includes(part))
    const value = (of: string) => String((names as Readonly<Record<string, unknown>>)[of] ?? '')
    const taken = code === UNIQUE ? find(TAKEN) : undefined
    if (taken) throw alreadyThere(taken[1], value(taken[2]))
    const missing = code === FOREIGN ? find(MISSING) : undefined
    if (missing) throw notThere(missing[1], value(missing[2]))
    throw error
  }
}
