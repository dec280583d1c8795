import { createHash } from 'node:crypto'
import { asksForNothing, capabilities } from '../../src/config/capabilities.ts'
import { type Config, type Deployment, ledgerDefaults, type Notice, type Text } from '../../src/config/config.ts'
import { withCostTerms } from '../../src/config/cost-terms.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { costTermsOf } from '../../src/models/row/cost-terms.ts'
import { type RowWorld, resolveDeployment } from '../../src/models/row/deployment.ts'
import { given } from '../../src/models/row/given.ts'
import type { ModelRow } from '../../src/models/row/model-list.ts'
import { ms } from '../../src/models/row/policies.ts'
import { literalSecrets, pathText } from '../../src/models/row/secrets.ts'
import { textFrom, textOf } from '../../src/models/row/text.ts'
import { accessOf } from './access.ts'
import { advise } from './advice.ts'
import { alertsOf } from './alerts.ts'
import { litellmBudgets, providerBudgets } from './budgets.ts'
import { cacheOf } from './cache.ts'
import { forOneVendor, type Standing, standingFor } from './catch-all.ts'
import { readYaml } from './document.ts'
import { aliasesOf, hiddenAliasesOf, noteEmptyGroups, noteUnknownGroups } from './groups.ts'
import { jwtOf, onlyAdminsSignIn } from './identity.ts'
import { newEntitiesOf } from './new-entities.ts'
import { observeOf } from './observe.ts'
import { passThroughOf } from './pass-through.ts'
import { inactivePath, replacedPath } from './paths.ts'
import { replaced } from './replaced.ts'
import { retentionMs, spendLogsMs } from './retention.ts'
import { noteOverrides, noteRouter, routerOf } from './router.ts'
import type { ConfigFile } from './schema/file.ts'
import { at, validate, withoutNulls } from './validate.ts'
import { vectorStoresOf } from './vector-stores.ts'

export interface BuildOptions {
  readonly fileName: string
  readonly target: 'dev' | 'deploy'
}

export interface Built {
  readonly config: Config
  readonly notices: readonly Notice[]
  /** The file itself, validated: every LiteLLM key with its type, also those that are never active. */
  readonly file: ConfigFile
}

/** What the build knows beside the file: the vendors that exist, and list prices with their version. */
export interface World extends RowWorld {
  readonly catalogueVersion: string
}

type Path = readonly PropertyKey[]
type Note = (level: Notice['level'], path: Path, message: string) => void

const totalTimeoutS = 15 * 60
const maxRequestMb = 20

/** Text in, value out. Never throws: what is wrong stands in `notices`, all of it, and the rest is used. */
export function configFrom(yamlText: string, { fileName, target }: BuildOptions, world: World): Built {
  const yaml = readYaml(yamlText)
  const notices: Notice[] = [...yaml.problems]
  const note: Note = (level, path, message) => {
    notices.push({ level, path: pathText(path), ...given('line', yaml.lineOf(path)), message })
  }
  const { file, notices: wrong } = validate(
    yaml.value,
    yaml.lineOf,
    (path) => inactivePath(path) === undefined && replacedPath(path) === undefined,
  )
  notices.push(...wrong)
  for (const path of literalSecrets(withoutNulls(yaml.value)))
    note(
      target === 'deploy' ? 'error' : 'warning',
      path,
      `a secret is written into ${fileName}; put it into the environment and write os.environ/NAME here`,
    )
  noteInactive(file, note)
  noteReplaced(file, note)

  const deployments = deploymentsOf(file, world, note)
  const groups = [...new Set(deployments.map(({ group }) => group))]
  const modelGroupAlias = aliasesOf(file, groups, note)
  noteEmptyGroups(deployments, note)
  noteOverrides(file, note)
  noteRouter(file, note)
  noteUnknownGroups(file, [...groups, ...Object.keys(modelGroupAlias)], note)

  const vendors = [...new Set(deployments.map(({ provider }) => provider))]
  const config: Config = {
    version: createHash('sha256').update(yamlText).digest('hex').slice(0, 12),
    priceVersion: world.catalogueVersion,
    deployments,
    ...given('knownModels', knownModelsOf(deployments, file.general_settings?.store_model_in_db === true, world)),
    router: {
      ...routerOf(file, note),
      ...given('providerBudgets', providerBudgets(file, vendors, note)),
      modelGroupAlias,
      ...given('hiddenAliases', hiddenAliasesOf(file)),
    },
    litellm: {
      dropParams: file.litellm_settings?.drop_params ?? false,
      ...given('streamedCost', file.litellm_settings?.include_cost_in_streaming_usage || undefined),
      ...given(
        'costTerms',
        costTermsOf(file.litellm_settings?.cost_discount_config, file.litellm_settings?.cost_margin_config),
      ),
      timeZone: timeZoneOf(file.litellm_settings?.timezone, note),
      ...litellmBudgets(file, note),
      ...given('responsesStore', file.litellm_settings?.responses_store || undefined),
      ...given('auditLogs', file.litellm_settings?.store_audit_logs === false ? (false as const) : undefined),
      ...given('newEntities', newEntitiesOf(file)),
      ...given('cache', cacheOf(file, note)),
    },
    ...given('passThrough', passThroughOf(file, note)),
    ...given('vectorStores', vectorStoresOf(file, groups, note)),
    ...given('observe', observeOf(file, note)),
    ...given(
      'alerts',
      alertsOf(
        file,
        timeZoneOf(file.litellm_settings?.timezone, () => {}),
        note,
      ),
    ),
    general: generalOf(file, note),
    ledger: ledgerOf(file),
    environment: environmentOf(file),
    notices,
  }
  advise(config, file, note)
  return { config: withCostTerms(config), notices, file }
}

