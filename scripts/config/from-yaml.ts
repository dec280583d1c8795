import { createHash } from 'node:crypto'
import { asksForNothing, capabilities, milestones } from '../../src/config/capabilities.ts'
import { type Config, type Deployment, ledgerDefaults, type Notice, type Text } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { resolveDeployment, type World } from './deployments.ts'
import { readYaml } from './document.ts'
import { given } from './given.ts'
import { inactivePath, replacedPath } from './paths.ts'
import { replaced } from './replaced.ts'
import type { ConfigFile } from './schema/file.ts'
import type { ModelRow } from './schema/model-list.ts'
import { pathText, shownKey } from './secrets.ts'
import { textFrom, textOf } from './text.ts'
import { at, literalSecrets, validate, withoutNulls } from './validate.ts'

export interface BuildOptions {
  readonly fileName: string
  readonly target: 'dev' | 'deploy'
}

export interface Built {
  readonly config: Config
  readonly notices: readonly Notice[]
  /** The file itself, validated: every LiteLLM key with its type, also those that are not active yet. */
  readonly file: ConfigFile
}

type Path = readonly PropertyKey[]
type Note = (level: Notice['level'], path: Path, message: string) => void

const requestTimeoutS = 6000
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
  const groups = new Set(deployments.map(({ group }) => group))
  const modelGroupAlias = aliasesOf(file, groups, note)
  noteGroups(deployments, note)
  noteOverrides(file, note)
  noteUnknownGroups(file, [...groups, ...Object.keys(modelGroupAlias)], note)

  const { general_settings: general = {}, litellm_settings: litellm = {}, router_settings: router = {} } = file
  const config: Config = {
    version: createHash('sha256').update(yamlText).digest('hex').slice(0, 12),
    priceVersion: world.catalogueVersion,
    deployments,
    router: {
      timeoutMs: (router.timeout ?? litellm.request_timeout ?? requestTimeoutS) * 1000,
      ...given('streamTimeoutMs', router.stream_timeout && router.stream_timeout * 1000),
      ...given('fallbacks', fallbacksOf(file)),
      modelGroupAlias,
      ...given('hiddenAliases', hiddenAliasesOf(file)),
    },
    litellm: {
      dropParams: litellm.drop_params ?? false,
      timeZone: timeZoneOf(litellm.timezone, note),
      ...budgetsOf(file),
    },
    general: {
      masterKey: textFrom(general.master_key) ?? { env: 'LITELLM_MASTER_KEY' },
      databaseUrl: textFrom(general.database_url) ?? { env: 'DATABASE_URL' },
      redisUrl: textFrom(general.redis_rest_url) ?? { env: 'UPSTASH_REDIS_REST_URL' },
      redisToken: textFrom(general.redis_rest_token) ?? { env: 'UPSTASH_REDIS_REST_TOKEN' },
      allowRequestsOnDbUnavailable: general.allow_requests_on_db_unavailable ?? false,
      ...given('keyHeaderName', general.litellm_key_header_name),
      maxRequestBytes: Math.floor((general.max_request_size_mb ?? maxRequestMb) * 1024 * 1024),
      totalTimeoutMs: (general.total_timeout ?? totalTimeoutS) * 1000,
    },
    ledger: ledgerOf(file),
    environment: environmentOf(file),
    notices,
  }
  return { config, notices, file }
}

function noteInactive(file: ConfigFile, note: Note): void {
  for (const row of capabilities) {
    for (const name of [...(row.config ?? []), ...(row.restricts ?? [])]) {
      const asked = placesOf(file, name).filter((path) => !asksForNothing(row, name, at(file, path)))
      const [first] = asked
      if (first === undefined) continue
      const restricts =
        row.restricts?.includes(name) || asked.some((path) => row.restrictsWhen?.[name]?.(at(file, path)))
      const rows = asked.length > 1 ? ` (${asked.length} rows)` : ''
      if (restricts)
        note(
          'error',
          first,
          `not active yet, and ignoring it would let through what it forbids: ${name}${rows} (${row.capability}; ${milestones[row.comes]}). Take it out to go on without it`,
        )
      else
        note('notice', first, `accepted, not active yet: ${name}${rows} (${row.capability}; ${milestones[row.comes]})`)
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
  return (file.model_list ?? []).flatMap((row, index) => {
    if (row === undefined) return []
    const { deployment, notices } = resolveDeployment(completed(row, index, file, note), world)
    for (const { level, path, message } of notices) note(level, ['model_list', index, ...path.split('.')], message)
    const times = (seen.get(deployment.id) ?? 0) + 1
    seen.set(deployment.id, times)
    if (times === 1) return [deployment]
    if (row.model_info?.id !== undefined) {
      note(
        'error',
        ['model_list', index, 'model_info', 'id'],
        'found an id that another row has, expected one of its own',
      )
      return []
    }
    return [{ ...deployment, id: `${deployment.id}-${times}` }]
  })
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
      ...(file.router_settings?.default_litellm_params ?? {}),
      ...(credential?.credential_values ?? {}),
      ...row.litellm_params,
    },
  }
}

