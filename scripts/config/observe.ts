import type { Config, Notice, Text } from '../../src/config/config.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { given } from '../../src/models/row/given.ts'
import { textOf } from '../../src/models/row/text.ts'
import { sinkNamed, sinks } from '../../src/observe/registry.ts'
import { retentionMs } from './retention.ts'
import type { ConfigFile } from './schema/file.ts'

type Note = (level: Notice['level'], path: readonly PropertyKey[], message: string) => void
type Observe = NonNullable<Config['observe']>
type Told = Observe['sinks'][number]['told']

const LISTS = { callbacks: 'all', success_callback: 'success', failure_callback: 'failure' } as const
/** Other names of LiteLLM for the same. */
const SAME: Readonly<Record<string, string>> = { s3: 's3_v2', webhook: 'generic_api', opentelemetry: 'otel' }
const PROMETHEUS = 'prometheus'
const BODIES_KEPT_MS = 30 * 86_400_000

/** Who is told, by `callbacks`, `success_callback` and `failure_callback`; a sink in two lists is told of both. */
export function observeOf(
  { litellm_settings: file = {}, general_settings: general = {}, callback_settings }: ConfigFile,
  note: Note,
): Observe | undefined {
  const told = new Map<string, Told>()
  for (const [list, what] of Object.entries(LISTS) as [keyof typeof LISTS, Told][])
    for (const [index, named] of [file[list] ?? []].flat().entries()) {
      const name = SAME[named] ?? named
      if (name === PROMETHEUS || sinkNamed(name)) told.set(name, both(told.get(name), what))
      else note('notice', ['litellm_settings', list, ...(Array.isArray(file[list]) ? [index] : [])], unknown(named))
    }
  // LiteLLM logs messages unless told otherwise; here somebody has to say so.
  const logsMessages = file.turn_off_message_logging === false
  if (told.size === 0 && file.forward_traceparent_to_llm_provider !== true && !logsMessages) return undefined
  return {
    sinks: [...told].map(([name, told]) => ({ name, told })),
    ...given('redactKeyInfo', file.redact_user_api_key_info || undefined),
    ...given(
      'bodies',
      logsMessages
        ? { keptMs: retentionMs(general.maximum_message_logs_retention_period) ?? BODIES_KEPT_MS }
        : undefined,
    ),
    ...given('metricsNeedKey', file.require_auth_for_metrics_endpoint || undefined),
    ...given('metricsByCustomer', file.enable_end_user_cost_tracking_prometheus_only || undefined),
    ...given('forwardsTrace', file.forward_traceparent_to_llm_provider || undefined),
    settings: { ...neededBy([...told.keys()]), ...settingsOf(callback_settings, note) },
  }
}

const both = (known: Told | undefined, more: Told): Told => (known === undefined || known === more ? more : 'all')

function unknown(name: string): string {
  const near = nearestName(name, [...sinks.map((sink) => sink.name), PROMETHEUS, ...Object.keys(SAME)])
  return `accepted, not active: there is no sink '${name}'${near ? `; did you mean '${near}'?` : ''}`
}

/** The variables that the sinks cannot do without, so that a deploy asks for them. */
function neededBy(names: readonly string[]): Record<string, Text> {
  const settings = names.flatMap((name) => Object.values(sinkNamed(name)?.settings ?? {}))
  const needed = settings.filter(({ otherwise, optional }) => otherwise === undefined && !optional)
  return Object.fromEntries(needed.map(({ variable }) => [variable, { env: variable }]))
}

/** `callback_settings: { langfuse: { host: … } }`, by the names of a sink's settings, written small with underscores. */
function settingsOf(given: ConfigFile['callback_settings'], note: Note): Record<string, Text> {
  const found: Record<string, Text> = {}
  for (const [name, values] of Object.entries(given ?? {})) {
    const sink = sinkNamed(SAME[name] ?? name)
    if (!sink || typeof values !== 'object' || values === null) continue
    for (const [key, value] of Object.entries(values)) {
      const setting = sink.settings[key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())]
      if (setting && (typeof value === 'string' || typeof value === 'number'))
        found[setting.variable] = textOf(String(value))
      else note('notice', ['callback_settings', name, key], `has no effect: ${name} has no setting of this name`)
    }
  }
  return found
}
