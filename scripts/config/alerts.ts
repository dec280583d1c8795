import {
  type AlertSettings,
  type AlertType,
  alertTypes,
  type ChannelName,
  channelNames,
  type Receiver,
} from '../../src/config/alerts.ts'
import type { Notice, Text } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { given } from '../../src/models/row/given.ts'
import { textOf } from '../../src/models/row/text.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void

/** Where a channel finds its address when the file names none. */
const VARIABLES: Readonly<Record<Exclude<ChannelName, 'email'>, string>> = {
  slack: 'SLACK_WEBHOOK_URL',
  teams: 'TEAMS_WEBHOOK_URL',
  discord: 'DISCORD_WEBHOOK_URL',
  webhook: 'WEBHOOK_URL',
  pagerduty: 'PAGERDUTY_API_KEY',
}
const MAIL_KEYS = { resend: 'RESEND_API_KEY', sendgrid: 'SENDGRID_API_KEY' } as const
/** What LiteLLM's own way needs and ours does not. */
const NOT_NEEDED = {
  budget_alert_ttl: 'a budget is told once for each threshold and window',
  outage_alert_ttl: 'outages are counted over a minute, and told when they begin, grow and end',
  region_outage_alert_ttl: 'outages are counted over a minute, and told when they begin, grow and end',
  max_outage_alert_list_size: 'there is no list that could grow',
  log_to_console: 'what fails is in the operator log in any case',
} as const
/** Told only when they are asked for, as in LiteLLM. */
const QUIET = new Set<AlertType>(alertTypes.slice(alertTypes.indexOf('new_virtual_key_created')))
/** What comes in bursts is told once a minute. */
const DIGESTS_MS = { llm_exceptions: 60_000, llm_too_slow: 60_000 } as const

/** Undefined where nobody is told. */
export function alertsOf(
  { general_settings: file = {} }: ConfigFile,
  timeZone: string,
  note: Note,
): AlertSettings | undefined {
  const channels = [file.alerting ?? []].flat().flatMap((name, index) => channel(name, index, note))
  if (channels.length === 0) return undefined
  const args = file.alerting_args ?? {}
  for (const [name, why] of Object.entries(NOT_NEEDED))
    if (args[name as keyof typeof NOT_NEEDED] !== undefined)
      note('notice', ['general_settings', 'alerting_args', name], `has no effect: ${why}`)
  const types = typesOf(file.alert_types, note)
  const own = new Map<AlertType, readonly Text[]>()
  const addresses = new Map<ChannelName, readonly Text[]>()
  for (const [name, urls] of Object.entries(file.alert_to_webhook_url ?? {})) {
    const texts = [urls].flat().map(textOf)
    if (isType(name)) own.set(name, texts)
    else if (isChannel(name)) addresses.set(name, texts)
    else
      note(
        'notice',
        ['general_settings', 'alert_to_webhook_url', name],
        unknown(name, [...alertTypes, ...channelNames]),
      )
  }
  const hooks = channels.filter((name) => name === 'slack' || name === 'teams' || name === 'discord')
  const receivers = channels.flatMap((name): Receiver[] => {
    const isHook = hooks.includes(name as (typeof hooks)[number])
    const general = isHook ? types.filter((type) => !own.has(type)) : types
    return general.length === 0
      ? []
      : addressesOf(name, addresses, args).map((to) => ({ channel: name, to, types: general }))
  })
  const special = [...own].flatMap(([type, texts]) =>
    types.includes(type) ? texts.map((to): Receiver => ({ channel: hooks[0] ?? 'slack', to, types: [type] })) : [],
  )
  return {
    receivers: [...receivers, ...special],
    thresholds: (args.budget_thresholds ?? [70, 80, 85, 95, 100]).toSorted((a, b) => a - b),
    language: args.language ?? 'en',
    slowMs: (file.alerting_threshold ?? 300) * 1000,
    minorErrors: args.minor_outage_alert_threshold ?? 5,
    majorErrors: args.major_outage_alert_threshold ?? 10,
    checkMs: (args.report_check_interval ?? 300) * 1000,
    dailyReportMs: (args.daily_report_frequency ?? 43_200) * 1000,
    spendReportDays: Number.parseInt(file.spend_report_frequency ?? '7d', 10),
    digestMs: digestsOf(file.alert_type_config, note),
    timeZone,
    ...given('mail', channels.includes('email') ? mailOf(args) : undefined),
    pagerdutyUrl: { env: 'PAGERDUTY_EVENTS_URL', otherwise: 'https://events.pagerduty.com/v2/enqueue' },
    proxyUrl: { env: 'PROXY_BASE_URL', otherwise: '' },
  }
}

type File = NonNullable<ConfigFile['general_settings']>
type Args = NonNullable<File['alerting_args']>

function channel(name: string, index: number, note: Note): readonly ChannelName[] {
  if (isChannel(name)) return [name]
  note('notice', ['general_settings', 'alerting', index], unknown(name, channelNames))
  return []
}

function typesOf(named: readonly string[] | undefined, note: Note): readonly AlertType[] {
  if (!named) return alertTypes.filter((type) => !QUIET.has(type))
  for (const [index, name] of named.entries())
    if (!isType(name)) note('notice', ['general_settings', 'alert_types', index], unknown(name, alertTypes))
  return alertTypes.filter((type) => named.includes(type))
}

const isType = (name: string): name is AlertType => (alertTypes as readonly string[]).includes(name)
const isChannel = (name: string): name is ChannelName => (channelNames as readonly string[]).includes(name)

function unknown(name: string, names: readonly string[]): string {
  const near = nearestName(name, names)
  return `accepted, not active: there is no alert or channel '${name}'${near ? `; did you mean '${near}'?` : ''}`
}

function addressesOf(
  name: ChannelName,
  addresses: ReadonlyMap<ChannelName, readonly Text[]>,
  args: Args,
): readonly Text[] {
  const named = addresses.get(name)
  if (named) return named
  return [{ env: name === 'email' ? MAIL_KEYS[args.email_service ?? 'resend'] : VARIABLES[name] }]
}

function mailOf(args: Args): NonNullable<AlertSettings['mail']> {
  return {
    service: args.email_service ?? 'resend',
    from: args.email_from === undefined ? { env: 'ALERT_EMAIL_FROM' } : textOf(args.email_from),
    to:
      [args.email_to ?? []].flat().length === 0
        ? { env: 'ALERT_EMAIL_TO' }
        : textOf([args.email_to ?? []].flat().join(',')),
    ...given('url', args.email_url === undefined ? undefined : textOf(args.email_url)),
  }
}

function digestsOf(config: File['alert_type_config'], note: Note): AlertSettings['digestMs'] {
  const found: Partial<Record<AlertType, number>> = { ...DIGESTS_MS }
  for (const [name, { digest, digest_interval }] of Object.entries(config ?? {})) {
    if (!isType(name)) note('notice', ['general_settings', 'alert_type_config', name], unknown(name, alertTypes))
    else found[name] = digest === false ? 0 : (digest_interval ?? 86_400) * 1000
  }
  return found
}
