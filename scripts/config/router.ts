import type { Config, Fallbacks, FallbackTarget, Notice, StrategyName } from '../../src/config/config.ts'
import { given } from '../../src/models/row/given.ts'
import { ms, policyOf, timeoutsOf } from '../../src/models/row/policies.ts'
import { shownKey } from '../../src/models/row/secrets.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void
type Rules = NonNullable<NonNullable<ConfigFile['router_settings']>['fallbacks']>
type NamedStrategy = NonNullable<NonNullable<ConfigFile['router_settings']>['routing_strategy']>

const requestTimeoutS = 6000

/** How requests find a deployment. What both sections may say counts from `router_settings`, as in LiteLLM. */
export function routerOf(file: ConfigFile, note: Note): Omit<Config['router'], 'modelGroupAlias' | 'providerBudgets'> {
  const { router_settings: router = {}, litellm_settings: litellm = {} } = file
  const { ttl, lowest_latency_buffer: buffer } = router.routing_strategy_args ?? {}
  const checks = router.optional_pre_call_checks ?? []
  return {
    timeoutMs: (router.timeout || litellm.request_timeout || requestTimeoutS) * 1000,
    ...given('streamTimeoutMs', ms(router.stream_timeout || undefined)),
    ...given('timeouts', timeoutsOf(router)),
    ...given('fallbacks', fallbacksOf(router.fallbacks ?? litellm.fallbacks)),
    ...given(
      'contextWindowFallbacks',
      fallbacksOf(router.context_window_fallbacks ?? litellm.context_window_fallbacks),
    ),
    ...given(
      'contentPolicyFallbacks',
      fallbacksOf(router.content_policy_fallbacks ?? litellm.content_policy_fallbacks),
    ),
    ...given('defaultFallbacks', filled(router.default_fallbacks ?? litellm.default_fallbacks)),
    ...given('maxFallbacks', router.max_fallbacks),
    ...given('strategy', strategyOf(router.routing_strategy, ['router_settings', 'routing_strategy'], note)),
    ...given('groupStrategies', groupStrategiesOf(file, note)),
    ...given(
      'strategyArgs',
      ttl === undefined && buffer === undefined
        ? undefined
        : { ...given('ttlMs', ms(ttl)), ...given('lowestLatencyBuffer', buffer) },
    ),
    ...given('numRetries', router.num_retries ?? litellm.num_retries),
    ...given('retryAfterMs', ms(router.retry_after)),
    ...given('retryPolicy', policyOf(router.retry_policy, 'Retries')),
    ...given('groupRetryPolicies', groupRetryPoliciesOf(file)),
    ...given('allowedFails', router.allowed_fails ?? litellm.allowed_fails),
    ...given('allowedFailsPolicy', policyOf(router.allowed_fails_policy, 'AllowedFails')),
    ...given('cooldownTimeMs', ms(router.cooldown_time)),
    ...given('disableCooldowns', router.disable_cooldowns),
    ...given('cooldownWaitMs', ms(router.cooldown_wait)),
    // A deployment's own rpm and tpm are what this check of LiteLLM's adds.
    ...given(
      'preCallChecks',
      router.enable_pre_call_checks || checks.includes('enforce_model_rate_limits') || undefined,
    ),
    ...given(
      'tagFiltering',
      router.enable_tag_filtering ? { matchAny: router.tag_filtering_match_any ?? true } : undefined,
    ),
    ...given('midStreamFallback', router.mid_stream_fallback),
    ...given('hedgedGroups', filled(router.hedged_groups)),
    ...given('promptCacheAffinity', checks.includes('prompt_caching') || undefined),
    ...given('cachingGroups', filled(router.caching_groups)),
    ...given('stickySessions', router.sticky_sessions || checks.includes('session_affinity') || undefined),
  }
}

function filled<Item>(list: readonly Item[] | undefined): readonly Item[] | undefined {
  return list?.length ? list : undefined
}

