import type { Config, Deployment } from '../config/config.ts'
import { candidateScopes } from './file-limits.ts'
import type { Principal, RateLimit } from './principal.ts'
import type { Scope } from './scope.ts'

/** What a model is called: its group, and its name at a vendor with and without the vendor's. */
export type ModelNames = readonly string[]

export function modelNames({
  group,
  provider,
  model,
}: {
  readonly group: string
  readonly provider: string
  readonly model: string
}): ModelNames {
  return [group, model, `${provider}/${model}`]
}

/** What a request counts in. */
export interface Applies {
  readonly scopes: readonly Scope[]
  readonly limits: readonly RateLimit[]
}

interface Known extends Applies {
  readonly config: Config
  readonly failing: boolean
}

type Limited = Pick<Principal, 'scopes' | 'limits'>

const known = new WeakMap<Limited, WeakMap<Deployment, Known>>()

/**
 * What a caller's request counts in when this deployment serves it: the caller's scopes and limits but those of other
 * models, and the budgets of the deployment and its vendor. Limits that are `dynamic` count only while the deployment is
 * failing. The same arguments are answered with the same lists, by which others remember what they made of them.
 */
export function appliesTo(principal: Limited, deployment: Deployment, config: Config, failing = true): Applies {
  const ofCaller = known.get(principal) ?? new WeakMap<Deployment, Known>()
  known.set(principal, ofCaller)
  const before = ofCaller.get(deployment)
  if (before?.config === config && before.failing === failing) return before
  const names = modelNames(deployment)
  const own = scopesFor(principal, names)
  const others = candidateScopes(deployment, config)
  const limits = limitsFor(principal, names)
  const made: Known = {
    config,
    failing,
    scopes: others.length === 0 ? own : [...own, ...others],
    limits: failing ? limits : withoutDynamic(limits),
  }
  ofCaller.set(deployment, made)
  return made
}

/** What is enforced while the deployment answers well. */
function withoutDynamic(limits: readonly RateLimit[]): readonly RateLimit[] {
  if (limits.every(({ dynamic }) => dynamic === undefined)) return limits
  return limits.flatMap((limit) => {
    const { dynamic, ...always } = limit
    if (!dynamic) return [limit]
    for (const kind of dynamic) delete (always as { rpm?: number; tpm?: number })[kind]
    const isLeft = always.rpm !== undefined || always.tpm !== undefined || always.maxParallel !== undefined
    return isLeft ? [always] : []
  })
}

/** The scopes that a request to a model counts in: all but those of other models. */
export function scopesFor({ scopes }: Pick<Principal, 'scopes'>, names: ModelNames): readonly Scope[] {
  return scopes.some(({ model }) => model !== undefined) ? scopes.filter((scope) => isOf(scope, names)) : scopes
}

/** The rate limits that a request to a model counts in. */
export function limitsFor({ limits }: Pick<Principal, 'limits'>, names: ModelNames): readonly RateLimit[] {
  return limits.some(({ model }) => model !== undefined) ? limits.filter((limit) => isOf(limit, names)) : limits
}

const isOf = ({ model }: { readonly model?: string }, names: ModelNames) => model === undefined || names.includes(model)
