import { GatewayError } from '../errors.ts'
import type { Principal } from './principal.ts'

/** LiteLLM's names for "whatever the levels above allow". */
const ALL = new Set(['*', 'all-proxy-models', 'all-team-models'])
const DENIED = {
  key: 'key_model_access_denied',
  team: 'team_model_access_denied',
  org: 'org_model_access_denied',
  user: 'user_model_access_denied',
  customer: 'customer_model_access_denied',
} as const

type Level = Principal['models'][number]

function allows({ names }: Level, model: string, target: string | undefined): boolean {
  return names.some((name) => ALL.has(name) || name === model || name === target)
}

/** Whether key, team and organization all allow a model. `target` is the group that an alias stands for. */
export function allowsModel(principal: Principal, model: string, target?: string): boolean {
  return principal.models.every((level) => allows(level, model, target))
}

/** Throws LiteLLM's refusal, naming the level that forbids the model and what it allows instead. */
export function mayUse(principal: Principal, model: string, target?: string): void {
  const refusing = principal.models.find((level) => !allows(level, model, target))
  if (!refusing) return
  const { level, names } = refusing
  const list = names.map((name) => `'${name}'`).join(', ')
  throw new GatewayError(
    DENIED[level],
    `${level} not allowed to access model. This ${level} can only access models=[${list}]. Tried to access ${model}`,
    { param: 'model', retry: false },
  )
}