/** Groups by group. A target that overrides parts of the request is left out, and `noteOverrides` says so. */
function fallbacksOf(rules: Rules | undefined): Fallbacks | undefined {
  const entries = (rules ?? []).flatMap((rule) => Object.entries(rule))
  if (entries.length === 0) return undefined
  return Object.fromEntries(
    entries.map(([from, to]) => [from, to.filter((target): target is FallbackTarget => typeof target === 'string')]),
  )
}

function strategyOf(
  name: NamedStrategy | undefined,
  path: readonly PropertyKey[],
  note: Note,
): StrategyName | undefined {
  if (name === 'usage-based-routing') return 'usage-based-routing-v2'
  if (name !== 'lar1' && name !== 'priority') return name
  note(
    'warning',
    path,
    `the strategy '${name}' is not there; simple-shuffle is used, and order says who is asked first`,
  )
  return undefined
}

/** `routing_groups`: a strategy for some groups. */
function groupStrategiesOf({ router_settings: router = {} }: ConfigFile, note: Note) {
  const found = (router.routing_groups ?? []).flatMap((one, index) => {
    const path = ['router_settings', 'routing_groups', index, 'routing_strategy']
    const strategy = strategyOf(one.routing_strategy, path, note)
    return strategy === undefined ? [] : (one.models ?? []).map((group) => [group, strategy] as const)
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

function groupRetryPoliciesOf({ router_settings: router = {} }: ConfigFile) {
  const found = Object.entries(router.model_group_retry_policy ?? {}).flatMap(([group, own]) => {
    const policy = policyOf(own, 'Retries')
    return policy === undefined ? [] : [[group, policy] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** What the router is told and cannot follow, or should be told otherwise. */
export function noteRouter({ router_settings: router = {}, general_settings: general = {} }: ConfigFile, note: Note) {
  const at = (key: string) => ['router_settings', key]
  const { max_latency_list_size: size } = router.routing_strategy_args ?? {}
  if (size !== undefined)
    note(
      'notice',
      at('routing_strategy_args'),
      'max_latency_list_size means nothing here: samples count by their age (ttl)',
    )
  for (const [index, one] of (router.routing_groups ?? []).entries()) {
    if (one.model_priorities !== undefined)
      note(
        'notice',
        [...at('routing_groups'), index, 'model_priorities'],
        'has no effect: give the deployments an order',
      )
    if (one.routing_strategy_args !== undefined)
      note(
        'notice',
        [...at('routing_groups'), index, 'routing_strategy_args'],
        'has no effect: router_settings.routing_strategy_args holds for every group',
      )
  }
  for (const check of router.optional_pre_call_checks ?? [])
    if (Object.hasOwn(otherwise, check)) note('notice', at('optional_pre_call_checks'), `${check}: ${otherwise[check]}`)
  const whole = general.total_timeout
  if (whole !== undefined && (router.total_timeout ?? 0) > whole)
    note(
      'warning',
      at('total_timeout'),
      `a call ends after general_settings.total_timeout (${whole} s) all the same; raise that`,
    )
}

const otherwise: Readonly<Record<string, string>> = {
  router_budget_limiting: 'budgets of vendors, deployments and tags are always enforced',
  responses_api_deployment_check: 'a stored response is kept by the gateway, so any deployment can go on with it',
  deployment_affinity: 'not there; prompt_caching and session_affinity keep a conversation on one deployment',
  forward_client_headers_by_model_group: 'not there; forward_client_headers_to_llm_api holds for every group',
  encrypted_content_affinity: 'not there; session_affinity keeps a conversation on one deployment',
}

/** A fallback is a group's name: one that changes the request is not followed, and that is said. */
export function noteOverrides(file: ConfigFile, note: Note): void {
  for (const section of ['litellm_settings', 'router_settings'] as const) {
    for (const key of ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'] as const) {
      for (const [index, rule] of (file[section]?.[key] ?? []).entries()) {
        if (Object.values(rule).some((to) => to.some((target) => typeof target !== 'string')))
          note(
            'warning',
            [section, key, index],
            `the fallback of ${Object.keys(rule).map(shownKey).join(', ')} changes the request; it is left out. Name a group, whose row may set parameters of its own`,
          )
      }
    }
  }
}
