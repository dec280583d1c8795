import { GatewayError } from '../errors.ts'
import { awsSignature } from './aws.ts'
import { bedrockModel } from './bedrock-models.ts'
import type { Target, UpstreamRequest } from './provider.ts'

/** An action on a model of Bedrock's runtime, to be signed unless the deployment has a key. */
export function bedrockRequest(
  target: Target,
  action: 'converse' | 'converse-stream' | 'invoke',
  body: Readonly<Record<string, unknown>>,
): UpstreamRequest {
  const { id, region: named } = bedrockModel(target.model)
  const region = named ?? target.aws?.region
  if (region === undefined && (target.apiBase === undefined || target.apiKey === undefined))
    throw new GatewayError(
      'internal',
      `Nobody knows in which AWS region "${id}" is: the operator must set its aws_region_name.`,
    )
  const base = (target.apiBase ?? endpoint(region ?? '')).replace(/\/+$/, '')
  const extra = Object.entries(target.extraHeaders).map(([name, value]) => [name.toLowerCase(), value])
  return {
    url: `${base}/model/${encodeURIComponent(id)}/${action}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: action === 'converse-stream' ? 'application/vnd.amazon.eventstream' : 'application/json',
      ...(target.apiKey !== undefined && { authorization: `Bearer ${target.apiKey}` }),
      ...Object.fromEntries(extra),
    },
    body: JSON.stringify(body),
    ...(target.apiKey === undefined && { aws: awsSignature('bedrock', region ?? '', target.aws) }),
  }
}

function endpoint(region: string): string {
  return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}
