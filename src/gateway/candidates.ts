import type { Config, Deployment } from '../config/config.ts'
import { readText } from '../config/read.ts'
import type { Target } from '../providers/provider.ts'
import { vendorFor } from '../providers/registry.ts'
import type { Vendor } from '../providers/translator.ts'
import { accessOf } from './access-of.ts'

/** A deployment that can be asked: its vendor's file and its own secrets at hand; never the secrets of another. */
export interface Candidate {
  readonly deployment: Deployment
  readonly provider: Vendor
  readonly target: Target
  /** The same as strategies see it. */
  readonly id: string
  readonly weight?: number
  readonly rpm?: number
  readonly tpm?: number
  readonly inputPico?: number
  readonly outputPico?: number
}

type Env = Readonly<Record<string, unknown>>

/** A deployment with its vendor and its secrets, or why it cannot be asked. */
export function candidateOf(deployment: Deployment, config: Config, env: Env): Candidate | string {
  const provider = vendorFor(deployment)
  if (!provider) return `${deployment.provider} is not built yet`
  const apiBase = readText(deployment.apiBase, config, env)
  const apiKey = readText(deployment.apiKey, config, env)
  const organization = readText(deployment.organization, config, env)
  const extraHeaders = Object.entries(deployment.extraHeaders ?? {}).flatMap(([name, value]) => {
    const text = readText(value, config, env)
    return text === undefined ? [] : [[name, text]]
  })
  const { weight, rpm, tpm, price } = deployment
  return {
    id: deployment.id,
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
    ...(price === undefined ? {} : { inputPico: price.input, outputPico: price.output }),
  }
}
