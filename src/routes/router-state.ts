import * as z from 'zod'
import { type DeploymentHealth, healthOfAll } from '../health/deployments.ts'
import { type Route, route } from './route.ts'

const deploymentShape = z.object({
  model_group: z.string(),
  model_id: z.string(),
  provider: z.string(),
  model: z.string(),
  circuit: z.enum(['closed', 'open', 'half_open']),
  open_until: z.iso.datetime().nullable(),
  open_because: z.string().nullable(),
  in_flight: z.number(),
  rpm: z.number(),
  tpm: z.number(),
  failures: z.number(),
  samples: z.number(),
  latency_p50_ms: z.number().nullable(),
  latency_p95_ms: z.number().nullable(),
  ms_per_output_token: z.number().nullable(),
  first_token_ms: z.number().nullable(),
  first_token_p95_ms: z.number().nullable(),
  unavailable: z.string().nullable(),
})

const state = route({
  method: 'GET',
  paths: ['/router/state'],
  access: 'admin',
  tag: 'Health',
  summary: 'How every deployment fares: latency, in flight, the last minute, and its circuit: until when, and why.',
  out: z.object({ deployments: z.array(deploymentShape) }),
  async handle({ deps, receivedAtMs }) {
    return { deployments: (await healthOfAll(deps.gateway, receivedAtMs)).map(shown) }
  },
})

function shown({ deployment, state, unavailable }: DeploymentHealth): z.output<typeof deploymentShape> {
  return {
    model_group: deployment.group,
    model_id: deployment.id,
    provider: deployment.provider,
    model: deployment.model,
    circuit: state.circuit,
    open_until: state.openUntilMs === undefined ? null : new Date(state.openUntilMs).toISOString(),
    open_because: state.openBecause ?? null,
    in_flight: state.inFlight,
    rpm: state.requests,
    tpm: state.tokens,
    failures: state.failures,
    samples: state.samples,
    latency_p50_ms: state.latencyMs ?? null,
    latency_p95_ms: state.latencyP95Ms ?? null,
    ms_per_output_token: rounded(state.msPerToken),
    first_token_ms: rounded(state.firstTokenMs),
    first_token_p95_ms: state.firstTokenP95Ms ?? null,
    unavailable: unavailable ?? null,
  }
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 10) / 10
}

export const routerStateRoutes: readonly Route[] = [state]
