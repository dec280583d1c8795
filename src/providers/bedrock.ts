import { GatewayError } from '../errors.ts'
import { awsSignature } from './aws.ts'
import { converseCompletion, converseReader } from './bedrock-answer.ts'
import { bedrockFailure } from './bedrock-failure.ts'
import { bedrockModel } from './bedrock-models.ts'
import { converseBody } from './bedrock-request.ts'
import { bedrockUsage } from './bedrock-usage.ts'
import type { Provider, Target, UpstreamRequest } from './provider.ts'
import type { Translator } from './translator.ts'

/** Amazon Bedrock by Converse and ConverseStream, asked with an API key or with AWS credentials. */
export const bedrock = {
  framing: 'aws-event-stream',
  inlinesMedia: true,
  defaults: { apiKeyEnv: 'AWS_BEARER_TOKEN_BEDROCK' },
  chat: (request, target) => asked(converseBody(request, target), request.stream === true, target),
  completion: converseCompletion,
  reader: converseReader,
  forward: asked,
  usage: bedrockUsage,
  failure: bedrockFailure,
} satisfies Translator & Pick<Provider, 'defaults' | 'usage' | 'failure'>

function asked(body: Readonly<Record<string, unknown>>, stream: boolean, target: Target): UpstreamRequest {
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
    url: `${base}/model/${encodeURIComponent(id)}/${stream ? 'converse-stream' : 'converse'}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: stream ? 'application/vnd.amazon.eventstream' : 'application/json',
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
