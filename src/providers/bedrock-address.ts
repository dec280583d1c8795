import { GatewayError } from '../errors.ts'
import { awsSignature } from './aws.ts'
import { bedrockModel } from './bedrock-models.ts'
import { lowerNames } from './lower-names.ts'
import type { Target, UpstreamRequest } from './provider.ts'

type Body = Readonly<Record<string, unknown>>

/** An action on a model of Bedrock's runtime, to be signed unless the deployment has a key. */
export function bedrockRequest(
  target: Target,
  action: 'converse' | 'converse-stream' | 'invoke',
  body: Body,
): UpstreamRequest {
  const { id } = bedrockModel(target.model)
  const accept = action === 'converse-stream' ? 'application/vnd.amazon.eventstream' : 'application/json'
  return sent(target, { host: 'bedrock-runtime', path: `model/${encodeURIComponent(id)}/${action}`, accept }, body)
}

/** Reranking is of the runtime of agents, and names its model in the body (Bedrock's API reference, Rerank). */
export function bedrockAgentRequest(target: Target, path: 'rerank', body: (region: string) => Body): UpstreamRequest {
  const address = { host: 'bedrock-agent-runtime', path, accept: 'application/json' } as const
  return sent(target, address, body(regionOf(target) ?? ''))
}

interface Address {
  readonly host: 'bedrock-runtime' | 'bedrock-agent-runtime'
  readonly path: string
  readonly accept: string
}

const regionOf = (target: Target) => bedrockModel(target.model).region ?? target.aws?.region

function sent(target: Target, { host, path, accept }: Address, body: Body): UpstreamRequest {
  const { id } = bedrockModel(target.model)
  const region = regionOf(target)
  if (region === undefined && (target.apiBase === undefined || target.apiKey === undefined))
    throw new GatewayError(
      'internal',
      `Nobody knows in which AWS region "${id}" is: the operator must set its aws_region_name.`,
    )
  const base = (target.apiBase ?? endpoint(host, region ?? '')).replace(/\/+$/, '')
  return {
    url: `${base}/${path}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      ...(target.apiKey !== undefined && { authorization: `Bearer ${target.apiKey}` }),
      ...lowerNames(target.extraHeaders),
    },
    body: JSON.stringify(body),
    ...(target.apiKey === undefined && { aws: awsSignature('bedrock', region ?? '', target.aws) }),
  }
}

function endpoint(host: Address['host'], region: string): string {
  return `https://${host}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}
