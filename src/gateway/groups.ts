import type { Config } from '../config/config.ts'
import { accessGroups, deploymentsFor } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import { nearestModels } from '../routing/nearest-models.ts'
import { type Resolved, resolve } from '../routing/resolve.ts'
import { allowsModel, mayUse } from '../tenants/access.ts'
import type { Principal } from '../tenants/principal.ts'
import { type Candidate, candidateOf } from './candidates.ts'
import type { GatewayDeps } from './deps.ts'

/** The deployments that a caller means by a name. */
export interface Group {
  /** Its name in the file: what health, fallbacks and settings know it by. */
  readonly name: string
  readonly candidates: readonly Candidate[]
  /** Why the others take no requests. */
  readonly reasons: readonly string[]
}

/** Throws `model_not_found` with the nearest names that the caller may use, or the refusal of who may not use it. */
export function groupFor(model: string, principal: Principal, deps: GatewayDeps): Group {
  const resolved = resolve(model, deps.config, principal)
  const meaning = { target: resolved?.group, accessGroups: accessGroups(resolved?.deployments ?? []) }
  mayUse(principal, resolved?.by === 'default fallback' ? resolved.model : model, meaning)
  if (resolved) return groupOf(resolved, deps)
  const nearest = nearestModels(model, deps.config, (name) => allowsModel(principal, name))
  const hint =
    nearest.length > 0
      ? `The nearest this key may use: ${nearest.join(', ')}.`
      : 'GET /v1/models lists the models this key may use.'
  throw new GatewayError(
    'model_not_found',
    `You passed in model=${model}. There is no 'model_name' with this string. ${hint}`,
    { param: 'model' },
  )
}

type Env = GatewayDeps['env']

interface Groups {
  readonly reasons: ReadonlyMap<string, string>
  /** Names that the file itself has: the same value each time they are resolved. */
  readonly exact: WeakMap<Resolved, Group>
  /** What wildcards were asked for. */
  readonly wide: Map<string, Group>
}

/** `env` and `config` are the same objects for the life of an isolate, so secrets are read once. */
const known = new WeakMap<Config, WeakMap<Env, Groups>>()

/** Names that fit a wildcard are the callers' own, so what is kept of them has an end. */
const MOST_WIDE = 500

function groupOf(resolved: Resolved, { config, env }: GatewayDeps): Group {
  const groups = groupsOf(config, env)
  const wide = resolved.by === 'wildcard' ? wideName(resolved) : undefined
  const before = wide === undefined ? groups.exact.get(resolved) : groups.wide.get(wide)
  if (before) return before
  const judged = resolved.deployments.map(
    (one) => groups.reasons.get(one.id) ?? one.disabled ?? candidateOf(one, config, env),
  )
  const made: Group = {
    name: resolved.group,
    candidates: judged.filter((one) => typeof one !== 'string'),
    reasons: judged.filter((one) => typeof one === 'string'),
  }
  if (wide === undefined) groups.exact.set(resolved, made)
  else {
    if (groups.wide.size >= MOST_WIDE) groups.wide.clear()
    groups.wide.set(wide, made)
  }
  return made
}

/** Teams see different deployments under one name. */
const wideName = ({ model, deployments }: Resolved) => [model, ...deployments.map(({ id }) => id)].join('\n')

function groupsOf(config: Config, env: Env): Groups {
  const byEnv = known.get(config) ?? new WeakMap<Env, Groups>()
  known.set(config, byEnv)
  const before = byEnv.get(env)
  if (before) return before
  const reasons = deploymentsFor(config, env).flatMap(({ deployment: { id }, reason }) =>
    reason === undefined ? [] : [[id, reason] as const],
  )
  const made: Groups = { reasons: new Map(reasons), exact: new WeakMap(), wide: new Map() }
  byEnv.set(env, made)
  return made
}
