import * as z from 'zod'
import type { AccessSettings } from '../config/access.ts'
import type { Config, Fallbacks, Json } from '../config/config.ts'
import { isNetwork } from '../config/networks.ts'
import type { CostTerms } from '../prices/terms.ts'
import { costDiscounts, costMargins } from './row/cost-terms.ts'

/**
 * Settings of the file that an admin may change while the gateway runs: those that need no build, and none of them a
 * secret. A value that is stored goes before the file's.
 */
export interface Setting {
  readonly type: 'Integer' | 'Float' | 'Boolean' | 'String' | 'List' | 'Dictionary'
  readonly description: string
  readonly value: z.ZodType
  readonly lay: (config: Config, value: never) => Config
  /** What runs, in the file's words. */
  readonly read: (config: Config) => unknown
}

type Router = Config['router']

const routed = (config: Config, change: Partial<Router>): Config => ({
  ...config,
  router: { ...config.router, ...change },
})

const admitted = (config: Config, change: AccessSettings): Config => ({
  ...config,
  general: { ...config.general, access: { ...config.general.access, ...change } },
})

const onTerms = (config: Config, change: Partial<CostTerms>): Config => ({
  ...config,
  litellm: { ...config.litellm, costTerms: { discounts: {}, margins: {}, ...config.litellm.costTerms, ...change } },
})

const seconds = z.number().positive().max(86_400)
const few = z.int().nonnegative().max(1_000)
const text = z.string().min(1).max(256)
const texts = z.array(text).max(1_000)
const rules = z.array(z.record(text, texts)).max(1_000)

const number = (field: 'numRetries' | 'allowedFails' | 'maxFallbacks', description: string): Setting => ({
  type: 'Integer',
  description,
  value: few,
  lay: (config, value: number) => routed(config, { [field]: value }),
  read: ({ router }) => router[field],
})

const time = (
  field: 'timeoutMs' | 'streamTimeoutMs' | 'cooldownTimeMs' | 'retryAfterMs',
  description: string,
): Setting => ({
  type: 'Float',
  description,
  value: seconds,
  lay: (config, value: number) => routed(config, { [field]: value * 1000 }),
  read: ({ router: { [field]: ms } }) => (ms === undefined ? undefined : ms / 1000),
})

const fallbacks = (
  field: 'fallbacks' | 'contextWindowFallbacks' | 'contentPolicyFallbacks',
  description: string,
): Setting => ({
  type: 'List',
  description,
  value: rules,
  lay: (config, value: readonly Fallbacks[]) => routed(config, { [field]: Object.assign({}, ...value) as Fallbacks }),
  read: ({ router }) => Object.entries(router[field] ?? {}).map(([group, targets]) => ({ [group]: targets })),
})

const access = (
  field: 'allowedRoutes' | 'adminOnlyRoutes' | 'publicRoutes' | 'enforcedParams' | 'allowedIps',
  description: string,
  value: z.ZodType = texts.min(1),
): Setting => ({
  type: 'List',
  description,
  value,
  lay: (config, given: readonly string[]) => admitted(config, { [field]: given }),
  read: ({ general }) => general.access?.[field],
})

export const sections = ['general_settings', 'router_settings', 'litellm_settings'] as const
export type Section = (typeof sections)[number]

const STRATEGIES = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'usage-based-routing-v2',
  'cost-based-routing',
] as const

