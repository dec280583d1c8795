import type { Config, Deployment, FileBudget } from '../config/config.ts'
import { nanoFromUsd } from '../money.ts'
import { entityName, type Scope, scopeName } from './scope.ts'

/** What `config.yaml` limits beside what admins do. */
export interface FileLimits {
  /** `max_budget` and `budget_duration`: all keys together. */
  readonly everyone?: FileBudget
  /** `provider_budget_config`, by vendor. */
  readonly providers?: Readonly<Record<string, FileBudget>>
  /** `max_budget` and `budget_duration` of a deployment, by its id. */
  readonly deployments?: Readonly<Record<string, FileBudget>>
  /** `tag_budget_config`, by tag. */
  readonly tags?: Readonly<Record<string, FileBudget>>
  /** `max_end_user_budget`: every customer that has no budget of its own. */
  readonly customerUsd?: number
  /** `max_end_user_budget_id`: the same by the name of a budget. */
  readonly customerBudgetId?: string
  readonly timeZone: string
}

/** A budget of the file, as Postgres holds it. */
export interface FileBudgetRow {
  readonly scope: string
  readonly entity: string
  readonly duration: string
  readonly limitNano: bigint
}

export const EVERYONE = entityName('global', 'proxy')

/** The budget's name that `max_end_user_budget` goes by. */
export const CUSTOMER_BUDGET_ID = 'max_end_user_budget'

export function fileLimitsOf({ litellm, router, deployments }: Config): FileLimits {
  const { budget, customerUsd, customerBudgetId, tagBudgets, timeZone } = litellm
  const { providerBudgets } = router
  const own = deployments.flatMap(({ id, budget: one }) => (one ? [[id, one] as const] : []))
  return {
    timeZone,
    ...(budget ? { everyone: budget } : {}),
    ...(providerBudgets ? { providers: providerBudgets } : {}),
    ...(own.length > 0 ? { deployments: Object.fromEntries(own) } : {}),
    ...(tagBudgets ? { tags: tagBudgets } : {}),
    ...(customerUsd === undefined ? {} : { customerUsd }),
    ...(customerBudgetId === undefined ? {} : { customerBudgetId }),
  }
}

/** Every budget that the file itself sets. */
export function fileBudgets({ everyone, providers, deployments, tags }: FileLimits): readonly FileBudgetRow[] {
  const all = [
    ...(everyone ? [[EVERYONE, everyone] as const] : []),
    ...named('provider', providers),
    ...named('deployment', deployments),
    ...named('tag', tags),
  ]
  return all.map(([entity, { limitUsd, duration }]) => ({
    scope: scopeName(entity, duration),
    entity,
    duration,
    limitNano: nanoFromUsd(limitUsd),
  }))
}

/** The scopes that every key's spend counts in. Their windows are counted from the epoch, wherever they are computed. */
export function everyonesScopes({ everyone, timeZone }: FileLimits): readonly Scope[] {
  return everyone ? [fileScope(EVERYONE, everyone, timeZone)] : []
}

/** The scopes that the file gives a tag, whether or not somebody made it. */
export function tagScopes({ tags, timeZone }: FileLimits, tag: string): readonly Scope[] {
  const budget = tags && Object.hasOwn(tags, tag) ? tags[tag] : undefined
  return budget ? [fileScope(entityName('tag', tag), budget, timeZone)] : []
}

const none: readonly Scope[] = []
/** A built configuration is one object for the life of an isolate, and so are its deployments. */
const known = new WeakMap<Config, WeakMap<Deployment, readonly Scope[]>>()

/**
 * The scopes that a request counts in because this deployment serves it: its vendor's budget and its own. They come
 * beside the caller's; when one of them is exhausted, another candidate may still do. The same arguments are answered
 * with the same list.
 */
export function candidateScopes(deployment: Deployment, config: Config): readonly Scope[] {
  const { providerBudgets } = config.router
  if (!providerBudgets && !deployment.budget) return none
  const ofConfig = known.get(config) ?? new WeakMap<Deployment, readonly Scope[]>()
  known.set(config, ofConfig)
  const before = ofConfig.get(deployment)
  if (before) return before
  const { provider, id, budget } = deployment
  const { timeZone } = config.litellm
  const vendors = providerBudgets && Object.hasOwn(providerBudgets, provider) ? providerBudgets[provider] : undefined
  const scopes = [
    ...(vendors ? [fileScope(entityName('provider', provider), vendors, timeZone)] : []),
    ...(budget ? [fileScope(entityName('deployment', id), budget, timeZone)] : []),
  ]
  ofConfig.set(deployment, scopes)
  return scopes
}

/** The budget that customers without one are given. */
export function customerBudgetId({ customerUsd, customerBudgetId: named }: FileLimits): string | undefined {
  return named ?? (customerUsd === undefined ? undefined : CUSTOMER_BUDGET_ID)
}

function fileScope(entity: string, { duration }: FileBudget, timeZone: string): Scope {
  return { name: scopeName(entity, duration), duration, timeZone, anchorMs: 0, limited: true }
}

function named(kind: 'provider' | 'deployment' | 'tag', budgets: Readonly<Record<string, FileBudget>> = {}) {
  return Object.entries(budgets).map(([id, budget]) => [entityName(kind, id), budget] as const)
}
