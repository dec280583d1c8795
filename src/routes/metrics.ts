import * as z from 'zod'
import { GatewayError } from '../errors.ts'
import { healthOfAll } from '../health/deployments.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { CONTENT_TYPES, formatFor, gaugeBlocks } from '../observe/exposition.ts'
import { type Incoming, type Route, route } from './route.ts'
import { routerGauges } from './router-metrics.ts'

const metrics = route({
  method: 'GET',
  paths: ['/metrics'],
  access: 'public',
  tag: 'Health',
  summary:
    "LiteLLM's metrics for Prometheus, as its text or as OpenMetrics. With `require_auth_for_metrics_endpoint` the master key is asked for.",
  async handle(asked) {
    const { request, deps, receivedAtMs } = asked
    if (!deps.metrics)
      throw new GatewayError(
        'not_found',
        'There are no metrics here. Add prometheus to litellm_settings.callbacks to have them counted.',
      )
    if (deps.gateway.config.observe?.metricsNeedKey) await mustBeAdmin(asked)
    const format = formatFor(request.headers.get('accept'))
    const [counted, deployments] = await Promise.all([deps.metrics(format), healthOfAll(deps.gateway, receivedAtMs)])
    return new Response(gaugeBlocks(routerGauges(deployments), format) + counted, {
      headers: { 'content-type': CONTENT_TYPES[format] },
    })
  },
})

/** The numbers are of all tenants, so no tenant's key opens them. */
async function mustBeAdmin({ request, deps, receivedAtMs }: Pick<Incoming, 'request' | 'deps' | 'receivedAtMs'>) {
  const { config, env, defer } = deps.gateway
  const { tenants, guards } = deps
  const door = { config, env, tenants, guards }
  const { role } = await authenticate(request.headers, door, { nowMs: receivedAtMs, defer })
  if (role !== 'proxy_admin')
    throw new GatewayError('auth_error', 'Only the proxy admin may read /metrics. Use the master key.', {
      retry: false,
    })
}

const replay = route({
  method: 'POST',
  paths: ['/callbacks/replay'],
  access: 'admin',
  tag: 'Spend',
  summary: 'Tells sinks again what they did not take in a hundred tries.',
  out: z.object({ replayed: z.number() }),
  async handle({ deps }) {
    if (!deps.replayDeliveries)
      throw new GatewayError('not_found', 'There is no queue of deliveries here. Bind DELIVERIES in wrangler.toml.')
    return { replayed: await deps.replayDeliveries() }
  },
})

export const metricsRoutes: readonly Route[] = [metrics, replay]
