import { GatewayError } from '../../errors.ts'
import type { DaysQuery, LogFilter } from '../../spend/report.ts'
import { hashOf, tokenOf } from '../../tenants/key-text.ts'
import type { Principal } from '../../tenants/principal.ts'
import type { AppDeps } from '../deps.ts'
import { personOf } from './runs-organization.ts'
import { runsTeam, seesAll } from './whose.ts'

/** A key as days know it: by its id or its hash. One that is given itself is hashed, as in LiteLLM. */
export function keyOfDays(named: string | undefined): Promise<string> | string | undefined {
  return named?.startsWith('sk-') ? hashOf(named) : named
}

interface Named {
  readonly user_id?: string | undefined
  readonly api_key?: string | undefined
}

/** Whose days a caller may see: everyone's for admins, a person's own by the person's own keys, else the key's. */
export function ownDays(
  { user_id: userId, api_key: apiKey }: Named,
  principal: Principal,
): Pick<DaysQuery, 'kind' | 'entities' | 'apiKey'> {
  if (seesAll(principal))
    return userId === undefined ? { kind: 'all', apiKey } : { kind: 'user', entities: [userId], apiKey }
  const person = personOf(principal)
  if (userId !== undefined && userId !== person) throw othersSpend('user_id')
  if (person !== undefined) return { kind: 'user', entities: [person], apiKey }
  if (apiKey !== undefined && apiKey !== principal.keyHash) throw othersSpend('api_key')
  return { kind: 'all', apiKey: principal.keyId }
}

/** The rows that a caller may see: the same, and those of a team for who runs it. */
export async function ownRows<F extends LogFilter>(asked: F, principal: Principal, deps: AppDeps): Promise<F> {
  const query = asked.api_key === undefined ? asked : { ...asked, api_key: await tokenOf(asked.api_key) }
  if (seesAll(principal)) return query
  if (query.team_id !== undefined && (await runsTeam(principal, query.team_id, deps))) return query
  const person = personOf(principal)
  if (query.user_id !== undefined && query.user_id !== person) throw othersSpend('user_id')
  if (person !== undefined) return { ...query, user_id: person }
  if (query.api_key !== undefined && query.api_key !== principal.keyHash) throw othersSpend('api_key')
  return { ...query, api_key: principal.keyHash }
}

function othersSpend(param: 'user_id' | 'api_key'): GatewayError {
  return new GatewayError('forbidden', `You may see your own spend only. Leave ${param} out.`, { param })
}
