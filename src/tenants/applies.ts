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

/** The scopes that a request to a model counts in: all but those of other models. */
export function scopesFor({ scopes }: Pick<Principal, 'scopes'>, names: ModelNames): readonly Scope[] {
  return scopes.some(({ model }) => model !== undefined) ? scopes.filter((scope) => isOf(scope, names)) : scopes
}

/** The rate limits that a request to a model counts in. */
export function limitsFor({ limits }: Pick<Principal, 'limits'>, names: ModelNames): readonly RateLimit[] {
  return limits.some(({ model }) => model !== undefined) ? limits.filter((limit) => isOf(limit, names)) : limits
}

const isOf = ({ model }: { readonly model?: string }, names: ModelNames) => model === undefined || names.includes(model)
