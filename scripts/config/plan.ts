import type { Config, Deployment, Fallbacks, FileBudget } from '../../src/config/config.ts'
import { shownKey } from '../../src/models/row/secrets.ts'
import { tiers } from '../../src/routing/tiers.ts'
import { describe } from './print.ts'

const UNSAID = { strategy: 'simple-shuffle', numRetries: 2, maxFallbacks: 5, cooldownS: 5 } as const

/** What becomes of a request for each group: how it is spread, over whom, in which order, and who comes after them. */
export function groupLines(config: Config): string[] {
  const { router, deployments } = config
  const shown = deployments.filter(({ optional }) => optional !== true)
  const groups = [...Map.groupBy(shown, ({ group }) => group)].flatMap(([group, members]) => [
    `${shownKey(group)}: ${settingsOf(group, members, router).join(', ')}`,
    ...memberLines(members, strategyOf(group, router)),
    ...fallbackLines(group, router).map((line) => `  ${line}`),
  ])
  const optional = deployments.filter((one) => one.optional === true).map(({ group }) => shownKey(group))
  const aliases = Object.entries(router.modelGroupAlias).map(
    ([alias, group]) => `${shownKey(alias)} is another name for ${shownKey(group)}`,
  )
  const everybody = optional.length === 0 ? [] : [`every vendor whose key is set: ${optional.join(', ')}`]
  return [...groups, ...everybody, ...aliases]
}

type Router = Config['router']

function strategyOf(group: string, { strategy, groupStrategies = {} }: Router): string {
  return groupStrategies[group] ?? strategy ?? UNSAID.strategy
}

function settingsOf(group: string, members: readonly Deployment[], router: Router): string[] {
  const retries = router.numRetries ?? UNSAID.numRetries
  const several = members.length > 1
  return [
    ...(several ? [strategyOf(group, router)] : ['one deployment']),
    router.groupRetryPolicies?.[group] || router.retryPolicy
      ? 'retries by kind of failure'
      : retries === 1
        ? '1 retry'
        : `${retries} retries`,
    ...(router.hedgedGroups?.includes(group) ? ['hedged'] : []),
  ]
}

/** In tiers; where weights alone decide, with the share of each. */
function memberLines(members: readonly Deployment[], strategy: string): string[] {
  const ordered = tiers(members.map((deployment) => ({ deployment })))
  return ordered.flatMap((tier, index) => {
    const ready = tier.map(({ deployment }) => deployment).filter(({ disabled }) => disabled === undefined)
    const shares = strategy === 'simple-shuffle' && ready.length > 1 ? sharesOf(ready) : undefined
    return tier.map(({ deployment }) => {
      const share = shares?.get(deployment)
      const facts = [
        ordered.length > 1 ? `${index + 1}.` : '',
        deployment.disabled === undefined ? 'ready' : 'disabled',
        share === undefined ? '' : `${Math.round(share * 100)} %`,
      ]
      return `  ${facts.filter(Boolean).join(' ')}  ${describe(deployment)}`
    })
  })
}

/** As `simple-shuffle` weighs them. */
function sharesOf(ready: readonly Deployment[]): ReadonlyMap<Deployment, number> {
  const field = (['weight', 'rpm', 'tpm'] as const).find((name) => ready.some((one) => one[name] !== undefined))
  const given = ready.flatMap((one) => (field === undefined ? [] : (one[field] ?? [])))
  const average = given.reduce((sum, one) => sum + one, 0) / (given.length || 1)
  const weights = ready.map((one) => (field === undefined ? 1 : (one[field] ?? average)))
  const total = weights.reduce((sum, one) => sum + one, 0)
  return new Map(ready.map((one, index) => [one, total > 0 ? (weights[index] ?? 0) / total : 1 / ready.length]))
}

const kinds = [
  ['fallbacks', 'then'],
  ['contextWindowFallbacks', 'when the context is too long:'],
  ['contentPolicyFallbacks', 'when the content is refused:'],
] as const satisfies readonly (readonly [keyof Router, string])[]

/** `then claude-sonnet → gemini-flash`; what holds for every group stands in `routerLines`. */
function fallbackLines(group: string, router: Router): string[] {
  return kinds.flatMap(([kind, when]) => {
    const targets = router[kind]?.[group] ?? []
    return targets.length === 0 ? [] : [`${when} ${chain(targets)}`]
  })
}

function chain(targets: Fallbacks[string]): string {
  return targets.map(shownKey).join(' → ')
}

/** What holds for every group. */
export function routerLines({ router, general }: Config): string[] {
  const always = router.defaultFallbacks ?? router.fallbacks?.['*']
  const cooling = router.disableCooldowns
    ? 'no deployment ever cools down'
    : `a failing deployment cools down for ${(router.cooldownTimeMs ?? UNSAID.cooldownS * 1000) / 1000} s, or as long as it asks for`
  return [
    ...(always ? [`any other group fails over to ${chain(always)}`] : []),
    `fallbacks go ${router.maxFallbacks ?? UNSAID.maxFallbacks} deep`,
    cooling,
    ...(router.cooldownWaitMs ? [`where all cool down, a request waits up to ${router.cooldownWaitMs / 1000} s`] : []),
    `a provider may be silent for ${router.timeoutMs / 1000} s, a call lasts ${general.totalTimeoutMs / 1000} s at most`,
    router.midStreamFallback === 'continue'
      ? 'a stream that breaks off is completed by another deployment'
      : 'a stream that breaks off ends with an error',
    ...(router.preCallChecks ? ['who cannot take a request (window, abilities, rpm, tpm) is not asked'] : []),
    ...(router.tagFiltering
      ? [`tags decide who may be asked (${router.tagFiltering.matchAny ? 'any' : 'all'} must match)`]
      : []),
    ...(router.promptCacheAffinity ? ['long prompts stay where they are cached'] : []),
    ...(router.stickySessions ? ['a session stays on its deployment'] : []),
  ]
}

/** Every budget of the file. */
export function budgetLines({ router, litellm, deployments }: Config): string[] {
  const { budget, tagBudgets = {}, customerUsd, customerBudgetId, newUserBudget: user } = litellm
  const vendors = Object.entries(router.providerBudgets ?? {})
  const own = deployments.flatMap(({ group, provider, model, budget: one }) =>
    one ? [[`${shownKey(provider)}/${shownKey(model)} of ${shownKey(group)}`, one] as const] : [],
  )
  return [
    ...(budget ? [`all keys together: ${amount(budget)}`] : []),
    ...vendors.map(([name, one]) => `the vendor ${shownKey(name)}: ${amount(one)}`),
    ...own.map(([name, one]) => `${name}: ${amount(one)}`),
    ...Object.entries(tagBudgets).map(([tag, one]) => `the tag ${shownKey(tag)}: ${amount(one)}`),
    ...(customerBudgetId === undefined ? [] : [`a customer without one: the budget ${shownKey(customerBudgetId)}`]),
    ...(customerUsd === undefined || customerBudgetId !== undefined ? [] : [`a customer without one: $${customerUsd}`]),
    ...(user ? [`a new user: ${amount({ ...user, duration: user.duration ?? 'life' })}`] : []),
  ]
}

function amount({ limitUsd, duration }: FileBudget): string {
  return duration === 'life' ? `$${limitUsd} in all` : `$${limitUsd} each ${duration}`
}
