import * as z from 'zod'
import { type Route, route } from './route.ts'

const alive = route({
  method: 'GET',
  paths: ['/health/liveliness', '/health/liveness'],
  access: 'public',
  tag: 'Health',
  summary: 'Whether the gateway runs at all. Asks nobody.',
  out: z.literal("I'm alive!"),
  handle: () => "I'm alive!",
})

const ready = route({
  method: 'GET',
  paths: ['/health/readiness'],
  access: 'public',
  tag: 'Health',
  summary: 'Whether what the gateway stands on answers, and how old each answer is. 503 without the database.',
  out: z.object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    db: z.enum(['connected', 'Not connected']),
    cache: z.string().nullable(),
    litellm_version: z.string(),
    config_version: z.string(),
    dependencies: z.record(z.string(), z.object({ status: z.string(), age_ms: z.number(), latency_ms: z.number() })),
  }),
  async handle({ deps }) {
    const { config, version, clock } = deps.gateway
    const states = await deps.readiness.states()
    const connected = states.db?.ok === true
    const all = Object.values(states).every(({ ok }) => ok)
    const serving = connected || config.general.allowRequestsOnDbUnavailable
    const body = {
      status: all ? 'healthy' : serving ? 'degraded' : 'unhealthy',
      db: connected ? 'connected' : 'Not connected',
      cache: states.cache ? 'redis' : null,
      litellm_version: version,
      config_version: config.version,
      dependencies: Object.fromEntries(
        Object.entries(states).map(([name, { ok, checkedAtMs, latencyMs }]) => [
          name,
          { status: ok ? 'connected' : 'not connected', age_ms: clock() - checkedAtMs, latency_ms: latencyMs },
        ]),
      ),
    }
    return Response.json(body, { status: serving ? 200 : 503 })
  },
})

export const healthRoutes: readonly Route[] = [alive, ready]
