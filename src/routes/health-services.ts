import * as z from 'zod'
import { type ChannelName, channelNames } from '../config/alerts.ts'
import { GatewayError } from '../errors.ts'
import { sinks } from '../observe/registry.ts'
import type { AppDeps } from './deps.ts'
import { type Route, route } from './route.ts'

/** LiteLLM's names for the same. */
const SAME_CHANNEL: Readonly<Record<string, string>> = { slack_budget_alerts: 'slack' }
const SAME_SINK: Readonly<Record<string, string>> = { webhook: 'generic_api', s3: 's3_v2', opentelemetry: 'otel' }

const names = [
  ...new Set([
    ...channelNames,
    ...sinks.map(({ name }) => name),
    ...Object.keys(SAME_CHANNEL),
    ...Object.keys(SAME_SINK),
  ]),
]

const services = route({
  method: 'GET',
  paths: ['/health/services'],
  access: 'admin',
  tag: 'Health',
  summary:
    'Sends a test alert through every receiver of a channel, a test event to the sink of that name, and says which took it.',
  query: z.object({ service: z.enum(names as [string, ...string[]]) }),
  out: z.object({
    status: z.enum(['success', 'error']),
    receivers: z.array(z.object({ receiver: z.string(), ok: z.boolean(), error: z.string().optional() })),
  }),
  async handle({ deps, query: { service }, receivedAtMs }) {
    const channel = SAME_CHANNEL[service] ?? service
    const sink = SAME_SINK[service] ?? service
    const told = (isChannel(channel) && (await deps.alerts?.test(channel, 'admin', receivedAtMs))) || []
    const receivers = [...told, ...(await tested(sink, deps))]
    if (receivers.length === 0)
      throw new GatewayError(
        'not_found',
        `Nobody is told through ${service}. Add it to general_settings.alerting, or to litellm_settings.callbacks.`,
      )
    const isWell = receivers.every(({ ok }) => ok)
    return Response.json({ status: isWell ? 'success' : 'error', receivers }, { status: isWell ? 200 : 502 })
  },
})

const isChannel = (name: string): name is ChannelName => channelNames.some((one) => one === name)

/** Nothing where the file has no such sink. */
async function tested(sink: string, { testSink, gateway: { config } }: AppDeps) {
  if (!testSink || !config.observe?.sinks.some(({ name }) => name === sink)) return []
  try {
    await testSink(sink)
    return [{ receiver: `sink ${sink}`, ok: true }]
  } catch (error) {
    return [{ receiver: `sink ${sink}`, ok: false, error: error instanceof Error ? error.message : String(error) }]
  }
}

export const healthServiceRoutes: readonly Route[] = [services]