function aliasesOf(file: ConfigFile, groups: ReadonlySet<string>, note: Note): Record<string, string> {
  const aliases = Object.entries(file.router_settings?.model_group_alias ?? {})
  return Object.fromEntries(
    aliases.map(([alias, target]) => {
      const path = ['router_settings', 'model_group_alias', alias]
      const group = typeof target === 'string' ? target : target.model
      if (!groups.has(group)) note('warning', path, unknownGroup(group, [...groups]))
      return [alias, group]
    }),
  )
}

function hiddenAliasesOf(file: ConfigFile): string[] | undefined {
  const aliases = Object.entries(file.router_settings?.model_group_alias ?? {})
  const hidden = aliases.flatMap(([alias, target]) => (typeof target !== 'string' && target.hidden ? [alias] : []))
  return hidden.length === 0 ? undefined : hidden
}

/** A group that has lost every deployment answers 501: whoever deploys should know. */
function noteGroups(deployments: readonly Deployment[], note: Note): void {
  for (const [group, members] of Map.groupBy(deployments, (one) => one.group)) {
    if (members.every(({ disabled }) => disabled !== undefined))
      note(
        'notice',
        ['model_list'],
        `the group '${shownKey(group)}' has no deployment that works; its requests get 501`,
      )
  }
}

const fallbackKeys = ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'] as const

/** Groups by group; a target that overrides parts of the request waits for routing, and is named by `noteOverrides`. */
function fallbacksOf({ router_settings: router = {}, litellm_settings: litellm = {} }: ConfigFile) {
  const rules = (router.fallbacks ?? litellm.fallbacks ?? []).flatMap((rule) => Object.entries(rule))
  if (rules.length === 0) return undefined
  return Object.fromEntries(
    rules.map(([from, to]) => [from, to.filter((target): target is string => typeof target === 'string')]),
  )
}

/** A fallback is a group's name for now: one that changes the request is not followed, and that is said. */
function noteOverrides(file: ConfigFile, note: Note): void {
  for (const section of ['litellm_settings', 'router_settings'] as const) {
    for (const [index, rule] of (file[section]?.fallbacks ?? []).entries()) {
      if (Object.values(rule).some((to) => to.some((target) => typeof target !== 'string')))
        note(
          'notice',
          [section, 'fallbacks', index],
          'a fallback with parameters of its own is not active yet; it is left out',
        )
    }
  }
}

/** A name that leads nowhere is wrong. */
function noteUnknownGroups(file: ConfigFile, known: readonly string[], note: Note): void {
  for (const section of ['litellm_settings', 'router_settings'] as const) {
    for (const key of fallbackKeys) {
      for (const [index, rule] of (file[section]?.[key] ?? []).entries()) {
        const names = Object.entries(rule).flatMap(([from, to]) => [...(from === '*' ? [] : [from]), ...to])
        for (const name of names)
          if (typeof name === 'string' && !known.includes(name))
            note('warning', [section, key, index], unknownGroup(name, known))
      }
    }
  }
}

function unknownGroup(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return `names the group '${shownKey(name)}', which model_list does not have${near ? `; did you mean '${near}'?` : ''}`
}

/** The budgets that the file itself sets. A budget of 0 for the proxy is LiteLLM's way to say none. */
function budgetsOf({ litellm_settings: litellm = {} }: ConfigFile) {
  const { max_budget: all, max_internal_user_budget: user } = litellm
  return {
    ...given('budget', all ? { limitUsd: all, duration: litellm.budget_duration ?? 'life' } : undefined),
    ...given('customerUsd', litellm.max_end_user_budget),
    ...given('customerBudgetId', litellm.max_end_user_budget_id),
    ...given(
      'newUserBudget',
      user === undefined ? undefined : { limitUsd: user, ...given('duration', litellm.internal_user_budget_duration) },
    ),
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
