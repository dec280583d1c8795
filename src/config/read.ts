import type { Config, Deployment, EnvRef, Text } from './config.ts'
import { passThroughTexts } from './pass-through.ts'
import { vectorStoreTexts } from './vector-stores.ts'

type Env = Readonly<Record<string, unknown>>

/**
 * What a text of the config means here: itself, or what its variable holds, in the Worker's environment first and in the
 * file's `environment_variables` next. Undefined where nothing is set; an empty text counts as nothing.
 */
export function readText(value: Text | undefined, config: Config, env: Env): string | undefined {
  if (value === undefined) return undefined
  return (typeof value === 'string' ? value : variable(value, config, env)) || undefined
}

function variable(reference: EnvRef, config: Config, env: Env): string | undefined {
  const own = inEnv(reference.env, env)
  if (own !== undefined) return own
  const fromFile = Object.hasOwn(config.environment, reference.env) ? config.environment[reference.env] : undefined
  // One step only: a variable that refers to itself, as LiteLLM's examples have it, must not loop.
  return (typeof fromFile === 'object' ? inEnv(fromFile.env, env) : fromFile) ?? reference.otherwise
}

function inEnv(name: string, env: Env): string | undefined {
  const found = env[name]
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** The variables a deployment cannot do without and that nobody has set. */
function missing(deployment: Deployment, config: Config, env: Env): string[] {
  const hasKey = readText(deployment.apiKey, config, env) !== undefined
  return textsOf(deployment, hasKey).flatMap((text) =>
    typeof text === 'object' && text.otherwise === undefined && readText(text, config, env) === undefined
      ? [text.env]
      : [],
  )
}

/** Everything a deployment is asked with. Who has a key needs no account beside it. */
function textsOf({ apiKey, apiBase, ...one }: Deployment, hasKey: boolean): readonly (Text | undefined)[] {
  const { organization, extraHeaders = {}, apiVersion, azure = {}, aws = {}, vertex = {} } = one
  const { adToken, tenantId, clientId, clientSecret } = azure
  const { accessKeyId, secretAccessKey, sessionToken } = aws
  const account = [adToken, tenantId, clientId, clientSecret, accessKeyId, secretAccessKey, sessionToken]
  return [
    apiKey,
    apiBase,
    organization,
    ...Object.values(extraHeaders),
    apiVersion,
    aws.region,
    vertex.project,
    vertex.location,
    ...(hasKey ? [] : [...account, vertex.credentials]),
  ]
}

export interface Judged {
  readonly deployment: Deployment
  /** Why it cannot be asked; absent when it can. */
  readonly reason?: string
}

const known = new WeakMap<Env, WeakMap<Config, readonly Judged[]>>()

/**
 * Every deployment, those that cannot work with the reason. Made once per environment and config: `env` is one object
 * for an isolate's life, and a changed secret starts a new isolate.
 */
export function deploymentsFor(config: Config, env: Env): readonly Judged[] {
  const byConfig = known.get(env) ?? new WeakMap<Config, readonly Judged[]>()
  known.set(env, byConfig)
  const made = byConfig.get(config) ?? config.deployments.map((deployment) => judged(deployment, config, env))
  byConfig.set(config, made)
  return made
}

function judged(deployment: Deployment, config: Config, env: Env): Judged {
  if (deployment.disabled !== undefined) return { deployment, reason: deployment.disabled }
  const names = [...new Set(missing(deployment, config, env))]
  if (names.length === 0) return { deployment }
  return { deployment, reason: `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} not set` }
}

/** The group a caller means by a model's name, through `model_group_alias`; undefined when there is none. */
export function groupOf(config: Config, model: string): string | undefined {
  const aliases = config.router.modelGroupAlias
  const group = Object.hasOwn(aliases, model) ? aliases[model] : model
  return config.deployments.some((one) => one.group === group) ? group : undefined
}

/** Every variable that this config reads, with what reads it: what a deploy must find set. */
export function requiredVariables(config: Config): ReadonlyMap<string, readonly string[]> {
  const { general } = config
  const uses: (readonly [Text | undefined, string])[] = [
    [general.masterKey, 'general_settings.master_key'],
    [general.databaseUrl, 'general_settings.database_url'],
    [general.redisUrl, 'general_settings.redis_rest_url'],
    [general.redisToken, 'general_settings.redis_rest_token'],
    ...(config.litellm.responsesStore ? [[general.saltKey, 'litellm_settings.responses_store'] as const] : []),
    ...(general.jwt?.issuers ?? []).flatMap(({ issuer, audience }) => [
      [issuer, 'general_settings.enable_jwt_auth'] as const,
      [audience, 'general_settings.enable_jwt_auth'] as const,
    ]),
    ...passThroughTexts(config.passThrough ?? {}).map((text) => [text, 'what is passed on to vendors'] as const),
    ...vectorStoreTexts(config.vectorStores).map((text) => [text, 'vector_store_registry'] as const),
    ...alertTexts(config).map((text) => [text, 'general_settings.alerting'] as const),
    ...Object.values(config.observe?.settings ?? {}).map((text) => [text, 'the sinks of litellm_settings'] as const),
    ...config.deployments
      .filter(({ disabled, optional }) => disabled === undefined && optional !== true)
      .flatMap((deployment) =>
        textsOf(deployment, isNeeded(deployment.apiKey)).map(
          (text) => [text, `the model ${deployment.group}`] as const,
        ),
      ),
  ]
  const found = new Map<string, string[]>()
  for (const [text, use] of uses) {
    if (typeof text !== 'object' || text.otherwise !== undefined) continue
    const fromFile = config.environment[text.env]
    if (typeof fromFile === 'string') continue
    const name = fromFile?.env ?? text.env
    const users = found.get(name) ?? []
    if (!users.includes(use)) found.set(name, [...users, use])
  }
  return found
}

/** What alerts cannot be sent without. */
export function alertTexts({ alerts }: Config): readonly Text[] {
  return [...(alerts?.receivers ?? []).map(({ to }) => to), ...(alerts?.mail ? [alerts.mail.from, alerts.mail.to] : [])]
}

function isNeeded(text: Text | undefined): boolean {
  return typeof text === 'string' || (text !== undefined && text.otherwise === undefined)
}

const NO_GROUPS: readonly string[] = []

/** Those of `model_info.access_groups` that deployments share a name by: a list of allowed models may name them. */
export function accessGroups(deployments: readonly Deployment[]): readonly string[] {
  if (deployments.every((one) => one.accessGroups === undefined)) return NO_GROUPS
  return deployments.flatMap((one) => one.accessGroups ?? NO_GROUPS)
}