/** The lists that a wildcard needs when a request names its model, what is passed on, and a stored model of a vendor that the file has. */
function knownModelsOf(deployments: readonly Deployment[], stored: boolean, world: World): Config['knownModels'] {
  const open = deployments.filter(
    ({ model, disabled, passThrough }) => (stored || passThrough || model.includes('*')) && disabled === undefined,
  )
  const lists = [...new Set(open.map(({ provider }) => provider))].flatMap((provider) => {
    const families = world.families(provider)
    return families === undefined ? [] : [[provider, families] as const]
  })
  return lists.length === 0 ? undefined : Object.fromEntries(lists)
}

function generalOf(
  { general_settings: general = {}, router_settings: router = {} }: ConfigFile,
  note: Note,
): Config['general'] {
  return {
    masterKey: textFrom(general.master_key) ?? { env: 'LITELLM_MASTER_KEY' },
    databaseUrl: textFrom(general.database_url) ?? { env: 'DATABASE_URL' },
    redisUrl: textFrom(general.redis_rest_url) ?? { env: 'UPSTASH_REDIS_REST_URL' },
    redisToken: textFrom(general.redis_rest_token) ?? { env: 'UPSTASH_REDIS_REST_TOKEN' },
    saltKey: textFrom(general.salt_key) ?? { env: 'LITELLM_SALT_KEY' },
    allowRequestsOnDbUnavailable: general.allow_requests_on_db_unavailable ?? false,
    ...given('keyHeaderName', general.litellm_key_header_name),
    maxRequestBytes: Math.floor((general.max_request_size_mb ?? maxRequestMb) * 1024 * 1024),
    totalTimeoutMs: (general.total_timeout ?? router.total_timeout ?? totalTimeoutS) * 1000,
    ...given('jwt', jwtOf({ general_settings: general }, note)),
    ...given('onlyAdminsSignIn', onlyAdminsSignIn(general.ui_access_mode, note)),
    ...given('storeModels', general.store_model_in_db || undefined),
    ...given('healthChecks', healthChecksOf(general)),
    ...given('access', accessOf({ general_settings: general }, note)),
    ...given('auditLogsMs', retentionMs(general.maximum_audit_logs_retention_period)),
    ...given('spendLogsMs', spendLogsMs(general.maximum_spend_logs_retention_period, note)),
    ...given('drainMs', ms(general.drain_timeout || undefined)),
    ...given('allowedHosts', general.user_url_allowed_hosts),
    ...given('forwardClientHeaders', general.forward_client_headers_to_llm_api || undefined),
    ...given('alwaysStreamUsage', general.always_include_stream_usage || undefined),
    ...given('legacyBudgetStatus', general.legacy_budget_status === 400 ? (400 as const) : undefined),
    ...given('tokenRateLimitType', general.token_rate_limit_type),
  }
}

/** LiteLLM asks every five minutes where the file does not say. */
function healthChecksOf(general: NonNullable<ConfigFile['general_settings']>): Config['general']['healthChecks'] {
  const { background_health_checks: on, health_check_interval: seconds = 300 } = general
  return on === true
    ? { everyMs: seconds * 1000, ...given('groups', general.background_health_check_model_groups) }
    : undefined
}

function noteInactive(file: ConfigFile, note: Note): void {
  for (const row of capabilities) {
    for (const name of [...(row.config ?? []), ...(row.restricts ?? [])]) {
      const asked = placesOf(file, name).filter((path) => !asksForNothing(row, name, at(file, path)))
      const [first] = asked
      if (first === undefined) continue
      const restricts = row.restricts?.includes(name)
      const rows = asked.length > 1 ? ` (${asked.length} rows)` : ''
      if (restricts)
        note(
          'error',
          first,
          `never active, and ignoring it would let through what it forbids: ${name}${rows} (${row.capability}: ${row.never}). Take it out to go on without it`,
        )
      else note('notice', first, `accepted, never active: ${name}${rows} (${row.capability}: ${row.never})`)
    }
  }
}

function noteReplaced(file: ConfigFile, note: Note): void {
  for (const [name, instead] of Object.entries(replaced)) {
    const [first] = placesOf(file, name)
    if (first !== undefined) note('notice', first, `accepted, means nothing at the edge: ${name}; ${instead}`)
  }
}

