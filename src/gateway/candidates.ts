import type { Config, Deployment } from '../config/config.ts'
import { deploymentsFor, groupOf, readText } from '../config/read.ts'
import { GatewayError } from '../errors.ts'
import type { Target } from '../providers/provider.ts'
import { vendorFor } from '../providers/registry.ts'
import type { Vendor } from '../providers/translator.ts'
import { simpleShuffle } from '../routing/simple-shuffle.ts'
import { accessOf } from './access-of.ts'
import type { GatewayDeps } from './deps.ts'

/** A deployment that can be asked: its vendor's file and its own secrets at hand; never the secrets of another. */
export interface Candidate {
  readonly deployment: Deployment
  readonly provider: Vendor
  readonly target: Target
  readonly weight?: number
  readonly rpm?: number
  readonly tpm?: number
}

interface Group {
  readonly candidates: Candidate[]
  /** Why the others take no requests. */
  readonly reasons: string[]
}

type Env = Readonly<Record<string, unknown>>

/** `env` and `config` are the same objects for the life of an isolate, so secrets are read once. */
const known = new WeakMap<Config, WeakMap<Env, Map<string, Group>>>()

/**
 * Whom to ask, best first: never empty. Throws `model_not_found`, or `not_implemented` for a group of which nobody can
 * be asked, saying why of each.
 */
export function plan(model: string, { config, env, random }: GatewayDeps): readonly [Candidate, ...Candidate[]] {
  const group = groupsOf(config, env).get(groupOf(config, model) ?? model)
  if (!group) {
    throw new GatewayError(
      'model_not_found',
      `You passed in model=${model}. There is no 'model_name' with this string. GET /v1/models lists the models this key may use.`,
      { param: 'model' },
    )
  }
  const [first, ...rest] = simpleShuffle(group.candidates, random)
  if (first) return [first, ...rest]
  throw new GatewayError('not_implemented', `No deployment of ${model} can serve it: ${group.reasons.join('; ')}.`, {
    param: 'model',
  })
}

function groupsOf(config: Config, env: Env): Map<string, Group> {
  const byEnv = known.get(config) ?? new WeakMap<Env, Map<string, Group>>()
  known.set(config, byEnv)
  const before = byEnv.get(env)
  if (before) return before
  const groups = new Map<string, Group>()
  for (const { deployment, reason } of deploymentsFor(config, env)) {
    const group = groups.get(deployment.group) ?? { candidates: [], reasons: [] }
    groups.set(deployment.group, group)
    const candidate = reason ?? candidateOf(deployment, config, env)
    if (typeof candidate === 'string') group.reasons.push(candidate)
    else group.candidates.push(candidate)
  }
  byEnv.set(env, groups)
  return groups
}

function candidateOf(deployment: Deployment, config: Config, env: Env): Candidate | string {
  const provider = vendorFor(deployment)
  if (!provider) return `${deployment.provider} is not built yet`
  const apiBase = readText(deployment.apiBase, config, env)
  const apiKey = readText(deployment.apiKey, config, env)
  const organization = readText(deployment.organization, config, env)
  const extraHeaders = Object.entries(deployment.extraHeaders ?? {}).flatMap(([name, value]) => {
    const text = readText(value, config, env)
    return text === undefined ? [] : [[name, text]]
  })
  const { weight, rpm, tpm } = deployment
  return {
    deployment,
    provider,
    target: {
      model: deployment.model,
      ...(apiBase === undefined ? {} : { apiBase }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(organization === undefined ? {} : { organization }),
      ...accessOf(deployment, (value) => readText(value, config, env)),
      extraHeaders: Object.fromEntries(extraHeaders),
      params: deployment.params,
      dropParams: config.litellm.dropParams || deployment.dropParams === true,
      ...(deployment.additionalDropParams ? { additionalDropParams: deployment.additionalDropParams } : {}),
      ...(deployment.allowedOpenaiParams ? { allowedOpenaiParams: deployment.allowedOpenaiParams } : {}),
      ...(deployment.maxOutputTokens === undefined ? {} : { maxOutputTokens: deployment.maxOutputTokens }),
    },
    ...(weight === undefined ? {} : { weight }),
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
  }
}
