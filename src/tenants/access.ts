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

/** What a model's name stands for: the group behind an alias, and the access groups of that group's deployments. */
export interface Meaning {
  readonly target?: string | undefined
  readonly accessGroups?: readonly string[]
}

/** Names, access groups, and `openai/*`; `no-default-models` is the name of no model, so a list of it alone allows none. */
function allows({ names }: Level, model: string, { target, accessGroups }: Meaning): boolean {
  return names.some(
    (name) =>
      ALL.has(name) ||
      fits(name, model) ||
      (target !== undefined && fits(name, target)) ||
      accessGroups?.includes(name),
  )
}

/** A name, or one with a star for any text. */
function fits(pattern: string, model: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === model
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return model.length >= before.length + after.length && model.startsWith(before) && model.endsWith(after)
}

const NOTHING: Meaning = {}
const meant = (meaning: Meaning | string | undefined): Meaning =>
  typeof meaning === 'object' ? meaning : meaning === undefined ? NOTHING : { target: meaning }

/** Whether key, team, user and organization all allow a model. */
export function allowsModel(principal: Principal, model: string, meaning?: Meaning | string): boolean {
  return principal.models.every((level) => allows(level, model, meant(meaning)))
}

/** Throws LiteLLM's refusal, naming the level that forbids the model and what it allows instead. */
export function mayUse(principal: Principal, model: string, meaning?: Meaning | string): void {
  const refusing = principal.models.find((level) => !allows(level, model, meant(meaning)))
  if (!refusing) return
  const { level, names } = refusing
  const list = names.map((name) => `'${name}'`).join(', ')
  throw new GatewayError(
    DENIED[level],
    `${level} not allowed to access model. This ${level} can only access models=[${list}]. Tried to access ${model}`,
    { param: 'model', retry: false },
  )
}
