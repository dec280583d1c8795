import type { Text } from '../config/config.ts'
import type { DeploymentHealth } from '../health/deployments.ts'
import type { Gauge } from '../observe/exposition.ts'
import type { Circuit, DeploymentState } from '../routing/state.ts'

const CIRCUIT: Readonly<Record<Circuit, number>> = { closed: 0, half_open: 1, open: 2 }

/** What `GET /router/state` shows, as gauges. */
export function routerGauges(all: readonly DeploymentHealth[]): readonly Gauge[] {
  const gauge = (name: string, help: string, value: (state: DeploymentState) => number | undefined): Gauge => ({
    name: `tollgate_deployment_${name}`,
    help,
    samples: all.flatMap(({ deployment, state }) => {
      const now = value(state)
      const { group, id, provider } = deployment
      const labels = { model_group: group, model_id: id, api_provider: provider }
      return now === undefined ? [] : [{ labels, value: now }]
    }),
  })
  return [
    states(all),
    cooldowns(all),
    {
      name: 'litellm_in_flight_requests',
      help: 'Requests that deployments are answering.',
      samples: [{ labels: {}, value: all.reduce((sum, { state }) => sum + state.inFlight, 0) }],
    },
    limit('rpm', 'requests', all),
    limit('tpm', 'tokens', all),
    gauge('circuit', '0 closed, 1 half-open, 2 open: it cools down.', ({ circuit }) => CIRCUIT[circuit]),
    gauge('open_until_timestamp_seconds', 'When its cooldown ends.', ({ openUntilMs }) => seconds(openUntilMs)),
    gauge('in_flight', 'Requests that are being answered.', ({ inFlight }) => inFlight),
    gauge('minute_requests', 'Requests of the last sixty seconds.', ({ requests }) => requests),
    gauge('minute_tokens', 'Tokens of the last sixty seconds.', ({ tokens }) => tokens),
    gauge('minute_failures', 'Failures of the last sixty seconds.', ({ failures }) => failures),
    gauge('latency_p50_seconds', 'Half of its answers took no longer.', ({ latencyMs }) => seconds(latencyMs)),
    gauge('latency_p95_seconds', '95 of 100 answers took no longer.', ({ latencyP95Ms }) => seconds(latencyP95Ms)),
    gauge('first_token_p95_seconds', '95 of 100 streams began no later.', ({ firstTokenP95Ms }) =>
      seconds(firstTokenP95Ms),
    ),
  ]
}

const labelsAt = ({ id, model, provider, apiBase }: DeploymentHealth['deployment']) => ({
  litellm_model_name: model,
  model_id: id,
  api_base: originOf(apiBase),
  api_provider: provider,
})

/** LiteLLM's state of a deployment: it is well, it fails now and then, or it cools down and is not asked. */
function states(all: readonly DeploymentHealth[]): Gauge {
  const stateOf = ({ circuit, failures }: DeploymentState) => (circuit === 'open' ? 2 : failures > 0 ? 1 : 0)
  return {
    name: 'litellm_deployment_state',
    help: '0 it is well, 1 it failed within the last minute, 2 it cools down.',
    samples: all.map(({ deployment, state }) => ({ labels: labelsAt(deployment), value: stateOf(state) })),
  }
}

function cooldowns(all: readonly DeploymentHealth[]): Gauge {
  return {
    name: 'litellm_deployment_cooled_down',
    help: 'How often it began to cool down.',
    counts: true,
    samples: all.map(({ deployment, state }) => ({ labels: labelsAt(deployment), value: state.openings ?? 0 })),
  }
}

/** LiteLLM's gauges of what the file allows a deployment in a minute. Where an address is written down, it is told without its path. */
function limit(name: 'rpm' | 'tpm', what: string, all: readonly DeploymentHealth[]): Gauge {
  return {
    name: `litellm_deployment_${name}_limit`,
    help: `How many ${what} a minute the file allows.`,
    samples: all.flatMap(({ deployment }) => {
      const value = deployment[name]
      if (value === undefined) return []
      return [{ labels: labelsAt(deployment), value }]
    }),
  }
}

/** An address may hold a secret in its path or its query. */
function originOf(apiBase: Text | undefined): string {
  return typeof apiBase === 'string' && URL.canParse(apiBase) ? new URL(apiBase).origin : ''
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}