/** Where a name of a table stands in the file: once, or in several rows. */
function placesOf(file: ConfigFile, name: string): Path[] {
  const parts = name.split('.')
  const rows =
    parts[0] === 'model_list'
      ? (file.model_list ?? []).map((_, index) => ['model_list', index, ...parts.slice(2)])
      : [parts]
  return rows.filter((path) => at(file, path) !== undefined)
}

function deploymentsOf(file: ConfigFile, world: World, note: Note): Deployment[] {
  const seen = new Map<string, number>()
  const rows = file.model_list ?? []
  const taken = new Set(rows.flatMap((row) => row?.model_name ?? []))
  return rows.flatMap((row, index) => {
    if (row === undefined) return []
    noteCatchAll(row, index, note)
    return standingFor(completed(row, index, file, note), Object.keys(world.vendors), taken).flatMap((standing) => {
      const { deployment, notices } = resolveDeployment(standing.row, idOf(standing.row), world)
      if (standing.vendor !== undefined)
        return deployment.disabled === undefined
          ? [{ ...deployment, id: idIn(standing, deployment), optional: true }]
          : []
      for (const { level, path, message } of notices) note(level, ['model_list', index, ...path.split('.')], message)
      return onlyOnce(deployment, row.model_info?.id !== undefined, index)
    })
  })

  function onlyOnce(deployment: Deployment, named: boolean, index: number): Deployment[] {
    const times = (seen.get(deployment.id) ?? 0) + 1
    seen.set(deployment.id, times)
    if (times === 1) return [deployment]
    if (!named) return [{ ...deployment, id: `${deployment.id}-${times}` }]
    note(
      'error',
      ['model_list', index, 'model_info', 'id'],
      'found an id that another row has, expected one of its own',
    )
    return []
  }
}

/** An id that the row names is one for all it stands for, so the name is added. */
function idIn({ row }: Standing, { id, group }: Deployment): string {
  return row.model_info?.id === undefined ? id : `${id}-${group}`
}

/** Whoever stands for every vendor cannot have the key of one. */
function noteCatchAll({ litellm_params: params }: ModelRow, index: number, note: Note): void {
  if (params.model !== '*' || params.custom_llm_provider !== undefined) return
  const [first] = forOneVendor.filter((key) => params[key] !== undefined)
  if (first !== undefined)
    note(
      'error',
      ['model_list', index, 'litellm_params', first],
      `found it in a row for every vendor, each of which would be sent it, expected a row for one vendor: model: openai/*`,
    )
}

/** The row with what it takes from elsewhere in the file: a credential by name, and the router's default parameters. */
function completed(row: ModelRow, index: number, file: ConfigFile, note: Note): ModelRow {
  const name = row.litellm_params.litellm_credential_name
  const credential = name === undefined ? undefined : file.credential_list?.find((one) => one.credential_name === name)
  if (name !== undefined && credential === undefined) {
    const known = (file.credential_list ?? []).flatMap((one) => one.credential_name ?? [])
    const near = nearestName(name, known)
    note(
      'error',
      ['model_list', index, 'litellm_params', 'litellm_credential_name'],
      `found a name that credential_list does not have, expected ${near ? `one of its names, such as '${near}'` : 'a credential_list'}`,
    )
  }
  return {
    ...row,
    litellm_params: {
      ...given('max_parallel_requests', file.router_settings?.default_max_parallel_requests),
      ...(file.router_settings?.default_litellm_params ?? {}),
      ...(credential?.credential_values ?? {}),
      ...row.litellm_params,
    },
  }
}

function timeZoneOf(name: string | undefined, note: Note): string {
  if (name === undefined) return 'UTC'
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return name
  } catch {
    note('error', ['litellm_settings', 'timezone'], 'found no time zone, expected an IANA name such as Europe/Berlin')
    return 'UTC'
  }
}

function ledgerOf({ ledger_settings: own = {} }: ConfigFile): Config['ledger'] {
  return {
    grantLifeMs: own.grant_life_ms ?? ledgerDefaults.grantLifeMs,
    skewMs: own.skew_ms ?? ledgerDefaults.skewMs,
    horizonMs: own.horizon_ms ?? ledgerDefaults.horizonMs,
    exchangeTimeoutMs: own.exchange_timeout_ms ?? ledgerDefaults.exchangeTimeoutMs,
    sliceAheadMs: own.slice_ahead_ms ?? ledgerDefaults.sliceAheadMs,
    idleReturnMs: own.idle_return_ms ?? ledgerDefaults.idleReturnMs,
    budgetWaitMs: own.budget_wait_ms ?? ledgerDefaults.budgetWaitMs,
  }
}

function environmentOf({ environment_variables: variables = {} }: ConfigFile): Record<string, Text> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, textOf(String(value))]))
}

/** Stable across restarts and builds; a secret that is written out takes no part in it, because ids are public. */
function idOf(row: ModelRow): string {
  const params = Object.entries(row.litellm_params)
    .filter(([key, value]) => literalSecrets(value, [key]).length === 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([row.model_name, params]))
    .digest('hex')
}
