import type { Config, Deployment } from '../config/config.ts'
import { openaiChat } from '../dialects/openai-chat.ts'
import { toGatewayError } from '../errors.ts'
import type { Check } from '../health/checks.ts'
import { newId } from '../ids.ts'
import { chat } from '../operations/chat-operation.ts'
import { embeddings } from '../operations/embeddings-operation.ts'
import type { Principal } from '../tenants/principal.ts'
import type { GatewayDeps } from './deps.ts'
import { serve } from './serve.ts'

const TIMEOUT_MS = 10_000
/** Below it OpenAI's Responses API and models that think refuse to answer. */
const MAX_TOKENS = 16
const MOST_CHARS = 500

/** A deployment as it is asked beside its traffic, and the name it is asked by; undefined where nothing cheap is known to ask it. */
interface Probing {
  readonly deployment: Deployment
  readonly name: string
  readonly operation: 'chat' | 'embeddings'
}

/** The modes that can be asked something cheap. */
export function probingOf(deployment: Deployment): Probing | undefined {
  const { healthCheck = {}, ...all } = deployment
  // What keeps callers apart does not keep the operator out.
  const { teamId: _, teamModelName: __, tags: ___, tagRegex: ____, timeouts: _____, ...one } = all
  const operation =
    deployment.mode === 'embedding'
      ? 'embeddings'
      : ['chat', 'completion', 'responses'].includes(deployment.mode)
        ? 'chat'
        : undefined
  if (operation === undefined) return undefined
  const timeoutMs = healthCheck.timeoutMs ?? TIMEOUT_MS
  const alone = { ...one, numRetries: 0, order: 1, timeoutMs }
  const { model } = healthCheck
  if (!deployment.group.includes('*')) {
    const named = model === undefined ? alone : { ...alone, model: withoutVendor(model, deployment.provider) }
    return { deployment: named, name: deployment.id, operation }
  }
  // A wildcard serves whatever it is asked for; somebody has to say what.
  return model === undefined ? undefined : { deployment: alone, name: model, operation }
}

const withoutVendor = (model: string, provider: string) =>
  model.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model

/**
 * Asks one deployment for a word, as any request would be asked: its answer is recorded and paid for under the proxy, and
 * how it went counts for routing; one that cools down is not asked until its pause is over. Never throws; undefined where
 * nothing cheap can be asked.
 */
export async function probe(
  deployment: Deployment,
  by: Check['by'],
  deps: GatewayDeps,
  asker: Principal,
): Promise<Check | undefined> {
  const probing = probingOf(deployment)
  if (!probing) return undefined
  const { healthCheck = {} } = deployment
  const startedAtMs = deps.clock()
  const id = newId(startedAtMs)
  const of = { group: deployment.group, deployment: deployment.id, provider: deployment.provider }
  const check = { id, atMs: startedAtMs, ...of, model: probing.deployment.model, by }
  // A failure may be billed, too: what it cost is what its rows say.
  let costNano = 0n
  const handOver: GatewayDeps['handOver'] = {
    add(ended, defer) {
      costNano += BigInt(ended.event?.cost_nano ?? 0)
      deps.handOver.add(ended, defer)
    },
  }
  try {
    const asking = { ...deps, handOver }
    const response = await ask(probing, { id, maxTokens: healthCheck.maxTokens ?? MAX_TOKENS }, asking, asker)
    await response.text()
    return { ...check, ok: response.ok, latencyMs: deps.clock() - startedAtMs, costNano, error: null }
  } catch (thrown) {
    const error = toGatewayError(thrown).message.slice(0, MOST_CHARS)
    return { ...check, ok: false, latencyMs: deps.clock() - startedAtMs, costNano, error }
  }
}

function ask(
  { deployment, name, operation }: Probing,
  { id, maxTokens }: { readonly id: string; readonly maxTokens: number },
  given: GatewayDeps,
  principal: Principal,
): Promise<Response> {
  const { cache: _, bodies: __, ...deps } = given
  const call = {
    requestId: id,
    principal,
    dialect: openaiChat,
    path: {},
    headers: new Headers(),
    signal: new AbortController().signal,
    receivedAtMs: given.clock(),
  }
  const alone = { ...deps, config: only(deployment, given.config) }
  const question = 'Say ok.'
  return operation === 'chat'
    ? serve(
        {
          ...call,
          operation: chat,
          body: { model: name, messages: [{ role: 'user', content: question }], max_tokens: maxTokens },
        },
        alone,
      )
    : serve({ ...call, operation: embeddings, body: { model: name, input: question } }, alone)
}

/** The same gateway with nobody else to ask. */
function only(deployment: Deployment, config: Config): Config {
  return { ...config, deployments: [deployment], router: { timeoutMs: TIMEOUT_MS, numRetries: 0, modelGroupAlias: {} } }
}