export const settings: Readonly<Record<Section, Readonly<Record<string, Setting>>>> = {
  general_settings: {
    allowed_ips: access(
      'allowedIps',
      'the only addresses and networks that are let in',
      z.array(text.refine(isNetwork, 'is an address or a network, such as 10.0.0.0/8')).min(1).max(1_000),
    ),
    allowed_routes: access('allowedRoutes', 'the only routes there are'),
    admin_only_routes: access('adminOnlyRoutes', 'routes for proxy admins alone'),
    public_routes: access('publicRoutes', 'routes that may be read without a key'),
    enforced_params: access('enforcedParams', 'what every call of a model must say'),
    allow_master_key_llm: {
      type: 'Boolean',
      description: 'whether the master key calls models',
      value: z.boolean(),
      lay({ general, ...config }, value: boolean) {
        const { masterKeyLlm: _, ...rest } = general.access ?? {}
        return { ...config, general: { ...general, access: value ? rest : { ...rest, masterKeyLlm: false } } }
      },
      read: ({ general }) => general.access?.masterKeyLlm !== false,
    },
    max_request_size_mb: {
      type: 'Float',
      description: 'the largest body that is taken',
      value: z.number().positive().max(100),
      lay: (config, megabytes: number) => ({
        ...config,
        general: { ...config.general, maxRequestBytes: Math.floor(megabytes * 1024 * 1024) },
      }),
      read: ({ general }) => general.maxRequestBytes / 1024 / 1024,
    },
  },
  router_settings: {
    routing_strategy: {
      type: 'String',
      description: 'how a deployment of a group is chosen',
      value: z.enum(STRATEGIES),
      lay: (config, strategy: (typeof STRATEGIES)[number]) => routed(config, { strategy }),
      read: ({ router }) => router.strategy ?? 'simple-shuffle',
    },
    num_retries: number('numRetries', 'how often a failed attempt is tried again'),
    allowed_fails: number('allowedFails', 'failures in a minute before a deployment cools down'),
    max_fallbacks: number('maxFallbacks', 'how deep fallbacks of fallbacks go'),
    timeout: time('timeoutMs', 'seconds that an answer may take'),
    stream_timeout: time('streamTimeoutMs', 'seconds that a stream may take'),
    cooldown_time: time('cooldownTimeMs', 'seconds that a deployment cools down'),
    retry_after: time('retryAfterMs', 'the shortest pause before a retry, in seconds'),
    fallbacks: fallbacks('fallbacks', 'whom to ask when a group has failed'),
    context_window_fallbacks: fallbacks('contextWindowFallbacks', 'whom to ask when a request is too long'),
    content_policy_fallbacks: fallbacks('contentPolicyFallbacks', 'whom to ask when a vendor refuses the content'),
    default_fallbacks: {
      type: 'List',
      description: 'whom to ask when any group has failed',
      value: texts,
      lay: (config, defaultFallbacks: readonly string[]) => routed(config, { defaultFallbacks }),
      read: ({ router }) => router.defaultFallbacks,
    },
    enable_pre_call_checks: {
      type: 'Boolean',
      description: 'whether deployments that cannot take a request are left out before they are asked',
      value: z.boolean(),
      lay: (config, preCallChecks: boolean) => routed(config, { preCallChecks }),
      read: ({ router }) => router.preCallChecks ?? false,
    },
    disable_cooldowns: {
      type: 'Boolean',
      description: 'whether failing deployments go on being asked',
      value: z.boolean(),
      lay: (config, disableCooldowns: boolean) => routed(config, { disableCooldowns }),
      read: ({ router }) => router.disableCooldowns ?? false,
    },
    model_group_alias: {
      type: 'Dictionary',
      description: 'other names for model groups',
      value: z.record(text, text),
      lay: (config, modelGroupAlias: Readonly<Record<string, string>>) => routed(config, { modelGroupAlias }),
      read: ({ router }) => router.modelGroupAlias,
    },
  },
  litellm_settings: {
    drop_params: {
      type: 'Boolean',
      description: 'whether parameters that a model does not take are left out',
      value: z.boolean(),
      lay: (config, dropParams: boolean) => ({ ...config, litellm: { ...config.litellm, dropParams } }),
      read: ({ litellm }) => litellm.dropParams,
    },
    cost_discount_config: {
      type: 'Dictionary',
      description: 'by vendor, the part of the price that is taken off',
      value: costDiscounts,
      lay: (config, discounts: CostTerms['discounts']) => onTerms(config, { discounts }),
      read: ({ litellm }) => litellm.costTerms?.discounts,
    },
    cost_margin_config: {
      type: 'Dictionary',
      description: 'by vendor or global, what is put on the price: a part of it, a fixed amount in USD, or both',
      value: costMargins,
      lay: (config, margins: CostTerms['margins']) => onTerms(config, { margins }),
      read: ({ litellm }) => litellm.costTerms?.margins,
    },
  },
}

/** A setting's id in the store: `router_settings.num_retries`. */
export const settingId = (section: Section, name: string): string => `${section}.${name}`

export function settingNamed(section: Section, name: string): Setting | undefined {
  return Object.hasOwn(settings[section], name) ? settings[section][name] : undefined
}

/** The config with what is stored; what an older gateway stored and this one does not understand is left out. */
export function withSettings(config: Config, stored: Iterable<readonly [id: string, value: Json]>): Config {
  let made = config
  for (const [id, value] of stored) {
    const [section, name = ''] = id.split('.')
    const known = sections.find((one) => one === section)
    const setting = known && settingNamed(known, name)
    const parsed = setting?.value.safeParse(value)
    // Each setting lays what its own schema has read.
    if (setting && parsed?.success) made = setting.lay(made, parsed.data as never)
  }
  return made
}
