import * as z from 'zod'
import { channelNames } from '../config/alerts.ts'
import { GatewayError } from '../errors.ts'
import { type Route, route } from './route.ts'

/** LiteLLM's name for the same. */
const SLACK_BUDGETS = 'slack_budget_alerts'

const services = route({
  method: 'GET',
  paths: ['/health/services'],
  access: 'admin',
  tag: 'Health',
  summary: 'Sends a test alert through every receiver of a channel, and says which took it.',
  query: z.object({ service: z.enum([...channelNames, SLACK_BUDGETS]) }),
  out: z.object({
    status: z.enum(['success', 'error']),
    receivers: z.array(z.object({ receiver: z.string(), ok: z.boolean(), error: z.string().optional() })),
  }),
  async handle({ deps, query, receivedAtMs }) {
    const channel = query.service === SLACK_BUDGETS ? 'slack' : query.service
    const receivers = (await deps.alerts?.test(channel, 'admin', receivedAtMs)) ?? []
    if (receivers.length === 0)
      throw new GatewayError('not_found', `No alerts go to ${channel}. Add it to general_settings.alerting.`)
    const isWell = receivers.every(({ ok }) => ok)
    return Response.json({ status: isWell ? 'success' : 'error', receivers }, { status: isWell ? 200 : 502 })
  },
})

export const healthServiceRoutes: readonly Route[] = [services]
